"""Whether a muxed copy is what was planned, by looking into it."""

from collections.abc import Iterable, Iterator, Sequence

from polycue.domain.errors import MuxRejected
from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import Notice, NoticeReason
from polycue.media.containers import languages_read
from polycue.media.plan import Plan, Planned
from polycue.media.verdict import has_guessed_length, is_credible

_TOLERANCE_MS = 1000
_OVERHANG_MS = 200  # a frame or two of rounding


def check(plan: Plan, copy: Media, *, cut_short: bool) -> Iterator[Notice]:
    """Yield what a reader should know of the copy.

    ``cut_short`` says that ffmpeg came to the end of the source before it should.

    Raises:
        MuxRejected: a stream is missing, is of another codec, or an added track is not marked as
            it should be; or the copy is shorter than a source that was not cut short.
    """
    for kind in (StreamKind.VIDEO, StreamKind.AUDIO, StreamKind.SUBTITLE, StreamKind.ATTACHMENT):
        _check_codecs(plan, kind, _of_kind(copy.streams, kind))
    _check_covers(plan, copy)
    planned = [p for p in plan.streams if p.kind is StreamKind.SUBTITLE]
    found = copy.of_kind(StreamKind.SUBTITLE)
    marked = [*zip(planned, found, strict=True)][len(planned) - len(plan.added) :]
    for track, stream in marked:
        _check_marks(plan, track, stream)
    yield from _check_length(plan, copy, cut_short=cut_short)


def overhang_ms(plan: Plan, copy: Media) -> int | None:
    """Where all but the added tracks ends, if one of those goes on after that."""
    subtitles = copy.of_kind(StreamKind.SUBTITLE)
    added = subtitles[len(subtitles) - len(plan.added) :]
    # A cover's length is the copy's, and so is that of MP4's chapters.
    film = [s for s in copy.streams if s.kind is not StreamKind.DATA and s not in added]
    film_end_ms = _end_ms(copy, [s for s in film if "attached_pic" not in s.dispositions])
    tracks_end_ms = _end_ms(copy, added)
    if film_end_ms is None or tracks_end_ms is None:
        return None
    return film_end_ms if tracks_end_ms > film_end_ms + _OVERHANG_MS else None


def _end_ms(copy: Media, streams: Iterable[Stream]) -> int | None:
    """When the last of them ends, counted from the start of the copy."""
    # ffmpeg's Matroska muxer notes when a track ends, its MP4 muxer how long one is.
    notes_ends = "matroska" in copy.container
    ends = [
        s.duration_ms + (0 if notes_ends else s.start_ms) - copy.start_ms
        for s in streams
        if s.duration_ms is not None
    ]
    return max(ends, default=None)


def _of_kind(streams: Iterable[Stream], kind: StreamKind) -> list[str]:
    return [s.codec for s in streams if s.kind is kind and "attached_pic" not in s.dispositions]


def _check_codecs(plan: Plan, kind: StreamKind, found: Sequence[str]) -> None:
    expected = [p.codec for p in plan.streams if p.kind is kind and not p.is_cover]
    if list(found) != expected:
        raise _rejected(plan, f"its {kind} streams are {found} instead of {expected}")


def _check_covers(plan: Plan, copy: Media) -> None:
    found = sum("attached_pic" in stream.dispositions for stream in copy.streams)
    expected = len(plan.covers) + sum(planned.is_cover for planned in plan.streams)
    if found != expected:
        raise _rejected(plan, f"it has {found} cover pictures instead of {expected}")


def _check_marks(plan: Plan, planned: Planned, found: Stream) -> None:
    if found.language not in languages_read(plan.container, planned.language):
        raise _rejected(
            plan, f"{planned.title!r} is marked {found.language}, not {planned.language}"
        )
    if found.title != planned.title:
        raise _rejected(plan, f"{planned.title!r} is called {found.title!r}")
    flags, expected = found.dispositions & plan.rules.flags, _flags(plan, planned)
    if flags != expected:
        raise _rejected(plan, f"{planned.title!r} is {sorted(flags)} instead of {sorted(expected)}")


def _flags(plan: Plan, planned: Planned) -> frozenset[str]:
    flags = planned.dispositions & plan.rules.flags
    tracks = [p for p in plan.streams if p.kind is StreamKind.SUBTITLE]
    if plan.rules.needs_default and not any("default" in p.dispositions for p in tracks):
        return flags | {"default"} if planned is tracks[0] else flags
    return flags


def _check_length(plan: Plan, copy: Media, *, cut_short: bool) -> Iterator[Notice]:
    promised_ms, found_ms = plan.media.duration_ms, copy.duration_ms or 0
    if promised_ms is None or promised_ms - found_ms <= _TOLERANCE_MS:
        return
    if plan.left_out or has_guessed_length(plan.media):
        return  # what was left out may have been the longest, and a guess is no promise
    message = f"the copy has {found_ms / 1000:.1f} s of the {promised_ms / 1000:.1f} s promised"
    if not cut_short and is_credible(plan.media, promised_ms):
        raise _rejected(plan, message)
    facts = {"found_ms": str(found_ms), "promised_ms": str(promised_ms)}
    yield Notice(NoticeReason.TRUNCATED_MEDIA, message, facts)


def _rejected(plan: Plan, problem: str) -> MuxRejected:
    return MuxRejected(plan.media.path, f"the muxed .{plan.container} copy is wrong: {problem}")
