import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from polycue.domain.audio import Audio, Span
from polycue.domain.chunk import Belief, Chunk, Recognised
from polycue.domain.errors import (
    DeviceUnavailable,
    InvalidRequest,
    ModelDamaged,
    RecognitionFailed,
)
from polycue.domain.request import DetectionOptions, SpeechTask
from polycue.domain.transcript import text_of
from polycue.speech.cut import cut
from polycue.speech.features import Features
from polycue.speech.passage import DecodeSettings
from polycue.speech.whisper import Whisper

Samples = NDArray[np.float32]
Blocks = Callable[[Samples], Iterator[Audio]]
Random = Callable[..., Whisper]
ENGLISH = DecodeSettings(language="en")


@pytest.fixture(scope="module")
def film(repository: Path, decoded: Callable[[Path], Samples], blocks: Blocks) -> list[Chunk]:
    """The first chunks of the demo film."""
    sound = decoded(repository / "demo" / "tour.mp4")[: 36 * 16_000]
    return list(cut(blocks(sound), DetectionOptions(), max_chunk_ms=10_000))


def noise(duration_ms: int, start_ms: int = 0) -> Chunk:
    sound = np.random.default_rng(duration_ms).normal(0, 0.05, duration_ms * 16)
    return Chunk(
        Audio(sound.astype(np.float32), start_ms), (Span(start_ms, start_ms + duration_ms),)
    )


def single(whisper: Whisper, chunk: Chunk, settings: DecodeSettings = ENGLISH) -> Recognised:
    (found,) = heard(whisper, [chunk], settings)
    return found


def heard(
    whisper: Whisper, chunks: Sequence[Chunk], settings: DecodeSettings = ENGLISH
) -> list[Recognised]:
    """In one batch."""
    features = Features(whisper.facts)
    return whisper.recognise([features.passage(chunk, settings) for chunk in chunks])


def texts(found: list[Recognised]) -> list[str]:
    return [text_of(one.words) for one in found]


def test_the_demo_model_says_what_it_is(demo_whisper: Whisper) -> None:
    facts = demo_whisper.facts
    assert (facts.languages, facts.max_chunk_ms) == (("en",), 10_000)
    assert (facts.translates, facts.demo) == (False, True)
    assert repr(demo_whisper) == "Whisper(demo-en on cpu, int8_float32)"
    assert re.fullmatch(
        r"sha256:[0-9a-f]{64}, int8_float32 on cpu, ctranslate2 [\d.]+", facts.fingerprint
    )


def test_a_batch_says_what_each_of_its_chunks_says_alone(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    together = heard(demo_whisper, film)
    assert texts(together) == [text_of(single(demo_whisper, chunk).words) for chunk in film]
    assert "golden valleys behind the hills." in texts(together)[0]


def test_what_is_heard_in_a_chunk_does_not_depend_on_its_neighbours(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    """To the last digit that is told; what a processor makes of those behind may differ."""
    alone = [single(demo_whisper, chunk) for chunk in film]
    for chunks in (film[:2], film[::-1], [*film, noise(7_000, 90_000)]):
        together = heard(demo_whisper, chunks)
        for chunk, found in zip(chunks, together, strict=True):
            if chunk in film:
                assert found == alone[film.index(chunk)]


def test_words_are_plain_numbers_on_the_media_clock_within_their_chunk(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    for found, chunk in zip(heard(demo_whisper, film), film, strict=True):
        times = [t for word in found.words for t in (word.start_ms, word.end_ms)]
        assert times == sorted(times)
        assert chunk.speech[0].start_ms == times[0]
        assert times[-1] <= chunk.speech[-1].end_ms
        assert {type(t) for t in times} == {int}
        assert {type(word.probability) for word in found.words} == {float}
        facts = found.facts
        assert (facts.start_ms, facts.end_ms) == (chunk.audio.start_ms, chunk.audio.end_ms)
        assert (facts.language, facts.word_count) == ("en", len(found.words))
        for value in (facts.avg_logprob, facts.no_speech_prob, facts.compression_ratio):
            assert type(value) is float
        assert -0.5 < facts.avg_logprob < 0
        assert facts.no_speech_prob < 0.2


def test_greedy_search_and_prompts_leave_the_words_alone(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    plain = single(demo_whisper, film[0])
    for settings in (
        replace(ENGLISH, beam_size=1),
        replace(ENGLISH, initial_prompt="The forests are quiet and deep."),
        replace(ENGLISH, hotwords=("valleys", "hills")),
    ):
        assert text_of(single(demo_whisper, film[0], settings).words) == text_of(plain.words)


def test_special_tokens_written_into_a_prompt_are_not_obeyed(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    prompt = "<|endoftext|> <|startoftranscript|><|fr|><|notimestamps|> The hills."
    found = single(demo_whisper, film[0], replace(ENGLISH, initial_prompt=prompt))
    assert "golden valleys" in text_of(found.words)


def test_a_prompt_as_long_as_whisper_takes_is_taken_and_a_longer_one_refused(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    longest = replace(ENGLISH, beam_size=1, initial_prompt=" ".join(["the"] * 223))
    single(demo_whisper, film[0], longest)
    with pytest.raises(InvalidRequest, match="224 tokens"):
        single(demo_whisper, film[0], replace(longest, hotwords=("hills",)))


@pytest.mark.parametrize("sound", [
    np.zeros(64_000), np.random.default_rng(3).normal(0, 0.1, 64_000),
    0.3 * np.sin(np.arange(64_000) * 2 * np.pi * 440 / 16_000), np.zeros(100),
], ids=["silence", "noise", "tone", "six milliseconds"])  # fmt: skip
def test_what_is_no_speech_gives_no_words_and_says_so(
    demo_whisper: Whisper, sound: Samples
) -> None:
    audio = Audio(sound.astype(np.float32), 500)
    chunk = Chunk(audio, (Span(500, max(501, audio.end_ms)),))
    # CTranslate2's beam search never ends without a token; greedy search may.
    found = single(demo_whisper, chunk, replace(ENGLISH, beam_size=1))
    assert found.words == ()
    assert found.facts.no_speech_prob > 0.5


def test_sound_that_is_no_number_fails_and_names_the_chunk(demo_whisper: Whisper) -> None:
    broken = np.full(16_000, np.nan, np.float32)
    with pytest.raises(RecognitionFailed) as failure:
        single(demo_whisper, Chunk(Audio(broken, 7_000), (Span(7_000, 8_000),)))
    assert failure.value.start_ms == 7_000


@pytest.mark.parametrize("mels", [80, 128])
def test_models_of_thirty_seconds_run_with_their_true_sizes(
    random_whisper: Random, mels: int
) -> None:
    whisper = random_whisper(mels)
    assert whisper.facts.max_chunk_ms == 30_000
    assert len(whisper.facts.languages) == {80: 99, 128: 100}[mels]
    assert ("yue" in whisper.facts.languages) == (mels == 128)
    found = single(whisper, noise(29_990, start_ms=60_000), DecodeSettings("fr", beam_size=1))
    assert found.facts.language == "fr"
    assert found.words[0].start_ms == 60_000
    assert found.words[-1].end_ms <= 89_990


def test_languages_and_tasks_may_differ_within_a_batch(random_whisper: Random) -> None:
    whisper = random_whisper(80)
    asked = [
        DecodeSettings("en", beam_size=1),
        DecodeSettings("ja", beam_size=1),
        DecodeSettings("fr", SpeechTask.TRANSLATE, beam_size=1),
    ]
    chunk, features = noise(3_000), Features(whisper.facts)
    together = whisper.recognise([features.passage(chunk, settings) for settings in asked])
    alone = [single(whisper, chunk, settings) for settings in asked]
    for one, other in zip(together, alone, strict=True):
        assert one.words == other.words
    assert [r.facts.language for r in together] == ["en", "ja", "fr"]


def test_an_open_language_is_the_likeliest_of_those_that_come_into_question(
    random_whisper: Random,
) -> None:
    """What random weights hear is one language or another; which, they say the same each time."""
    whisper = random_whisper(80)
    some = DecodeSettings(beam_size=1, candidates=("fr", "de-AT", "ja"))
    for settings, tags in ((DecodeSettings(beam_size=1), whisper.facts.languages),
                           (some, some.candidates)):  # fmt: skip
        found = single(whisper, noise(2_000), settings)
        assert found.shares.keys() == set(tags)
        assert sum(found.shares.values()) == pytest.approx(1)
        assert found.language_probability == max(found.shares.values())
        assert found.shares[found.facts.language] == found.language_probability


def test_what_is_believed_of_a_film_decides_where_a_chunk_is_not_clear(
    random_whisper: Random,
) -> None:
    """Random weights prefer nothing so clearly that it turns."""
    whisper = random_whisper(80)
    features = Features(whisper.facts)
    for tag in ("ja", "fr"):
        belief = Belief(tag, {tag: 0.0})
        passage = features.passage(noise(2_000), DecodeSettings(beam_size=1), belief)
        (found,) = whisper.recognise([passage])
        assert found.facts.language == tag


def test_named_and_open_languages_share_a_batch(random_whisper: Random) -> None:
    whisper = random_whisper(80)
    features, open_one = Features(whisper.facts), DecodeSettings(beam_size=1)
    named = features.passage(noise(1_000, 9_000), DecodeSettings("de", beam_size=1))
    given, found = whisper.recognise([named, features.passage(noise(2_000), open_one)])
    assert (given.facts.language, given.language_probability, given.shares) == ("de", 1.0, {})
    assert found.facts.language == single(whisper, noise(2_000), open_one).facts.language


def test_what_was_decoded_open_is_what_is_decoded_in_that_language(random_whisper: Random) -> None:
    whisper = random_whisper(80)
    found = single(whisper, noise(2_000), DecodeSettings(beam_size=1))
    named = single(whisper, noise(2_000), DecodeSettings(found.facts.language, beam_size=1))
    assert (named.words, named.tokens) == (found.words, found.tokens)


def test_text_that_does_not_end_goes_on_to_whispers_own_limit(random_whisper: Random) -> None:
    """Random weights loop for ever."""
    found = single(random_whisper(80), noise(2_000), DecodeSettings("en", beam_size=1))
    assert found.facts.word_count > 100
    assert found.tokens == 224
    assert found.facts.compression_ratio > 2.4
    assert all(a.end_ms <= b.start_ms for a, b in pairwise(found.words))


@pytest.mark.parametrize("damage", [
    lambda f: (f / "model.bin").unlink(),
    lambda f: (f / "model.bin").write_bytes(b"version https://git-lfs.github.com/spec/v1\n"),
    lambda f: (f / "model.bin").write_bytes((f / "model.bin").read_bytes()[:5_000_000]),
    lambda f: (f / "config.json").unlink(),
    lambda f: (f / "config.json").write_text("{"),
    lambda f: (f / "tokenizer.json").unlink(),
    lambda f: (f / "tokenizer.json").write_text("{"),
    lambda f: (f / "vocabulary.json").unlink(),
    lambda f: (f / "preprocessor_config.json").write_text('{"feature_size": 128}'),
    lambda f: (f / "preprocessor_config.json").write_text("{"),
    lambda f: (f / "preprocessor_config.json").write_text("[]"),
    lambda f: (f / "polycue.json").write_text("{"),
], ids=["no weights", "a pointer to weights", "half the weights", "no config", "bad config",
        "no tokenizer", "bad tokenizer", "no vocabulary", "another model's features",
        "bad features", "odd features", "bad note"])  # fmt: skip
def test_a_damaged_model_is_refused_with_its_name(
    repository: Path, tmp_path: Path, damage: Callable[[Path], object]
) -> None:
    folder = tmp_path / "demo-en"
    shutil.copytree(repository / "demo" / "models" / "whisper" / "demo-en", folder)
    damage(folder)
    with pytest.raises(ModelDamaged, match="'my-model' is damaged"):
        Whisper.load(
            folder, "my-model", device="cpu", device_index=0, compute_type="int8", threads=1
        )


def test_a_compute_type_the_device_has_not_is_the_devices_fault(repository: Path) -> None:
    folder = repository / "demo" / "models" / "whisper" / "demo-en"
    with pytest.raises(DeviceUnavailable, match="int8_float16"):
        Whisper.load(
            folder, "demo-en", device="cpu", device_index=0, compute_type="int8_float16", threads=1
        )


def test_a_chunk_can_be_heard_again_at_a_temperature(
    demo_whisper: Whisper, film: list[Chunk]
) -> None:
    plain = single(demo_whisper, film[0])
    warm = single(demo_whisper, film[0], replace(ENGLISH, temperature=0.2))
    # The likeliest of five samples of clear speech is what the search finds, to a word or two.
    assert text_of(warm.words).split()[:5] == text_of(plain.words).split()[:5]
    assert (plain.facts.temperature, warm.facts.temperature) == (0.0, 0.2)
    assert plain.facts.speech_ms == film[0].speech_ms


def test_words_say_where_attention_had_put_them(demo_whisper: Whisper, film: list[Chunk]) -> None:
    found = single(demo_whisper, film[0])
    assert len(found.aligned) == len(found.words)
    for word, place in zip(found.words, found.aligned, strict=True):
        assert abs(word.start_ms - place.start_ms) < 1_500


def test_texts_of_a_rehearsal_are_as_long_as_they_are_told(demo_whisper: Whisper) -> None:
    assert demo_whisper.rehearse(rows=1, tokens=2) == 2
    assert demo_whisper.rehearse(rows=3, tokens=150) == 3 * 150
