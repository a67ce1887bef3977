"""Which of a film's audio streams is meant."""

import re

from polycue.domain.errors import AudioStreamNotFound, NoAudioStream
from polycue.domain.language import UNDETERMINED, primary
from polycue.domain.media import AudioChoice, Media, Stream, StreamKind

# Tracks that talk about the film instead of being its sound.
_ASIDE_DISPOSITIONS = frozenset({"comment", "visual_impaired", "descriptions", "karaoke"})
_ASIDE_TITLE = re.compile(
    r"comment|kommentar|coment[aá]rio|descri(pti|bed|pci)|audiodes[ck]ri|h[oö]rfilm|"
    r"vis(ually|ion)[ -]impaired|\b(ad|dvs)\b",
    re.IGNORECASE,
)
_CHANNELS = {1: "mono", 2: "stereo", 6: "5.1", 8: "7.1"}


def choose_audio(media: Media, choice: AudioChoice) -> Stream:
    """The stream that is asked for; where that leaves several, the one a player would take.

    A commentary or a description for the blind is taken only when it is asked for, or when there
    is nothing else.

    Raises:
        NoAudioStream: the file has none at all.
        AudioStreamNotFound: none fits the choice.
    """
    streams = media.of_kind(StreamKind.AUDIO)
    if not streams:
        raise NoAudioStream(media.path)
    fitting = [stream for stream in streams if _fits(stream, choice)]
    if not fitting:
        available = [describe(stream) for stream in streams]
        raise AudioStreamNotFound(media.path, _wanted(choice), available)
    return min(fitting, key=lambda stream: _rank(stream, choice))


def describe(stream: Stream) -> str:
    """For people: ``audio 1 (en, aac, stereo, 'Commentary', comment)``; printable."""
    facts = [] if stream.language == UNDETERMINED else [stream.language]
    if stream.codec:
        facts.append(stream.codec)
    if stream.channels:
        facts.append(_CHANNELS.get(stream.channels, f"{stream.channels} channels"))
    if stream.title:
        facts.append(repr(stream.title))  # a title may hold a line break or an escape
    return f"{stream.kind} {stream.ordinal} ({', '.join([*facts, *sorted(stream.dispositions)])})"


def _fits(stream: Stream, choice: AudioChoice) -> bool:
    if choice.ordinal is not None:
        return stream.ordinal == choice.ordinal
    if choice.language:
        return primary(stream.language) == primary(choice.language)
    return choice.title.casefold() in stream.title.casefold()


def _rank(stream: Stream, choice: AudioChoice) -> tuple[bool, bool, bool, int]:
    """Smallest first."""
    return (
        not choice.title and _is_aside(stream),
        bool(choice.language) and stream.language != choice.language,  # pt-BR before pt
        "default" not in stream.dispositions,
        stream.ordinal,
    )


def _is_aside(stream: Stream) -> bool:
    return bool(_ASIDE_DISPOSITIONS & stream.dispositions or _ASIDE_TITLE.search(stream.title))


def _wanted(choice: AudioChoice) -> str:
    if choice.ordinal is not None:
        return f"number {choice.ordinal} (counted from 0)"
    return f"in {choice.language}" if choice.language else f"titled {choice.title!r}"
