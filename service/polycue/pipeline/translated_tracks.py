"""The translated tracks of a film, made while the film is still being heard."""

from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

from polycue import telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import LeaseLost
from polycue.pipeline.job_thread import job_thread
from polycue.pipeline.own_thread import OwnThread
from polycue.pipeline.targets import SpokenIsland, Target

log = telemetry.logger(__name__)

_MOST_SENTENCES = 256  # translated together: full calls, and progress every few seconds


class TranslatedTracks:
    """Translates and lays out islands in a thread of its own within the ``with`` block.

    Islands that wait are translated together. ``moved`` is told how far all tracks have come. That,
    and what the targets report or keep, is done in the job's thread (``own``), which also gets what
    goes wrong. ``stop`` is set when the block is left; the targets look at it. What is still to be
    kept then is kept, unless the lease was lost.
    """

    def __init__(
        self,
        targets: Sequence[Target],
        own: OwnThread,
        *,
        moved: Callable[[int], None],
        stop: CancelToken,
        cancel: CancelToken,
    ) -> None:
        self._targets, self._own, self._moved = targets, own, moved
        self._stop, self._cancel = stop, cancel
        self._islands: SimpleQueue[SpokenIsland | None] = SimpleQueue()  # None: no more
        self._ended = False
        self._thread = job_thread(self._run, "translate-film")

    def __repr__(self) -> str:
        return f"TranslatedTracks({self._islands.qsize()} islands wait for {self._targets!r})"

    def __enter__(self) -> Self:
        self._forget = self._cancel.on_cancel(self._stop.cancel)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._forget()
        self._stop.cancel()
        self._islands.put(None)
        self._thread.join()
        if not isinstance(error, LeaseLost):
            self._save_rest()

    def add(self, island: SpokenIsland) -> None:
        self._islands.put(island)

    def finish(self) -> None:
        """Wait until all islands are laid out, and do what that needs of the job's thread.

        Raises:
            PolycueError, Cancelled: what went wrong.
        """
        self._islands.put(None)
        self._own.work_until(lambda: self._ended)

    def _save_rest(self) -> None:
        """What was translated by the end is not lost, however that came about."""
        try:
            self._own.save_rest()
        except Exception:  # the job has ended by now, and for another reason if it failed
            log.exception("translations not kept")

    def _run(self) -> None:
        try:
            while islands := self._waiting():
                self._stop.check()
                for target in self._targets:
                    target.add(islands)
                self._tell(islands[-1])
        except BaseException as error:  # whatever it is, the job must hear of it
            self._own.do(_raiser(error))
        self._own.do(self._end)

    def _tell(self, island: SpokenIsland) -> None:
        end_ms = island.sentences[-1].words[-1].end_ms
        self._own.do(lambda: self._moved(end_ms))

    def _waiting(self) -> list[SpokenIsland]:
        """The islands that wait, at least one; none where there will be no more."""
        island = self._islands.get()
        islands: list[SpokenIsland] = []
        while island is not None:
            islands.append(island)
            if sum(len(one.sentences) for one in islands) >= _MOST_SENTENCES:
                return islands
            try:
                island = self._islands.get_nowait()
            except Empty:
                return islands
        if islands:
            self._islands.put(None)  # to be met again behind them
        return islands

    def _end(self) -> None:
        self._ended = True


def _raiser(error: BaseException) -> Callable[[], None]:
    def fail() -> None:
        nonlocal error
        try:
            raise error
        finally:
            del error  # which holds this frame, and all that led to it

    return fail
