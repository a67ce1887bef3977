"""A plan in ffmpeg's words: what each stream of the copy is, and what it is called."""

from collections.abc import Iterator

from polycue.domain.language import UNDETERMINED
from polycue.domain.media import StreamKind
from polycue.media.containers import language_code
from polycue.media.plan import Plan, Planned

_ENCODER_OPTIONS = {
    "libx264": (("-crf", "18"), ("-preset", "medium")),
    "libvpx-vp9": (("-crf", "24"), ("-b:v", "0"), ("-cpu-used", "4"), ("-row-mt", "1")),
}
_MARKED = frozenset({StreamKind.AUDIO, StreamKind.VIDEO, StreamKind.SUBTITLE})


def options(plan: Plan) -> Iterator[tuple[str, str]]:
    """Options of the output; streams go by their number in the copy, whatever their kind."""
    yield "-map_metadata", "0"
    yield "-map_chapters", "0"
    # Keeps what would need it: TrueHD in MP4, the configuration of Dolby Vision.
    yield "-strict", "experimental"
    yield from plan.rules.options
    for index, planned in enumerate(plan.streams):
        if planned.encoder != "copy":
            yield f"-c:{index}", planned.encoder
            yield from _ENCODER_OPTIONS.get(planned.encoder, ())
        if planned.kind in _MARKED:
            yield from _marks(plan, index, planned)


def _marks(plan: Plan, index: int, planned: Planned) -> Iterator[tuple[str, str]]:
    code = language_code(plan.container, planned.language)
    if code != UNDETERMINED:
        yield f"-metadata:s:{index}", f"language={code}"
    if planned.title and not planned.is_cover:
        yield f"-metadata:s:{index}", f"{plan.rules.title_tag}={planned.title}"
    # Said of every stream: where nothing is said, ffmpeg makes the first of a kind the default.
    yield f"-disposition:{index}", "+".join(sorted(planned.dispositions)) or "0"
