"""What is wanted of each film, and what is written for it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from polycue_client.cli.doubts import DoubtChoice
from polycue_client.cli.inputs import stem_and_language
from polycue_client.cli.layout import LayoutChoice
from polycue_client.cli.muxing import MuxChoice
from polycue_client.cli.options import REPORT_PAGE, OutputChoice, is_canonical
from polycue_client.cli.speech import SpeechChoice, audio_selector
from polycue_client.cli.translations import TranslationChoice

if TYPE_CHECKING:
    from polycue.api.v1 import jobs_pb2, media_pb2
    from polycue_client.cli.outputs import Placement
    from polycue_client.cli.results import Item


@dataclass(frozen=True, slots=True)
class Targets:
    """Which translations are wanted, and how."""

    languages: tuple[str, ...]
    translation: TranslationChoice
    keep_source_cues: bool
    bilingual: bool

    def configs(self) -> "list[media_pb2.TranslateConfig]":
        return self.translation.targets(self.languages, keep_source_cues=self.keep_source_cues)


@dataclass(frozen=True, slots=True)
class FilmWish:
    """What is wanted of each film."""

    targets: Targets
    forced: bool
    formats: tuple[str, ...]
    audio_track: str
    mux: MuxChoice
    speech: SpeechChoice
    doubt: DoubtChoice
    layout: LayoutChoice
    explain: bool
    report_page: bool

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What the names of what is written of each track end with."""
        return (*self.formats, REPORT_PAGE) if self.report_page else self.formats

    def film(self, output: OutputChoice) -> "Callable[[Path], Item]":
        """What is wanted of a film, by its path."""
        return lambda path: self.item(path, None, output)

    def item(self, film: Path | None, transcript: Path | None, output: OutputChoice) -> "Item":
        from polycue_client.cli.results import Item

        path, *beside = filter(None, (film, transcript))
        stem, written = path.stem, self.speech.written
        if transcript:
            stem, written = stem_and_language(transcript)
            stem = film.stem if film else stem
        place = output.placement(path, stem)
        copies = [place.copy(suffix) for suffix in self.mux.suffixes(film)] if film else []
        return Item(
            path=path,
            place=place,
            spec=self.spec(film, transcript),
            beside=tuple(beside),
            expected=(*self._tracks(place, written), *copies),
            # The first forced track is in the language that turns out to be spoken most.
            certain=all(map(is_canonical, (written, *self.targets.languages))) and not self.forced,
            unnamed=() if is_canonical(written) else self._endings(),
        )

    def _tracks(self, place: "Placement", written: str) -> Iterator[Path]:
        """Those whose names are known beforehand."""
        kind, others = self.layout.kind, self.targets.languages
        named = [(written, kind, False), *((code, kind, self.targets.bilingual) for code in others)]
        if self.forced:
            named += [(code, "forced", False) for code in (written, *others)]
        for language, kind, bilingual in named:
            if is_canonical(language):
                for suffix in self.suffixes:
                    yield place.sidecar(language, suffix, kind, bilingual=bilingual)

    def _endings(self) -> tuple[str, ...]:
        """What the names end with of tracks whose language nobody knows yet."""
        forced = tuple(f"forced.{suffix}" for suffix in self.suffixes) if self.forced else ()
        return (*self.layout.endings(self.suffixes), *forced)

    def _transcribe(self) -> "media_pb2.TranscribeConfig":
        config = self.speech.config()
        config.defence.CopyFrom(self.doubt.config())
        return config

    def spec(self, film: Path | None, transcript: Path | None) -> "Callable[..., jobs_pb2.JobSpec]":
        from polycue_client.requests import subtitle_spec

        def of(*sources: "media_pb2.MediaSource") -> "jobs_pb2.JobSpec":
            media = sources[0] if film else None
            if media and self.audio_track:
                media.audio.CopyFrom(audio_selector(self.audio_track))
            return subtitle_spec(
                media,
                transcript=sources[-1] if transcript else None,
                translate_to=self.targets.configs(),
                bilingual=self.targets.bilingual,
                formats=self.formats,
                mux=self.mux.configs(),
                transcribe=None if transcript else self._transcribe(),
                layout=self._layout(),
                forced=self.forced,
                report_page=self.report_page,
            )

        return of

    def _layout(self) -> "media_pb2.LayoutConfig":
        config = self.layout.config()
        config.explain = self.explain
        return config
