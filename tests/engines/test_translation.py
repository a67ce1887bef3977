"""The demo packages through the real translator.

They may be trained anew, so that single sentences may change: shares are asserted where the words
of a translation are, equality where two ways of running the same weights are.
"""

import json
import shutil
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import ctranslate2
import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    Cancelled,
    DeviceUnavailable,
    ModelDamaged,
    PairNotInstalled,
)
from polycue.domain.transcript import Sentence, Word, text_of
from polycue.domain.translation import MOST_HYPOTHESES, Rung, Search, Term
from polycue.engine.backends.threads import ThreadTexts
from polycue.engine.devices import Device
from polycue.engine.texts.memory import TextMemory
from polycue.engine.texts.translator import Translator
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.pipeline.attempts import Wishes
from polycue.pipeline.translating import translate_sentences
from polycue.translation.argos import ArgosModel, SentencePieces
from polycue.translation.guard import objection
from polycue.translation.packages import Package, Packages
from polycue.translation.retime import retime
from polycue.translation.terms import Glossary, kept

Script = list[dict[str, str]]
MANY = Search(hypotheses=MOST_HYPOTHESES)


def best(translator: Translator, texts: Sequence[str], route: tuple[str, ...]) -> list[str]:
    """The best translation of each, "" where there is none."""
    found = translator.translate(texts, route, cancel=CancelToken())
    return [hypotheses[0].text if hypotheses else "" for hypotheses in found]


@pytest.fixture(scope="module")
def store(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    store = ModelStore(tmp_path_factory.mktemp("models"))
    import_models(repository / "demo" / "models" / "argos", store)
    return store


@pytest.fixture(scope="module")
def packages(store: ModelStore) -> Packages:
    return Packages(store.argos_root)


@pytest.fixture(scope="module")
def translator(packages: Packages) -> Translator:
    return Translator(packages, ThreadTexts(Device("cpu", 0, "auto", 2)))


@pytest.fixture(scope="module")
def model(packages: Packages) -> ArgosModel:
    return ArgosModel.load(packages.find("en", "es"), threads=2)


@pytest.fixture(scope="module")
def script(repository: Path) -> Script:
    """What the film's narrators say, in three languages; none of it was trained on."""
    sentences = json.loads((repository / "demo" / "script.json").read_text())["sentences"]
    return [{tag: sentence[tag] for tag in ("en", "es", "de")} for sentence in sentences]


@pytest.mark.parametrize(
    ("source", "target", "route", "least"),
    [
        ("en", "es", ("en", "es"), 0.9),
        ("en", "de", ("en", "de"), 0.9),
        ("es", "de", ("es", "en", "de"), 0.85),
    ],
)
def test_the_films_script_is_translated_word_for_word(
    translator: Translator,
    script: Script,
    source: str,
    target: str,
    route: tuple[str, ...],
    least: float,
) -> None:
    assert translator.route(source, target) == route
    texts = best(translator, [s[source] for s in script], route)
    exact = sum(text == s[target] for text, s in zip(texts, script, strict=True))
    assert exact >= least * len(script), [
        (text, s[target]) for text, s in zip(texts, script, strict=True) if text != s[target]
    ]


def test_demo_packages_say_that_they_are(packages: Packages) -> None:
    assert all(package.demo for package in packages.installed())
    assert packages.damaged() == ()


def test_a_batch_is_translated_as_its_sentences_are_one_by_one(
    translator: Translator, script: Script
) -> None:
    texts = [s["en"] for s in script]
    together = best(translator, texts, ("en", "de"))
    apart = [best(translator, [text], ("en", "de"))[0] for text in texts]
    assert together == apart


def test_the_text_is_what_argos_makes_of_the_same_pieces(
    packages: Packages, model: ArgosModel, script: Script
) -> None:
    texts = [s["en"] for s in script]
    ours = [found[0].text for found in model.translate(texts, MANY)]
    assert ours == _as_argos(packages.find("en", "es"), texts)


def _as_argos(package: Package, texts: Sequence[str]) -> list[str]:
    """Line by line, as ``apply_packaged_translation`` of argostranslate 1.11 does."""
    from argostranslate.tokenizer import SentencePieceTokenizer

    tokenizer = SentencePieceTokenizer(package.path / "sentencepiece.model")
    translator = ctranslate2.Translator(str(package.path / "model"), compute_type="auto")
    lines = []
    for text in texts:
        result = translator.translate_batch(
            [tokenizer.encode(text)],
            replace_unknowns=True,
            max_batch_size=32,
            batch_type="tokens",
            beam_size=4,
            num_hypotheses=1,
            length_penalty=0.2,
            return_scores=True,
        )[0]
        lines.append(tokenizer.decode(result.hypotheses[0]).removeprefix(" "))
    return lines


def test_what_has_no_words_comes_back_as_it_is(translator: Translator) -> None:
    texts = ["", "   ", "...", "♪ ♪", "Look closely.", "Look closely."]
    found = best(translator, texts, ("en", "es"))
    assert found[:4] == ["", "", "...", "♪ ♪"]
    assert found[4] == found[5] != ""


def test_a_line_break_does_not_cut_a_sentence(model: ArgosModel) -> None:
    broken, whole = model.translate(
        ["The small house\nstands  here.", "The small house stands here."], MANY
    )
    assert broken == whole
    assert "\n" not in broken[0].text


@pytest.mark.parametrize(
    "text",
    ["word " * 2000, "x" * 20_000, "\u0000\ufffe", "字" * 400, "🎉🎉🎉 party", "a_b_c d_e"],
)
def test_hostile_text_ends_and_is_judged(translator: Translator, text: str) -> None:
    (found,) = best(translator, [text], ("en", "es"))
    assert len(found) < 20_000
    if not found:
        assert objection(text, found, "en", "es") is not None or not text.strip("\u0000\ufffe ")


def test_a_text_longer_than_the_model_takes_is_not_cut_but_left(model: ArgosModel) -> None:
    assert model.translate(["The river runs. " * 400], MANY) == [()]


def test_nothing_to_translate_is_nothing(translator: Translator) -> None:
    assert translator.translate([], ("en", "es"), cancel=CancelToken()) == []
    assert best(translator, ["Hola."], ("es",)) == ["Hola."]


def test_a_cancelled_translation_stops(translator: Translator) -> None:
    cancel = CancelToken()
    cancel.cancel()
    with pytest.raises(Cancelled):
        translator.translate(["Look closely."], ("en", "es"), cancel=cancel)


def test_a_pair_that_is_not_there_is_named(translator: Translator) -> None:
    with pytest.raises(PairNotInstalled, match="de to es"):
        translator.route("de", "es")
    with pytest.raises(PairNotInstalled):
        translator.translate(["Hallo."], ("de", "es"), cancel=CancelToken())


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("sentencepiece.model", b"not a model"),
        ("sentencepiece.model", None),
        ("model/model.bin", b"not weights"),
        ("model/config.json", b"{"),
        ("model/shared_vocabulary.json", None),
    ],
)
def test_a_damaged_package_is_named(
    packages: Packages, tmp_path: Path, file: str, content: bytes | None
) -> None:
    folder = tmp_path / "damaged"
    shutil.copytree(packages.find("en", "es").path, folder)
    if content is None:
        (folder / file).unlink()
    else:
        (folder / file).write_bytes(content)
    with pytest.raises(ModelDamaged, match="damaged"):
        ArgosModel.load(Packages(tmp_path).find("en", "es"))


def test_a_compute_type_the_device_lacks_is_named(packages: Packages) -> None:
    with pytest.raises(DeviceUnavailable):
        ArgosModel.load(packages.find("en", "es"), compute_type="int4_nonsense")


def test_the_prefix_a_package_declares_is_sent_and_taken_off(
    packages: Packages, model: ArgosModel
) -> None:
    """The prefix here is the piece the model begins with anyway, so that the rest is the same."""
    package = packages.find("en", "es")
    sentence = "The small house stands near the water."
    whole = model.translate([sentence], MANY)[0][0].text
    first = SentencePieces(package.path / "sentencepiece.model").encode(whole)[0]
    prefixed = ArgosModel.load(replace(package, target_prefix=first))
    rest = prefixed.translate([sentence], MANY)[0][0].text
    assert whole.endswith(rest)
    assert len(rest) < len(whole)


def test_a_translation_lies_on_the_time_of_the_speech(
    translator: Translator, script: Script
) -> None:
    texts = [s["en"] for s in script]
    translated = best(translator, texts, ("en", "es"))
    for source, target in zip(texts, translated, strict=True):
        assert objection(source, target, "en", "es") is None
        words = source.split()
        sentence = Sentence(tuple(Word(w, 400 * i, 400 * i + 300) for i, w in enumerate(words)))
        timed = retime(sentence, target, "es")
        assert text_of(timed) == target
        assert timed[0].start_ms == 0
        assert timed[-1].end_ms == sentence.end_ms


def test_the_first_of_several_hypotheses_is_the_one_that_comes_alone(
    translator: Translator, script: Script
) -> None:
    texts = [s["en"] for s in script]
    several = translator.translate(texts, ("en", "es"), MANY, cancel=CancelToken())
    assert [hypotheses[0].text for hypotheses in several] == best(translator, texts, ("en", "es"))
    for hypotheses in several:
        assert len({h.text for h in hypotheses}) == len(hypotheses) > 1
        assert [h.score for h in hypotheses] == sorted((h.score for h in hypotheses), reverse=True)


def test_a_pivot_gives_two_by_two(translator: Translator, script: Script) -> None:
    texts = [s["es"] for s in script]
    several = translator.translate(texts, ("es", "en", "de"), MANY, cancel=CancelToken())
    assert all(1 <= len(hypotheses) <= 4 for hypotheses in several)
    assert max(map(len, several)) > 2


def test_forbidden_repeats_do_not_come(model: ArgosModel) -> None:
    # The demo model, which knows whole sentences only, says a lone phrase again and again.
    ((first, *_),) = model.translate(["near the water"], MANY)
    ((other, *_),) = model.translate(["near the water"], Search(no_repeat_ngram=3))
    assert first.text.count("cerca del agua") > 1 >= other.text.count("cerca del agua")


def test_a_term_is_in_the_translation_or_it_is_told(translator: Translator, script: Script) -> None:
    """How often it is there hangs on the model; ours look at what they translate."""
    spoken = [Sentence(tuple(Word(w, 0, 1) for w in s["en"].split())) for s in script]
    terms = [Term("old"), Term("wolf", "lobezno"), Term("Every morning", "A diario")]
    wishes = Wishes(Glossary.of(terms))
    done = translate_sentences(translator, spoken, ("en", "es"), wishes, cancel=CancelToken())
    told = {fallback.source for fallback in done.fallbacks if fallback.rung is Rung.WITHOUT_TERM}
    found = 0
    for sentence, part in zip(spoken, done.parts, strict=True):
        due = wishes.glossary.find(sentence.text)
        assert kept(text_of(part), due) or sentence.text in told
        found += bool(due)
    assert len(told) <= found / 10
    assert done.kept == frozenset()


def test_a_pivot_knows_where_a_word_comes_from(translator: Translator) -> None:
    """Not every word does; but where it is known it must be right through both legs."""
    source = "El lobo viejo duerme cerca del agua."
    ((best, *_),) = translator.translate(
        [source], ("es", "en", "de"), Search(with_links=True), cancel=CancelToken()
    )
    words = best.text.split()
    assert len(best.links) == len(words)
    assert source.split()[best.links[words.index("Wolf")]] == "lobo"


@pytest.mark.parametrize("beam_size", [1, 2, 10])
def test_a_beam_offers_as_many_as_it_holds(
    model: ArgosModel, script: Script, beam_size: int
) -> None:
    texts = [s["en"] for s in script][:6]
    asked = Search(min(MOST_HYPOTHESES, beam_size), beam_size=beam_size, with_links=True)
    for hypotheses in model.translate(texts, asked):
        assert 1 <= len(hypotheses) <= asked.hypotheses
        assert all(len(h.links) == len(h.text.split()) for h in hypotheses)


@pytest.mark.parametrize("search", [MANY, Search(with_links=True), Search(beam_size=1)])
def test_a_translation_does_not_hang_on_who_shares_the_call(
    model: ArgosModel, script: Script, search: Search
) -> None:
    # Of a beam of several texts CTranslate2 gave some the attention of others, and terms took the
    # places of the wrong words.
    texts = [s["en"] for s in script]
    texts += ["near the water", " ".join(texts[:8])]  # one that loops, and a very long one
    together = model.translate(texts, search)
    for text, found in zip(texts, together, strict=True):
        (alone,) = model.translate([text], search)
        assert [(h.text, h.links) for h in found] == [(h.text, h.links) for h in alone]
        # Sums of another order, rounded to int8 again in each layer.
        assert [h.score for h in found] == pytest.approx([h.score for h in alone], abs=0.05)


def test_callers_at_once_have_what_each_has_alone(packages: Packages, script: Script) -> None:
    routes = [("en", "es"), ("en", "de"), ("es", "en", "de"), ("en", "es")]
    texts = [[s[route[0]] for s in script][number:] for number, route in enumerate(routes)]

    def translated(translator: Translator, number: int) -> list[list[str]]:
        found = translator.translate(texts[number], routes[number], MANY, cancel=CancelToken())
        return [[h.text for h in hypotheses] for hypotheses in found]

    shared = Translator(packages, ThreadTexts(Device("cpu", 0, "auto", 1, workers=2)))
    with ThreadPoolExecutor(len(routes)) as pool:
        together = list(pool.map(lambda n: translated(shared, n), range(len(routes))))
    shared.close()
    for number, found in enumerate(together):
        alone = Translator(packages, ThreadTexts(Device("cpu", 0, "auto", 1)), TextMemory(0))
        assert translated(alone, number) == found
        alone.close()
