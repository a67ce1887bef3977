"""Cues that overlap, as other makers' files have them, made to follow each other."""

from collections.abc import Iterator
from dataclasses import replace

from polycue.domain.cue import Cue
from polycue.domain.notice import Notice, NoticeReason
from polycue.tracks.reading import Reading

_MIN_STAY_MS = 500  # Netflix's shortest stay of any language, the Japanese (subtitles.md, 1.2)


def settled(reading: Reading) -> Reading:
    """The cues in order of time, each ending where the next one starts at the latest.

    Two that start together, or so close that the first could not be read, become one with the lines
    of both: no text is lost, and how many changed is told. Done twice, nothing changes.
    """
    done: list[Cue] = []
    cut = joined = 0
    for cue in sorted(reading.cues, key=lambda cue: cue.start_ms):
        if not done or done[-1].end_ms <= cue.start_ms:
            done.append(cue)
        elif cue.start_ms - done[-1].start_ms >= min(_MIN_STAY_MS, done[-1].duration_ms):
            done[-1] = replace(done[-1], end_ms=cue.start_ms)
            done.append(cue)
            cut += 1
        else:
            done[-1] = _joined(done[-1], cue)
            joined += 1
    notices = (*reading.notices, *_told(cut, joined))
    return replace(reading, cues=tuple(done), notices=notices)


def _joined(first: Cue, second: Cue) -> Cue:
    same = first.lines == second.lines
    return Cue(
        start_ms=first.start_ms,
        end_ms=max(first.end_ms, second.end_ms),
        lines=first.lines if same else first.lines + second.lines,
        words=first.words + second.words,
        flags=first.flags | second.flags,
    )


def _told(cut: int, joined: int) -> Iterator[Notice]:
    if cut or joined:
        yield Notice(
            NoticeReason.SUBTITLE_REPAIRED,
            f"cues overlapped: {cut} now end where the next one starts,"
            f" {joined} were joined with the one before",
            {"cut": str(cut), "joined": str(joined)},
        )
