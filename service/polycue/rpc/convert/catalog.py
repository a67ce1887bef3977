"""What the server has and allows, to messages."""

from polycue.api.v1 import catalog_pb2
from polycue.cues.presets import preset_of, rules_for
from polycue.domain.limits import NO_LIMIT, TenantLimits
from polycue.domain.request import LayoutOptions
from polycue.rpc.convert import names, times
from polycue.rpc.convert.layout import DURATIONS
from polycue.rpc.installed import ListedModel
from polycue.rpc.limits import MAX_CHUNK_BYTES, MAX_MESSAGE_BYTES, Limits

# What a client may look for before it uses it; names are never reused.
FEATURES = (
    *("bilingual", "burn-in", "convert-files", "custom-presets", "deduplication", "defence"),
    "forced-tracks",
    *("glossary", "jobs", "keep-source-cues", "lint", "multilingual", "mux", "reports"),
    *(
        "resumable-uploads",
        "resume",
        "shots",
        "stream-transcribe",
        "sync",
        "transcripts",
        "translate",
    ),
)

_NUMBERS = (
    *("max_line_chars", "max_line_count", "max_chars_per_second", "max_words_per_minute"),
    *("min_gap_frames", "shot_gap_frames"),
)


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


def preset(options: LayoutOptions, language: str) -> catalog_pb2.Preset:
    """A preset and its numbers for one language; those that are no rules are left out."""
    about = preset_of(options)
    rules = rules_for(options, language, None)
    message = catalog_pb2.Preset(
        name=about.name,
        title=about.title,
        source_uri=about.source,
        checked=about.checked,
        note=about.note,
        language_codes=sorted(about.languages),
    )
    for name in _NUMBERS:
        if (number := rules.limit(name)) is not None:
            setattr(message, name, number)
    for inside, name in DURATIONS.items():
        if (ms := rules.limit(inside)) is not None:
            getattr(message, name).CopyFrom(times.duration(int(ms)))
    return message


def limits(value: Limits, tenant: TenantLimits) -> catalog_pb2.ServerLimits:
    """What requests must respect, and what the caller's tenant may have."""
    message = catalog_pb2.ServerLimits(
        max_message_bytes=MAX_MESSAGE_BYTES,
        max_inline_bytes=value.max_inline_bytes,
        max_upload_bytes=value.max_upload_bytes,
        max_chunk_bytes=MAX_CHUNK_BYTES,
        max_call_media_duration=times.duration(value.max_call_media_ms),
        max_job_media_duration=times.duration(value.max_job_media_ms),
        max_queued_jobs=value.max_queued_jobs,
    )
    if tenant.max_jobs < NO_LIMIT:
        message.max_tenant_jobs = tenant.max_jobs
    if tenant.max_stored_bytes < NO_LIMIT:
        message.max_tenant_stored_bytes = tenant.max_stored_bytes
    if tenant.max_day_media_ms < NO_LIMIT:
        message.max_tenant_media_duration.CopyFrom(times.duration(tenant.max_day_media_ms))
    return message
