"""Films of speech that polycue and faster-whisper cut into the same chunks.

The voices are the demo film's. Sentences stand 350 ms apart, in blocks of 26 to 27 s with 3 s
between them: neither cutter joins blocks, nor parts one. The peers' windows thus hold what ours
hold, and the numbers of windows and tokens, which every scenario compares, come out equal.
"""

import os
import random
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
from faster_whisper.feature_extractor import FeatureExtractor
from faster_whisper.vad import VadOptions, get_speech_timestamps
from numpy.typing import NDArray

REPOSITORY = Path(__file__).resolve().parents[2]
FILM = REPOSITORY / "demo" / "tour.mp4"
RATE = 16_000
GAP_S, PAUSE_S = 0.35, 3.0
SHORTEST_S, LONGEST_S = 26.0, 27.0  # of a block; with 0.4 s around it a window is nearly full
FIRST_S = 2.8  # the first sentence of a block has no room in the window before
GAINS = (1.0, 0.25, 0.0625)  # 12 dB apart: far enough that where a window is cut does not matter
BLOCK_S = 29.5  # with its pause, about

Samples = NDArray[np.float32]


def decoded(path: Path) -> Samples:
    command = ["ffmpeg", "-v", "error", "-nostdin", "-i", str(path)]
    command += ["-f", "f32le", "-ar", str(RATE), "-ac", "1", "-"]
    return np.frombuffer(subprocess.run(command, capture_output=True, check=True).stdout, "f4")


@cache
def sentences() -> list[Samples]:
    film = decoded(FILM)
    found = get_speech_timestamps(film, VadOptions(min_silence_duration_ms=160, speech_pad_ms=60))
    return [film[span["start"] : span["end"]] for span in found]


def seconds(samples: Samples) -> float:
    return len(samples) / RATE


def silence(length_s: float) -> Samples:
    return np.zeros(round(length_s * RATE), np.float32)


def block(number: int) -> Samples:
    """Sentences in an order of its own, nearly a window of them."""
    chance = random.Random(number)
    first = chance.choice([s for s in sentences() if seconds(s) >= FIRST_S])
    parts, length_s = [first], seconds(first)
    while length_s < SHORTEST_S:
        room_s = LONGEST_S - length_s - GAP_S
        fitting = [s for s in sentences() if seconds(s) <= room_s]
        chosen = chance.choice(fitting) if fitting else silence(0)
        if not fitting:  # begin again rather than end too early
            parts, length_s = [first], seconds(first)
            continue
        parts += [silence(GAP_S), chosen]
        length_s += GAP_S + seconds(chosen)
    return np.concatenate(parts)


def film_of(blocks: Sequence[Samples]) -> Samples:
    parts: list[Samples] = [silence(1)]
    for each in blocks:
        parts += [each, silence(PAUSE_S)]
    return np.concatenate(parts)


def clip(number: int, length_s: float) -> Samples:
    """Sentences as many as fit, and silence behind them."""
    chance = random.Random(f"clip {number}")
    sound = silence(0.3)
    while fitting := [s for s in sentences() if seconds(s) < length_s - seconds(sound) - GAP_S]:
        sound = np.concatenate([sound, chance.choice(fitting), silence(GAP_S)])
    return np.concatenate([sound, silence(length_s - seconds(sound))])


def written(path: Path, samples: Samples, *, times: int = 1) -> Path:
    """The sound as AAC, 48 kHz stereo, as in a film; ``times`` over without encoding it again.

    It is written aside and renamed, so that one broken off is not taken for whole.
    """
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    once = path.with_name(f"once-{os.getpid()}-{path.name}")
    whole = path.with_name(f"whole-{os.getpid()}-{path.name}")
    encode = ["ffmpeg", "-v", "error", "-y", "-f", "f32le", "-ar", str(RATE), "-ac", "1", "-i", "-"]
    encode += ["-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2", str(once)]
    subprocess.run(encode, input=samples.tobytes(), check=True)
    if times > 1:
        repeat = ["ffmpeg", "-v", "error", "-y", "-stream_loop", str(times - 1), "-i", str(once)]
        subprocess.run([*repeat, "-c", "copy", str(whole)], check=True)
        once.unlink()
        whole.rename(path)
    else:
        once.rename(path)
    return path


def films(folder: Path, count: int, blocks_each: int) -> list[Path]:
    """Films that share no block."""
    return [
        written(
            folder / f"film-{number}-{blocks_each}.mka",
            film_of([block(number * 1000 + n) for n in range(blocks_each)]),
        )
        for number in range(count)
    ]


def long_film(folder: Path, hours: float, blocks: int = 20) -> Path:
    """The same blocks over and over; nothing remembers a block that it has heard."""
    once = film_of([block(500_000 + n) for n in range(blocks)])
    times = round(hours * 3600 / seconds(once))
    return written(folder / f"long-{hours:g}h.mka", once, times=max(1, times))


def clips(folder: Path, count: int, length_s: float) -> list[Path]:
    return [
        written(folder / f"clip-{length_s:g}-{number}.mka", clip(number, length_s))
        for number in range(count)
    ]


def uneven_films(folder: Path, count: int, blocks_each: int) -> list[Path]:
    """As ``films``, each block as loud as one of ``GAINS``."""
    chance = random.Random(count)
    return [
        written(
            folder / f"uneven-{number}-{blocks_each}.mka",
            film_of(
                [
                    block(number * 1000 + n) * np.float32(chance.choice(GAINS))
                    for n in range(blocks_each)
                ]
            ),
        )
        for number in range(count)
    ]


def levels(mels: int) -> list[float]:
    """The mean of a window's log-mel frames, padding included, for a block at each of ``GAINS``."""
    some = [block(number) for number in range(4)]
    return [_level([each * np.float32(gain) for each in some], mels) for gain in GAINS]


def levels_of_clip_and_block(mels: int) -> list[float]:
    """The same for clips of 10 s, most of whose window is padding, and for blocks of a film."""
    some = range(4)
    clips_of_10_s = [clip(number, 10.0) for number in some]
    return [_level(clips_of_10_s, mels), _level([block(number) for number in some], mels)]


def _level(sounds: Sequence[Samples], mels: int) -> float:
    extractor = FeatureExtractor(mels)
    return sum(float(extractor(each).sum()) for each in sounds) / len(sounds) / (mels * 3000)
