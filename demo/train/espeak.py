"""Speech made by eSpeak NG, with the exact time of every word and phoneme.

The only module that opens libespeak-ng. The library keeps its state in globals, so one process
speaks one sentence at a time; about 700 times faster than real time on one core.
"""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 22_050  # what the library makes for every voice we use

# From speak_lib.h of eSpeak NG 1.51.
_OUTPUT_SYNCHRONOUS = 2
_INITIALIZE_PHONEME_EVENTS = 0x0001
_CHARS_UTF8 = 1
_RATE, _PITCH, _RANGE = 1, 3, 4
_EVENT_LIST_TERMINATED, _EVENT_WORD, _EVENT_PHONEME = 0, 1, 7

_PAUSES = frozenset({"_:", "_", "_!", "_|"})
_WORD_IS_CUT_AFTER_MS = 50  # a pause nearer to a word's start than this is still before the word


_HOW_TO_GET_IT = "libespeak-ng.so.1 not found; on Debian: apt-get install espeak-ng"


class EspeakMissing(RuntimeError):
    """libespeak-ng is not on this machine; the message says how to get it."""


@dataclass(frozen=True, slots=True)
class Voice:
    """``name`` is an accent and a variant, such as "en-us+f2"; pitch and range go from 0 to 99."""

    name: str
    words_per_minute: int = 165
    pitch: int = 50
    pitch_range: int = 50


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """Times count from the first sample. Not ``exact``: espeak ran it into a neighbour."""

    text: str
    start_ms: int
    end_ms: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Phoneme:
    """In espeak's own names; ``name`` is empty or starts with "_" for silence."""

    name: str
    start_ms: int

    @property
    def silent(self) -> bool:
        return not self.name or self.name.startswith("_")


@dataclass(frozen=True, slots=True)
class Speech:
    """One spoken sentence. ``samples``: int16 of shape (n,) at 22,050 Hz, silence around it."""

    text: str
    samples: NDArray[np.int16]
    phonemes: tuple[Phoneme, ...]
    words: tuple[SpokenWord, ...]
    start_ms: int  # where the voice begins
    end_ms: int  # where it ends


class _EventId(ctypes.Union):
    _fields_ = (  # type: ignore[mutable-override]  # ctypes reads a tuple as well as a list
        ("number", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("string", ctypes.c_char * 8),
    )


class _Event(ctypes.Structure):
    _fields_ = (  # type: ignore[mutable-override]  # ctypes reads a tuple as well as a list
        ("type", ctypes.c_int),
        ("unique_identifier", ctypes.c_uint),
        ("text_position", ctypes.c_int),  # in characters, from 1
        ("length", ctypes.c_int),
        ("audio_position", ctypes.c_int),  # in ms
        ("sample", ctypes.c_int),
        ("user_data", ctypes.c_void_p),
        ("id", _EventId),
    )


_Callback = ctypes.CFUNCTYPE(
    ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
)


class _Library:
    """The opened library and what its callback has handed over since the last sentence."""

    def __init__(self) -> None:
        try:
            self._lib = ctypes.CDLL("libespeak-ng.so.1")
        except OSError as error:
            raise EspeakMissing(_HOW_TO_GET_IT) from error
        rate_hz = self._lib.espeak_Initialize(
            _OUTPUT_SYNCHRONOUS, 0, None, _INITIALIZE_PHONEME_EVENTS
        )
        if rate_hz != SAMPLE_RATE_HZ:
            raise RuntimeError(f"espeak_Initialize answered {rate_hz}, not {SAMPLE_RATE_HZ}")
        self._pieces: list[NDArray[np.int16]] = []
        self._words: list[tuple[int, int]] = []
        self._phonemes: list[Phoneme] = []
        self._callback = _Callback(self._receive)  # held: the library keeps only its address
        self._lib.espeak_SetSynthCallback(self._callback)

    def _receive(self, samples: Any, count: int, events: Any) -> int:
        if count > 0 and samples:
            self._pieces.append(np.ctypeslib.as_array(samples, shape=(count,)).copy())
        index = 0
        while (event := events[index]).type != _EVENT_LIST_TERMINATED:
            if event.type == _EVENT_WORD:
                self._words.append((event.text_position - 1, event.audio_position))
            elif event.type == _EVENT_PHONEME:
                name = event.id.string.decode("utf-8", "replace")
                self._phonemes.append(Phoneme(name, event.audio_position))
            index += 1
        return 0

    def speak(
        self, text: str, voice: Voice
    ) -> tuple[NDArray[np.int16], list[tuple[int, int]], list[Phoneme]]:
        """Samples, words as (offset in the text, start in ms), phonemes."""
        self._pieces, self._words, self._phonemes = [], [], []
        if self._lib.espeak_SetVoiceByName(voice.name.encode()) != 0:
            raise ValueError(f"eSpeak NG has no voice {voice.name}")
        self._lib.espeak_SetParameter(_RATE, voice.words_per_minute, 0)
        self._lib.espeak_SetParameter(_PITCH, voice.pitch, 0)
        self._lib.espeak_SetParameter(_RANGE, voice.pitch_range, 0)
        data = text.encode()
        self._lib.espeak_Synth(
            data, ctypes.c_size_t(len(data) + 1), 0, 1, 0, _CHARS_UTF8, None, None
        )
        samples = np.concatenate(self._pieces) if self._pieces else np.zeros(0, np.int16)
        return samples, self._words, self._phonemes


@cache
def _library() -> _Library:
    return _Library()


def speak(text: str, voice: Voice) -> Speech:
    """One sentence in one voice.

    Raises:
        EspeakMissing: the library is not on this machine.
        ValueError: there is no such voice, or nothing in the text can be spoken.
    """
    samples, word_events, phonemes = _library().speak(text, voice)
    voiced = [phoneme for phoneme in phonemes if not phoneme.silent]
    if not voiced or not word_events:
        raise ValueError(f"eSpeak NG says nothing for {text!r}")
    length_ms = len(samples) * 1000 // SAMPLE_RATE_HZ
    end_ms = next(
        (p.start_ms for p in phonemes if p.silent and p.start_ms > voiced[-1].start_ms), length_ms
    )
    return Speech(
        text=text,
        samples=samples,
        phonemes=tuple(phonemes),
        words=tuple(_words(text, word_events, phonemes, end_ms)),
        start_ms=voiced[0].start_ms,
        end_ms=end_ms,
    )


def _words(
    text: str, events: Sequence[tuple[int, int]], phonemes: Sequence[Phoneme], end_ms: int
) -> list[SpokenWord]:
    """The words of the text as its spaces divide it, each from its event to the next one."""
    names = text.split(" ")
    starts = _word_starts(names, events)
    pauses = [phoneme.start_ms for phoneme in phonemes if phoneme.name in _PAUSES]
    words = []
    start_ms = events[0][1]
    for index, name in enumerate(names):
        own_start_ms = starts[index]
        start_ms = start_ms if own_start_ms is None else own_start_ms
        word_end_ms = next((start for start in starts[index + 1 :] if start is not None), end_ms)
        for pause_ms in pauses:
            if start_ms + _WORD_IS_CUT_AFTER_MS < pause_ms < word_end_ms:
                word_end_ms = pause_ms
                break
        words.append(SpokenWord(name, start_ms, word_end_ms, exact=own_start_ms is not None))
    return words


def _word_starts(names: Sequence[str], events: Sequence[tuple[int, int]]) -> list[int | None]:
    """The first event inside each word; None for a word that has none."""
    starts: list[int | None] = []
    offset = 0
    for name in names:
        inside = [time for place, time in events if offset <= place < offset + len(name)]
        starts.append(inside[0] if inside else None)
        offset += len(name) + 1
    return starts
