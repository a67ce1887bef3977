"""One run of a task, which finds done what earlier runs of it have done."""

import time
from contextlib import AbstractContextManager

from polycue.domain.caller import NOBODY, Caller
from polycue.domain.cancel import CancelToken
from polycue.domain.media import Media, Stream
from polycue.domain.progress import Event, Report, Stage
from polycue.domain.request import InputFile, LayoutOptions, SpeechOptions
from polycue.pipeline.own_thread import OwnThread
from polycue.pipeline.ports import NOTHING_KEPT, Checkpoints, Recogniser, Translator
from polycue.pipeline.resuming.chunks import KeptChunk, ResumedRecogniser, kept_chunks
from polycue.pipeline.resuming.plan import NO_SPEECH, plan_hash
from polycue.pipeline.resuming.progress import KEPT_STAGES, Progress
from polycue.pipeline.resuming.scans import resumed_shots
from polycue.pipeline.resuming.translations import ResumedTranslator
from polycue.pipeline.shots import ShotSource
from polycue.pipeline.timing import StageTimes


class Run:
    """What a run works with; ``recogniser`` is the engine's own, for those who only ask about it.

    It is made in the job's thread, which ``own_thread`` keeps what others work for it. One of the
    two ``begin...`` is called before anything is translated or looked for.
    """

    def __init__(
        self,
        recogniser: Recogniser,
        translator: Translator,
        checkpoints: Checkpoints = NOTHING_KEPT,
        *,
        cancel: CancelToken,
        report: Report,
        caller: Caller = NOBODY,
    ) -> None:
        self.recogniser, self._checkpoints = recogniser, checkpoints
        self.own_thread, self.times = OwnThread(), StageTimes()
        self.translator = ResumedTranslator(translator, checkpoints, self.own_thread, self.times)
        self.cancel, self.caller = cancel, caller
        self._progress = Progress(report, () if checkpoints is NOTHING_KEPT else KEPT_STAGES)
        self._began_ns = time.monotonic_ns()
        self._kept: tuple[KeptChunk, ...] = ()

    def __repr__(self) -> str:
        return f"Run(behind {len(self._kept)} chunks)"

    def report(self, event: Event) -> None:
        """Tell the task's watchers, in the job's thread; a cancelled run ends there."""
        self.own_thread.do(lambda: self._tell(event))

    def begin(self, film: InputFile, stream: Stream, options: SpeechOptions) -> Recogniser:
        """For a task that listens: who gives what is said in the film, heard before or not.

        Raises:
            ModelMissing, ModelDamaged, DeviceUnavailable: there is no recogniser to speak of.
            Unreadable: the film has gone.
        """
        facts = self.recogniser.facts(options.model)
        self._checkpoints.begin(plan_hash(film, stream, options, facts))
        self.translator.begin()
        self._kept = kept_chunks(self._checkpoints)
        if self._kept:
            self._progress.begin_at(Stage.TRANSCRIBE, self._kept[-1].found.facts.end_ms)
        return ResumedRecogniser(self.recogniser, self._checkpoints, self._kept, self._spent_ms)

    def begin_without_speech(self) -> None:
        """For a task in which nobody listens to anything."""
        self._checkpoints.begin(NO_SPEECH)
        self.translator.begin()

    def shots(self, media: Media, layout: LayoutOptions) -> AbstractContextManager[ShotSource]:
        """The cuts of a film as ``layout`` wants them; leaving the block ends the search."""
        return resumed_shots(
            media, layout, self._checkpoints, spent_ms=self._spent_before_ms, cancel=self.cancel
        )

    @property
    def _spent_before_ms(self) -> int:
        return self._kept[-1].spent_ms if self._kept else 0

    def _spent_ms(self) -> int:
        return self._spent_before_ms + (time.monotonic_ns() - self._began_ns) // 10**6

    def _tell(self, event: Event) -> None:
        self._progress(event)
        self.cancel.check()
