"""The cuts of a film, kept once they are all known: its picture is not looked through twice."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass

from polycue.domain.cancel import CancelToken
from polycue.domain.media import Media
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.progress import Stage
from polycue.domain.request import LayoutOptions
from polycue.domain.shots import Shots
from polycue.pipeline.ports import Checkpoints
from polycue.pipeline.resuming.envelope import Envelope
from polycue.pipeline.shots import KnownShots, ShotScan, ShotSource, shots_of


@dataclass(frozen=True, slots=True)
class KeptScan:
    """What a search came to, which was asked for in this ``mode``."""

    mode: str
    shots: Shots | None
    notices: tuple[Notice, ...]


_ENVELOPE = Envelope(KeptScan, Shots, Notice)


def pack(kept: KeptScan) -> bytes:
    return _ENVELOPE.seal(astuple(kept))


def unpack(data: bytes) -> KeptScan | None:
    """What was packed; None where that was by another version, or is damaged."""
    try:
        mode, shots, notices = _ENVELOPE.open(data)
        known = None if shots is None else Shots(tuple(shots[0]), shots[1])
        told = tuple(Notice(NoticeReason(reason), *rest) for reason, *rest in notices)
        return KeptScan(mode, known, told)
    except (ValueError, TypeError):
        return None


@contextmanager
def resumed_shots(
    media: Media,
    layout: LayoutOptions,
    checkpoints: Checkpoints,
    *,
    spent_ms: int,
    cancel: CancelToken,
) -> Iterator[ShotSource]:
    """The cuts as ``shots_of`` gives them, found by an earlier run where one came to their end.

    ``spent_ms`` is for how long earlier runs were at work; see ``ShotScan``.
    """
    data = checkpoints.load(Stage.SHOTS.value).get(0)
    kept = unpack(data) if data else None
    if kept is not None and kept.mode == layout.shots:
        yield KnownShots(kept.shots, kept.notices)
        return
    with shots_of(media, layout, spent_ms=spent_ms, cancel=cancel) as shots:
        if isinstance(shots, ShotScan):
            yield _KeptAtTheEnd(shots, layout, checkpoints)
        else:
            yield shots


class _KeptAtTheEnd:
    """A search whose end is kept as soon as somebody sees it: that it was stopped is no end."""

    def __init__(self, scan: ShotScan, layout: LayoutOptions, checkpoints: Checkpoints) -> None:
        self._scan, self._layout, self._checkpoints = scan, layout, checkpoints
        self._kept = False

    def __repr__(self) -> str:
        return f"_KeptAtTheEnd({self._scan!r})"

    @property
    def cuts_ms(self) -> Sequence[int]:
        return self._scan.cuts_ms

    @property
    def until_ms(self) -> int | None:
        until_ms = self._scan.until_ms
        if until_ms is None and self._scan.whole:
            self._keep()
        return until_ms

    def wait(self, moved: Callable[[int], None]) -> None:
        self._scan.wait(moved)
        self._keep()

    def result(self) -> Shots | None:
        return self._scan.result()

    def notices(self) -> tuple[Notice, ...]:
        return self._scan.notices()

    def _keep(self) -> None:
        if not self._kept:
            kept = KeptScan(self._layout.shots, self.result(), self.notices())
            self._checkpoints.save(Stage.SHOTS.value, 0, pack(kept))
            self._kept = True
