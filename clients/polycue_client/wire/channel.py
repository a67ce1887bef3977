"""How a channel to a server is set up: limits, keepalive and the retries gRPC does by itself."""

import json

# Only calls that change nothing, or that a request id makes safe to repeat.
_REPEATABLE = {
    "JobService": ("CreateJob", "GetJob", "ListJobs", "CancelJob", "ResumeJob"),
    "UploadService": ("CreateUpload", "GetUpload", "DeleteUpload"),
    "ArtifactService": ("GetArtifact",),
    "CatalogService": ("ListModels", "ListTranslationPairs", "ListPresets", "GetServerInfo"),
}

_SERVICE_CONFIG = {
    # Where a name has several addresses, as a headless service's has, or a list was given: a
    # connection to each, calls in turn, and none to one that is away.
    "loadBalancingConfig": [{"round_robin": {}}],
    "methodConfig": [
        {
            "name": [
                {"service": f"polycue.api.v1.{service}", "method": method}
                for service, methods in _REPEATABLE.items()
                for method in methods
            ],
            # RESOURCE_EXHAUSTED is left out: a message over the size limit has that status too. A
            # server that says when to come back is asked again by the client (retry.py).
            "retryPolicy": {
                "maxAttempts": 4,
                "initialBackoff": "0.1s",
                "maxBackoff": "2s",
                "backoffMultiplier": 3,
                "retryableStatusCodes": ["UNAVAILABLE"],
            },
        }
    ],
}


def options() -> list[tuple[str, int | str]]:
    return [
        ("grpc.service_config", json.dumps(_SERVICE_CONFIG)),
        # A laptop that slept, a NAT that forgot: the peer is found dead after 80 s, while a long
        # call is silent. polycue's server allows a ping every 20 s.
        ("grpc.keepalive_time_ms", 60_000),
        ("grpc.keepalive_timeout_ms", 20_000),
        # gRPC's own waits between connections grow to two minutes, and while one lasts each call
        # fails at once: a server that is back is to be found within seconds.
        ("grpc.initial_reconnect_backoff_ms", 200),
        ("grpc.max_reconnect_backoff_ms", 2_000),
        # Nor may servers that came in others' places be looked up for half a minute only.
        ("grpc.dns_min_time_between_resolutions_ms", 2_000),
    ]
