"""The server's settings: flags of ``polycue serve``, or ``POLYCUE_*`` in the environment."""

import os
import re
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Literal

import platformdirs
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from polycue.models.place import default_models_dir

MIB = 1024 * 1024
GIB = 1024 * MIB
DAY_S = 24 * 60 * 60

_SOURCE_HOST = re.compile(r"(\*|(\*\.)?[A-Za-z0-9][A-Za-z0-9.-]*)(:[0-9]{1,5})?")
_COLLECTOR = re.compile(r"^https?://(\[[0-9A-Fa-f:.]+\]|[^\s/@:\[\]]+)(:[0-9]{1,5})?/?$")
_RAY_DIGITS = 4  # what it counts in


class Settings(BaseSettings):
    """Read once, at start. A flag goes before the environment, the environment before the default.

    ``docs/settings.md`` lists the same; a test holds the two together.
    """

    model_config = SettingsConfigDict(env_prefix="POLYCUE_", frozen=True, extra="forbid")

    listen: str = Field(
        default="127.0.0.1:50051",
        description="Where to listen: HOST:PORT (port 0 takes a free one) or unix:/PATH.",
    )
    insecure: bool = Field(
        default=False,
        description=(
            "Listen where other machines reach it without TLS, or without knowing who calls."
            " Only on a trusted network."
        ),
    )
    tls_cert: Path | None = Field(
        default=None,
        description="Certificate, with its chain, as PEM; read again when it changes.",
    )
    tls_key: Path | None = Field(
        default=None, description="The certificate's private key, as unlocked PEM."
    )
    tls_client_ca: Path | None = Field(
        default=None,
        description="Let in only clients with a certificate signed by one of these (PEM).",
    )
    tokens_file: Path | None = Field(
        default=None,
        description=(
            "Who may call: tokens, certificates and tenants' limits, as TOML;"
            " read again when it changes. `polycue tokens new` adds to it."
        ),
    )
    admin_listen: str | None = Field(
        default=None,
        description=(
            "Where else to answer health and reflection, in the clear and to anybody:"
            " HOST:PORT or unix:/PATH."
        ),
    )
    metrics_listen: str | None = Field(
        default=None, description="Where to answer Prometheus over HTTP: HOST:PORT."
    )
    reflection: bool | None = Field(
        default=None,
        description="Answer gRPC server reflection. Unset: only on loopback and unix sockets.",
    )

    data_dir: Path = Field(
        default_factory=lambda: platformdirs.user_data_path("polycue"),
        description="Folder for jobs, uploads and results. One server each; not on NFS.",
    )
    database_url: SecretStr | None = Field(
        default=None,
        description=(
            "PostgreSQL to keep jobs in, shared with other servers: a libpq URL, a secret."
            " Unset: jobs.sqlite in the data folder."
        ),
    )
    models_dir: Path = Field(
        default_factory=default_models_dir,
        description="Folder of the installed models.",
    )
    files_url: str | None = Field(
        default=None,
        pattern=r"^s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?$",
        description=(
            "Bucket for uploads and results, s3://BUCKET/PREFIX, for servers that share them;"
            " unset: the data folder. Address and credentials come from AWS_* in the environment."
        ),
    )
    file_root: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(),
        description=(
            "Folder below which file:// sources may be read; give it again for more"
            " (in the environment: separated by ':')."
        ),
    )

    recorded_models_only: bool = Field(
        default=False,
        description=("Refuse models that were put there by hand, without hashes to hold them to."),
    )

    source_host: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Host that https:// sources may be fetched from: NAME, *.SUFFIX or *, with :PORT where"
            " it is not 443; give it again for more (in the environment: separated by ',')."
        ),
    )
    source_bucket: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(),
        description=(
            "Bucket that s3:// sources may be read from with the server's own credentials: BUCKET"
            " or BUCKET/PREFIX; give it again for more (in the environment: separated by ',')."
        ),
    )
    source_network: Annotated[tuple[IPv4Network | IPv6Network, ...], NoDecode] = Field(
        default=(),
        description=(
            "Private network that sources may be fetched from all the same, such as 10.1.0.0/16;"
            " give it again for more (in the environment: separated by ',')."
        ),
    )
    source_http: bool = Field(
        default=False,
        description="Fetch http:// sources too: nobody can tell who answers, or who listens.",
    )
    source_timeout_s: float = Field(
        default=3600, gt=0, description="Longest time a source may take to come, in seconds."
    )

    model: str = Field(
        default="auto",
        description="Recogniser used when a request names none; auto picks by device.",
    )
    device: Literal["auto", "cpu", "cuda"] = Field(default="auto", description="Where models run.")
    device_index: str = Field(
        default="0",
        pattern=r"^(all|\d{1,3}(,\d{1,3})*)$",
        description=(
            "Which GPU, counted from 0; several, such as 0,1, or all that work, each with a child"
            " of its own."
        ),
    )
    engine: Literal["auto", "threads", "child", "ray"] = Field(
        default="auto",
        description=(
            "Run models in threads of the server, in a child process that is replaced when it"
            " fails, or in actors of a Ray cluster; auto takes a child for a GPU."
        ),
    )
    engine_deadline_s: float = Field(
        default=60,
        gt=0,
        description="The least time a batch in an engine child gets before it counts as hung.",
    )
    engine_deadline_factor: float = Field(
        default=20,
        ge=1,
        description="A batch gets so many times what the device needed for its like so far.",
    )
    ray_address: str = Field(
        default="auto",
        pattern=r"^(auto|[A-Za-z0-9.\[\]:-]+:\d{1,5})$",
        description=(
            "The Ray cluster, HOST:PORT of its head; auto: as RAY_ADDRESS says, else the one whose"
            " node runs on this machine."
        ),
    )
    ray_actors_min: int = Field(
        default=1, ge=1, le=1024, description="Actors with models that there always are."
    )
    ray_actors_max: int = Field(
        default=8,
        ge=1,
        le=1024,
        description="Actors there are at most, while work waits for them; not below the minimum.",
    )
    ray_idle_s: float = Field(
        default=60,
        gt=0,
        le=DAY_S,
        description="Actors beyond the minimum go when there was no work for them for so long.",
    )
    ray_gpus: float = Field(
        default=1,
        ge=0,
        le=64,
        description=(
            "GPUs that each actor takes, in Ray's counting: a half lets two share one. 0, or"
            " --device cpu: it computes on the CPU."
        ),
    )
    ray_cpus: float = Field(
        default=1,
        gt=0,
        le=1024,
        description="Cores that each actor takes, in Ray's counting; on a CPU it uses as many.",
    )
    ray_place_s: float = Field(
        default=60,
        gt=0,
        le=DAY_S,
        description=(
            "An actor may wait so long for a place in the cluster; longer than an autoscaler takes"
            " to add a node."
        ),
    )
    compute_type: str = Field(
        default="auto",
        description="CTranslate2's type of numbers, such as int8 or float16; auto fits the device.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=64,
        description=(
            "Batches that one model runs side by side, on the same weights;"
            " 0: one for each core up to 8, and one on a GPU."
        ),
    )
    threads: int = Field(
        default=0,
        ge=0,
        le=256,
        description="Threads of each worker on the CPU; 0 shares the cores among the workers.",
    )
    batch_rows: int = Field(
        default=0,
        ge=0,
        le=256,
        description=(
            "Chunks in a batch, at most; 0: 2 on a CPU, and what a GPU is found to hold and to gain"
            " by when a model is loaded."
        ),
    )
    model_memory_bytes: int = Field(
        default=0,
        ge=0,
        description=(
            "Memory for the weights of all models on each device; 0: half of the machine's,"
            " six tenths of a GPU's. What is unused for longest is let go for others."
        ),
    )
    translation_memory_bytes: int = Field(
        default=64 * 2**20,
        ge=0,
        description="Memory for sentences that were translated, of all tenants; 0 remembers none.",
    )
    unload_idle_s: float = Field(
        default=0,
        ge=0,
        description="Let a model go that nobody has used for so long; 0 keeps it.",
    )
    offline: bool = Field(
        default=False,
        description="Fetch nothing, so that --source-host and --source-bucket are refused.",
    )
    preload: bool | None = Field(
        default=None,
        description=(
            "Load the default recogniser at start instead of with the first request."
            " Unset: unless --exit-with-stdin is given."
        ),
    )

    max_inline_bytes: int = Field(
        default=3 * MIB,
        ge=0,
        le=3 * MIB,  # a message has 4 at most, and there is more in it than the media
        description="Largest media inside a request.",
    )
    max_upload_bytes: int = Field(
        default=10 * GIB, ge=1, description="Largest upload, and largest source to be fetched."
    )
    max_stored_bytes: int = Field(
        default=100 * GIB,
        ge=1,
        description=(
            "Room for all uploads, jobs and results, 16 KiB for each upload and job included;"
            " an upload's is reserved as it is created."
        ),
    )
    max_call_media_s: int = Field(
        default=600,
        ge=1,
        description="Longest media for Transcribe and StreamTranscribe, in seconds.",
    )
    max_job_media_s: int = Field(
        default=4 * 60 * 60,
        ge=1,
        description="Longest media for a job, in seconds.",
    )
    max_calls: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Transcribe and StreamTranscribe calls at work at once.",
    )
    max_texts: int = Field(
        default=4,
        ge=1,
        le=64,
        description="Calls that translate, convert or look through a subtitle text, at once.",
    )
    call_wait_s: float = Field(
        default=10,
        ge=0,
        description="Such calls wait so long for a place before they are refused.",
    )
    max_watches: int = Field(default=1000, ge=1, description="WatchJob calls at once.")
    max_transfers: int = Field(
        default=200,
        ge=1,
        description="WriteUpload and ReadArtifact calls at once; each may hold 10 MiB of memory.",
    )
    max_running_jobs: int = Field(default=2, ge=1, le=64, description="Jobs at work at once.")
    max_queued_jobs: int = Field(
        default=1000,
        ge=1,
        le=1_000_000,
        description="Jobs that may wait.",
    )

    max_tenant_jobs: int = Field(
        default=0, ge=0, description="Jobs of one tenant that wait or run; 0 sets no limit."
    )
    max_tenant_stored_bytes: int = Field(
        default=0,
        ge=0,
        description="Uploads, jobs and results of one tenant, counted alike; 0 sets no limit.",
    )
    max_tenant_day_media_s: int = Field(
        default=0,
        ge=0,
        description="Media decoded for one tenant's jobs within 24 hours; 0 sets no limit.",
    )
    max_tenant_clips: int = Field(
        default=0,
        ge=0,
        description="Clip calls of one tenant at work at once; 0 sets no limit.",
    )
    max_tenant_texts: int = Field(
        default=0,
        ge=0,
        description="Text calls of one tenant at work at once; 0 sets no limit.",
    )
    max_tenant_watches: int = Field(
        default=0,
        ge=0,
        description=(
            "WatchJob calls of one tenant at once; 0: half of all if there is a tokens file."
        ),
    )
    max_tenant_transfers: int = Field(
        default=0,
        ge=0,
        description="Transfers of one tenant at once; 0: half of all if there is a tokens file.",
    )

    require_sandbox: bool = Field(
        default=False,
        description="Refuse to start where the kernel lacks a layer of ffmpeg's sandbox.",
    )
    media_memory_bytes: int = Field(
        default=512 * MIB,
        ge=256 * MIB,
        description="Most memory of one ffmpeg that reads or copies media.",
    )
    burn_in_memory_bytes: int = Field(
        default=4 * GIB,
        ge=256 * MIB,
        description="Most memory of one ffmpeg that burns subtitles in, which encodes a picture.",
    )
    media_cpu_s: int = Field(
        default=600,
        ge=10,
        description=(
            "Most time of a processor for one ffmpeg, in seconds; 60 times that where it works on"
            " the pictures of a whole film."
        ),
    )

    lease_s: float = Field(
        default=30,
        ge=1,
        description="A server that gives no sign of life for so long loses its jobs to others.",
    )
    poll_s: float = Field(
        default=1,
        gt=0,
        description="How often to look for what other servers on the same database did.",
    )
    store_wait_s: float = Field(
        default=10,
        gt=0,
        description=(
            "Calls wait so long for a database or a bucket that does not answer before they are"
            " refused; jobs wait longer."
        ),
    )
    max_attempts: int = Field(
        default=5,
        ge=1,
        le=100,
        description="A job fails when workers died on it so often and it never got further.",
    )

    job_ttl_s: int = Field(
        default=7 * DAY_S,
        ge=1,
        description="How long an ended job and its results are kept, at most.",
    )
    upload_ttl_s: int = Field(
        default=DAY_S, ge=1, description="How long an upload is kept, at most."
    )
    upload_idle_s: float = Field(
        default=60,
        gt=0,
        description="An upload call that sends nothing for so long is ended.",
    )
    reader_idle_s: float = Field(
        default=60,
        gt=0,
        description="A call whose client takes nothing of what it is sent for so long is ended.",
    )
    heartbeat_s: float = Field(
        default=15,
        gt=0,
        description="WatchJob sends a heartbeat after so long without news.",
    )
    drain_delay_s: float = Field(
        default=0,
        ge=0,
        description="Wait so long after NOT_SERVING before stopping, for load balancers to notice.",
    )
    connection_age_s: float = Field(
        default=1800,
        gt=0,
        description="Have clients connect anew after about so long, and so find other replicas.",
    )
    drain_s: float = Field(
        default=10,
        ge=0,
        description="Calls may take so long to end, and jobs to stop, when the server stops.",
    )

    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info",
        description="The least important log lines to write.",
    )
    log_format: Literal["console", "json"] = Field(
        default="console",
        description="Log lines for people, or one JSON object each.",
    )
    log_texts: bool = Field(
        default=False,
        description=(
            "Let debug lines quote what was said and translated, where that is in doubt."
            " Without it no line has a word of it."
        ),
    )
    otlp_endpoint: str | None = Field(
        default_factory=lambda: _otlp_endpoint(os.environ),
        pattern=_COLLECTOR.pattern,
        description=(
            "OpenTelemetry collector to send traces to, by OTLP over gRPC: http://HOST:4317, or"
            " https:// for TLS. Unset: OTEL_EXPORTER_OTLP_ENDPOINT's, or no traces."
        ),
    )
    trace_sampling: float = Field(
        default=1.0,
        ge=0,
        le=1,
        description="Share of traces that are kept, where the caller has not decided already.",
    )

    @model_validator(mode="after")
    def _belong_together(self) -> "Settings":
        if (self.tls_cert is None) is not (self.tls_key is None):
            raise ValueError("--tls-cert and --tls-key belong together")
        if self.tls_client_ca and not self.tls_cert:
            raise ValueError("--tls-client-ca is of no use without --tls-cert and --tls-key")
        if self.engine == "ray" and self.device_index != "0":
            raise ValueError("--engine ray has its own devices: leave --device-index away")
        if self.engine == "threads" and not self.device_index.isdecimal():
            raise ValueError("--engine threads has models on one --device-index only")
        if self.offline and (self.source_host or self.source_bucket):
            raise ValueError("--offline forbids what --source-host and --source-bucket allow")
        return self

    @model_validator(mode="after")
    def _ray_can_count(self) -> "Settings":
        if self.ray_gpus > 1 and self.ray_gpus != int(self.ray_gpus):
            raise ValueError("--ray-gpus above 1 must be whole: actors share one GPU, not several")
        for flag, amount in (("--ray-gpus", self.ray_gpus), ("--ray-cpus", self.ray_cpus)):
            if amount != round(amount, _RAY_DIGITS):
                raise ValueError(f"{flag} has {_RAY_DIGITS} digits behind the point at most")
        return self

    @field_validator("file_root", mode="before")
    @classmethod
    def _split_roots(cls, value: object) -> object:
        return _split(value, os.pathsep)

    @field_validator("source_host", "source_bucket", "source_network", mode="before")
    @classmethod
    def _split_sources(cls, value: object) -> object:
        return _split(value, ",")

    @field_validator("source_host")
    @classmethod
    def _check_hosts(cls, hosts: tuple[str, ...]) -> tuple[str, ...]:
        for host in hosts:
            if not _SOURCE_HOST.fullmatch(host):
                raise ValueError(f"{host!r} is not of the form NAME, *.SUFFIX or *, with :PORT")
        return hosts


def _otlp_endpoint(environment: Mapping[str, str]) -> str | None:
    """The collector that OpenTelemetry's own variables name, if it is one for traces by gRPC.

    They are given to all programs of a platform, so what we cannot use is no mistake of ours.
    """
    names = ("OTEL_EXPORTER_OTLP_TRACES_{}", "OTEL_EXPORTER_OTLP_{}")
    protocol, endpoint = (
        next((v for name in names if (v := environment.get(name.format(what)))), "")
        for what in ("PROTOCOL", "ENDPOINT")
    )
    wanted = environment.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp"
    usable = wanted and protocol in {"", "grpc"} and _COLLECTOR.search(endpoint)
    return endpoint if usable else None


def _split(value: object, separator: str) -> object:
    return tuple(filter(None, value.split(separator))) if isinstance(value, str) else value
