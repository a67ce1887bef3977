"""Scores subtitle files against references. Runs in an environment of its own (quality.lock).

``quality.py`` calls it: reads a JSON list of ``{"hypothesis": SRT, "reference": SRT, "measures":
[...]}`` from stdin, texts and not paths, and writes ``{"versions": {...}, "scores": [...]}``.
"""

import json
import sys
import tempfile
import unicodedata
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jiwer
import sacrebleu
from suber.file_readers import SRTFileReader
from suber.hyp_to_ref_alignment import (
    levenshtein_align_hypothesis_to_reference,
    time_align_hypothesis_to_reference,
)
from suber.metrics.suber import calculate_SubER

PACKAGES = ("jiwer", "sacrebleu", "subtitle-edit-rate")
NORMALISED = "NFKC, case folded, without punctuation and symbols"


def score(case: dict[str, Any]) -> dict[str, Any]:
    """Each measure with its signature; those that were not asked for are None."""
    hypothesis, reference = segments(case["hypothesis"]), segments(case["reference"])
    found: dict[str, Any] = dict.fromkeys(("suber", "wer", "cer", "bleu", "chrf", "t_bleu"))
    wanted = case["measures"]
    if "suber" in wanted:
        found["suber"] = suber(hypothesis, reference)
    if "errors" in wanted:
        found["wer"], found["cer"] = errors(text_of(hypothesis), text_of(reference))
    if "translation" in wanted:
        aligned = levenshtein_align_hypothesis_to_reference(hypothesis, reference)
        bleu, chrf = sacrebleu.BLEU(), sacrebleu.CHRF(word_order=2)
        found["bleu"] = corpus(bleu, aligned, reference, "words aligned by edit distance")
        found["chrf"] = corpus(chrf, aligned, reference, "words aligned by edit distance")
        timed = time_align_hypothesis_to_reference(hypothesis, reference)
        found["t_bleu"] = corpus(sacrebleu.BLEU(), timed, reference, "words aligned by time")
    return found


def segments(srt: str) -> list[Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "subtitles.srt"
        path.write_text(srt, encoding="utf-8")
        return list(SRTFileReader(str(path)).read())


def text_of(found: list[Any]) -> str:
    return " ".join(word.string for segment in found for word in segment.word_list)


def suber(hypothesis: list[Any], reference: list[Any]) -> dict[str, Any]:
    value = calculate_SubER(hypothesis, reference, metric="SubER")
    signature = f"SubER|case:lc|punct:no|version:{version('subtitle-edit-rate')}"
    return {"score": value, "signature": signature}


def errors(hypothesis: str, reference: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Word and character errors in percent, of normalised text; raw ones beside them."""
    said, meant = normalised(hypothesis), normalised(reference)
    words, raw = jiwer.process_words(meant, said), jiwer.process_words(reference, hypothesis)
    signature = f"jiwer {version('jiwer')}, {NORMALISED}"
    word_errors = {
        "score": round(100 * words.wer, 3),
        "score_as_written": round(100 * raw.wer, 3),
        "words": words.hits + words.substitutions + words.deletions,
        "substitutions": words.substitutions,
        "deletions": words.deletions,
        "insertions": words.insertions,
        "signature": f"{signature}; as written: nothing is normalised",
    }
    characters = {"score": round(100 * jiwer.cer(meant, said), 3), "signature": signature}
    return word_errors, characters


def normalised(text: str) -> str:
    """As the figures' signature says; marks of scripts such as Devanagari stay."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    kept = (" " if unicodedata.category(char)[0] in "PS" else char for char in folded)
    return " ".join("".join(kept).split())


def corpus(
    metric: Any, hypothesis: list[Any], reference: list[Any], alignment: str
) -> dict[str, Any]:
    said = [text_of([segment]) for segment in hypothesis]
    meant = [text_of([segment]) for segment in reference]
    value = metric.corpus_score(said, [meant]).score
    return {"score": round(value, 3), "signature": f"{metric.get_signature()}; {alignment}"}


def main() -> None:
    cases = json.load(sys.stdin)
    report = {
        "versions": {name: version(name) for name in PACKAGES},
        "scores": [score(case) for case in cases],
    }
    json.dump(report, sys.stdout)


if __name__ == "__main__":
    main()
