"""What the server has and allows, to messages."""

from polycue.api.v1 import catalog_pb2
from polycue.rpc.convert import names, times
from polycue.rpc.installed import ListedModel
from polycue.rpc.limits import MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES, Limits

# What a client may look for before it uses it; names are never reused.
FEATURES = ("burn-in", "jobs", "mux", "resumable-uploads", "stream-transcribe", "translate")


def model(value: ListedModel) -> catalog_pb2.Model:
    return catalog_pb2.Model(
        name=names.model(value.name),
        display_name=value.name,
        language_codes=value.languages,
        loaded=value.loaded,
        default_model=value.default,
        translates=value.translates,
        demo=value.demo,
    )


def pair(route: tuple[str, ...]) -> catalog_pb2.TranslationPair:
    return catalog_pb2.TranslationPair(
        source_language_code=route[0],
        target_language_code=route[-1],
        pivot_language_codes=route[1:-1],
    )


def limits(value: Limits) -> catalog_pb2.ServerLimits:
    return catalog_pb2.ServerLimits(
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_inline_bytes=value.max_inline_bytes,
        max_upload_bytes=value.max_upload_bytes,
        max_chunk_bytes=MAX_CHUNK_BYTES,
        max_call_media_duration=times.duration(value.max_call_media_ms),
        max_job_media_duration=times.duration(value.max_job_media_ms),
        max_queued_jobs=value.max_queued_jobs,
    )
