"""Which tracks a task wants of a film: their languages, their rules, and whether they can be."""

from collections.abc import Iterator
from fractions import Fraction

from polycue.cues.presets import Rules, rules_for
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED
from polycue.domain.notice import Notice
from polycue.domain.request import SubtitleTask
from polycue.domain.track import Track, TrackKind
from polycue.pipeline.ports import Translator


class WantedTracks:
    """``spoken`` is the language of the film, ``written`` that of the recogniser's words."""

    def __init__(self, task: SubtitleTask, frame_rate: Fraction | None) -> None:
        self._task, self._frame_rate = task, frame_rate

    def __repr__(self) -> str:
        return f"WantedTracks({', '.join(self._task.targets)})"

    def written(self, spoken: str) -> str:
        """English where the recogniser itself translates."""
        return "en" if self._task.speech.translates else spoken

    def targets(self, written: str) -> tuple[str, ...]:
        """The languages to translate into; none for the track that is there already."""
        return tuple(t for t in dict.fromkeys(self._task.targets) if t != written)

    def forced(self, main: str) -> tuple[str, ...]:
        """The languages of forced tracks, for a film that is mostly in ``main``."""
        if not self._task.forced:
            return ()
        return tuple(dict.fromkeys((self.written(main), *self._task.targets)))

    def rules(self, language: str, *, translated: bool) -> Rules:
        return rules_for(self._task.layout, language, self._frame_rate, translated=translated)

    def check(self, translator: Translator) -> None:
        """Before any work: are the pairs and the preset there that the caller named?

        Raises:
            PairNotInstalled: there is no way to a target from the language that was named.
            InvalidRequest: the preset or a muxed copy cannot be as asked for.
        """
        spoken = self._task.speech.language
        for language in (spoken, *self._task.targets):
            rules_for(self._task.layout, language or UNDETERMINED, None)
        if spoken:
            written = self.written(spoken)
            self.check_mux(written)
            for target in self.targets(written):
                translator.route(written, target)

    def check_mux(self, written: str) -> None:
        """Fail where a muxed copy is to draw or to prefer a track that there will not be."""
        languages = (written, *self.targets(written))
        for options in self._task.mux:
            for field, language in (("burn_in", options.burn_in), ("default", options.default)):
                if language and language not in languages:
                    raise InvalidRequest(
                        f"mux.{field}_language_code",
                        f"{language!r} is no track of this film; it has {', '.join(languages)}",
                    )

    def empty(self, spoken: str, notices: tuple[Notice, ...]) -> Iterator[Track]:
        """All of them without cues, for a film in which nobody speaks."""
        written, kind = self.written(spoken), self._task.layout.track_kind
        above = written if self._task.bilingual else ""
        yield Track(written, (), kind, notices=notices)
        for target in self.targets(written):
            yield Track(target, (), kind, (written, target), second_language=above)
        for language in self.forced(spoken):
            yield Track(language, (), TrackKind.FORCED)
