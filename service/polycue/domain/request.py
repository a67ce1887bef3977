"""What a caller wants done, checked and free of the wire."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polycue.domain.media import AudioChoice
from polycue.domain.track import TrackFormat, TrackKind
from polycue.domain.translation import USUAL_BEAMS, Term


class SpeechTask(StrEnum):
    TRANSCRIBE = "transcribe"
    TRANSLATE = "translate"  # into English, by the recogniser itself


class Container(StrEnum):
    """A kind of file that holds video and subtitles; the value is its suffix."""

    MKV = "mkv"
    MP4 = "mp4"
    MOV = "mov"
    WEBM = "webm"

    @property
    def mime_type(self) -> str:
        return {
            "mkv": "video/x-matroska",
            "mp4": "video/mp4",
            "mov": "video/quicktime",
            "webm": "video/webm",
        }[self.value]


@dataclass(frozen=True, slots=True)
class DetectionOptions:
    """What counts as speech. ``threshold`` is Silero's probability, within 0..1.

    Sound is cut at pauses of at least ``min_silence_ms`` where there are any; ``padding_ms`` of the
    silence around it is kept.
    """

    threshold: float = 0.5
    min_silence_ms: int = 300
    padding_ms: int = 200


@dataclass(frozen=True, slots=True)
class DefenceOptions:
    """When words are doubted, and how often they are heard again.

    A chunk is doubted whose text deflates to less than 1/``max_compression_ratio``, or whose tokens
    have a mean log probability below ``min_avg_logprob``; words that attention puts further than
    ``silence_ms`` from any speech; and more than ``max_chars_per_second``. The numbers are
    openai/whisper's as far as it has them. ``temperatures`` are those of the further tries.
    """

    enabled: bool = True
    max_compression_ratio: float = 2.4
    min_avg_logprob: float = -1.0
    max_no_speech_prob: float = 0.6
    silence_ms: int = 500
    max_chars_per_second: float = 35.0
    temperatures: tuple[float, ...] = (0.2, 0.4, 0.8)


MAX_BEAM_SIZE = 10  # Whisper's users take 1 or 5; every beam more costs memory and time


@dataclass(frozen=True, slots=True)
class SpeechOptions:
    """How to recognise. ``model`` "" means the server's default, ``language`` "" means detect.

    ``beam_size`` is within 1..MAX_BEAM_SIZE. ``multilingual`` says whether the language may change
    within the film, None that it may where none is named; then only to one of
    ``allowed_languages``, where there are any. A language that is named is what it begins with.
    """

    model: str = ""
    language: str = ""
    task: SpeechTask = SpeechTask.TRANSCRIBE
    beam_size: int = 5
    initial_prompt: str = ""
    hotwords: tuple[str, ...] = ()
    detection: DetectionOptions = DetectionOptions()
    allowed_languages: tuple[str, ...] = ()
    multilingual: bool | None = None
    defence: DefenceOptions = DefenceOptions()

    @property
    def follows_language(self) -> bool:
        """Whether each part of a film may be in a language of its own."""
        return not self.language if self.multilingual is None else self.multilingual

    @property
    def translates(self) -> bool:
        """Whether all words come in English, whatever is spoken."""
        return self.task is SpeechTask.TRANSLATE


class Audience(StrEnum):
    """Whom a programme is for; children read more slowly."""

    ADULT = "adult"
    CHILDREN = "children"


class ShotMode(StrEnum):
    """Whether cues heed the cuts of the picture."""

    AUTO = "auto"  # where the preset has a rule about them and looking for them delays nothing much
    ON = "on"  # however long that takes
    OFF = "off"


@dataclass(frozen=True, slots=True)
class LayoutOptions:
    """How cues look; what is None comes from the preset.

    ``custom_preset`` is the text of a preset of the caller's own, TOML or JSON; ``preset`` is then
    what messages call it. ``hearing_impaired`` tracks are captions, with limits of their own.
    ``explain`` asks for the costs of each cue that is laid out.
    """

    preset: str = "netflix"
    max_line_chars: int | None = None
    max_line_count: int | None = None
    min_cue_ms: int | None = None
    max_cue_ms: int | None = None
    max_chars_per_second: float | None = None
    audience: Audience = Audience.ADULT
    hearing_impaired: bool = False
    min_gap_frames: int | None = None
    chain_gap_ms: int | None = None
    linger_ms: int | None = None
    custom_preset: str = ""
    shots: ShotMode = ShotMode.AUTO
    explain: bool = False

    @property
    def track_kind(self) -> TrackKind:
        return TrackKind.CAPTIONS if self.hearing_impaired else TrackKind.SUBTITLES


@dataclass(frozen=True, slots=True)
class TranslationOptions:
    """What is wished of the translation into ``target`` besides its language.

    ``keep_source_cues``: the cues come and go as those of the spoken language do. ``beam_size`` is
    ``Search``'s.
    """

    target: str
    keep_source_cues: bool = False
    glossary: tuple[Term, ...] = ()
    beam_size: int = USUAL_BEAMS


def options_for(target: str, translations: Sequence[TranslationOptions]) -> TranslationOptions:
    """What is wished of the translation into ``target``; the defaults where nothing is said."""
    said = (options for options in translations if options.target == target)
    return next(said, TranslationOptions(target))


@dataclass(frozen=True, slots=True)
class MuxOptions:
    """One muxed copy. ``container`` None keeps the input's own.

    ``burn_in`` is the language of the track to draw into the picture, ``default`` of the one
    players show without being asked; both BCP-47, "" for none and for the first.
    """

    container: Container | None = None
    burn_in: str = ""
    default: str = ""


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file the pipeline may read, and the name its owner knows it by.

    ``identity`` tells that it has the same contents as a file of another time or server, such as
    ``sha256:...``; "" where nobody knows.
    """

    path: Path
    filename: str
    identity: str = ""

    @property
    def stem(self) -> str:
        return Path(self.filename).stem or "media"


@dataclass(frozen=True, slots=True)
class SubtitleTask:
    """Media to tracks, and to muxed copies.

    ``forced`` adds to each track one of the parts that are not in the film's main language.
    ``translations`` says more of those ``targets`` that need it; with ``bilingual`` the spoken
    lines stand above each translation.

    ``transcript`` is the JSON track of an earlier run that stands in for the sound; ``media`` is
    then the film, for muxed copies, or that same file where there is no film. ``report_page`` asks
    for each track's report as a page for people.
    """

    media: InputFile
    audio: AudioChoice = AudioChoice()
    speech: SpeechOptions = SpeechOptions()
    targets: tuple[str, ...] = ()
    layout: LayoutOptions = LayoutOptions()
    formats: tuple[TrackFormat, ...] = (TrackFormat.SRT,)
    mux: tuple[MuxOptions, ...] = ()
    forced: bool = False
    transcript: InputFile | None = None
    translations: tuple[TranslationOptions, ...] = ()
    bilingual: bool = False
    report_page: bool = False

    @property
    def has_film(self) -> bool:
        return self.media != self.transcript


@dataclass(frozen=True, slots=True)
class TranslateTask:
    """A subtitle file to the same cues in other languages.

    ``translations`` says more of those ``targets`` that need it, ``report_page`` asks for each
    track's report as a page for people.
    """

    subtitle: InputFile
    language: str
    targets: tuple[str, ...]
    layout: LayoutOptions = LayoutOptions()
    formats: tuple[TrackFormat, ...] = (TrackFormat.SRT,)
    translations: tuple[TranslationOptions, ...] = ()
    report_page: bool = False


@dataclass(frozen=True, slots=True)
class GivenTrack:
    """A subtitle file to be muxed as it is."""

    subtitle: InputFile
    language: str
    title: str = ""
    kind: TrackKind = TrackKind.SUBTITLES
    default: bool = False


@dataclass(frozen=True, slots=True)
class MuxTask:
    """Existing tracks into a copy of a film."""

    media: InputFile
    tracks: tuple[GivenTrack, ...]
    options: MuxOptions = MuxOptions()


class SyncMode(StrEnum):
    """What subtitles are held against."""

    AUTO = "auto"  # the words where they are those of the subtitles, else the speech
    TEXT = "text"  # the words that are said
    SPEECH = "speech"  # where somebody speaks


@dataclass(frozen=True, slots=True)
class SyncTask:
    """A subtitle file to the same cues at the time of a film's speech.

    ``transcript`` is the JSON track of an earlier run that stands in for the sound; ``media`` is
    then not read. ``language`` is that of the subtitles, "" where nobody knows. ``force`` writes
    the best fit however poor it is.
    """

    media: InputFile
    subtitle: InputFile
    audio: AudioChoice = AudioChoice()
    language: str = ""
    mode: SyncMode = SyncMode.AUTO
    speech: SpeechOptions = SpeechOptions()
    formats: tuple[TrackFormat, ...] = (TrackFormat.SRT,)
    force: bool = False
    transcript: InputFile | None = None


Task = SubtitleTask | TranslateTask | MuxTask | SyncTask
