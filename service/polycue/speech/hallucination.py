"""Words that nobody said: which are worth another try, which go, and which are only marked.

Text is dropped on two signals that do not depend on each other and never on one, so that a clear
word is never lost. A loop keeps one copy. All that is done is told (``Verdict``). ``speech`` is
where somebody is heard in the chunk in question.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from polycue.domain.audio import Span
from polycue.domain.chunk import Recognised
from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.domain.request import DefenceOptions
from polycue.domain.transcript import Word, text_of
from polycue.speech import signals
from polycue.speech.loops import find_loops, kept

# Alone it says too little: attention gives one sentence in ten of clear speech such times.
_WEAK = frozenset({Signal.WORD_ANOMALY})
# A chunk that is taken for silence with good words is no likelier to be better at a second try.
_WORTH_ANOTHER_TRY = frozenset(Signal) - {Signal.NO_SPEECH, Signal.PHRASE} - _WEAK
# Of both together openai/whisper says that nobody speaks, and tries no more.
_SILENCE = {Signal.NO_SPEECH, Signal.LOGPROB}
# A try that leaves out more of what was heard is no better, however sure it is.
_LEAST_SHARE_OF_WORDS = 0.6


def doubts(
    found: Recognised, speech: Sequence[Span], options: DefenceOptions
) -> tuple[Signal, ...]:
    """What speaks for hearing the chunk again, none where it is good or past help."""
    given = signals.of_chunk(found, speech, options)
    if set(given) >= _SILENCE or _WORTH_ANOTHER_TRY.isdisjoint(given):
        return ()
    return given


def better(
    one: Recognised, other: Recognised, speech: Sequence[Span], options: DefenceOptions
) -> bool:
    """Whether ``other``, a later try, is to take the place of ``one``.

    It has fewer signals against it, or as many and is surer of its words; but it must not have lost
    what was said: silence is never the better try, nor much less than one copy of a loop.
    """
    if len(other.words) < _LEAST_SHARE_OF_WORDS * len(_once(one)) or not other.words:
        return False
    return _rank(other, speech, options) < _rank(one, speech, options)


def redecoded(first: Recognised, chosen: Recognised, reasons: Sequence[Signal]) -> Recognised:
    """``chosen``, which says what it took the place of."""
    before, after = text_of(first.words), text_of(chosen.words)
    if before == after:
        return chosen
    words = first.words
    verdict = Verdict(
        words[0].start_ms, words[-1].end_ms, Remedy.REDECODED, before, tuple(reasons), after
    )
    return replace(chosen, verdicts=(verdict, *chosen.verdicts))


def defended(found: Recognised, speech: Sequence[Span], options: DefenceOptions) -> Recognised:
    """What is left when loops are cut to one copy and words that nobody said are gone or marked."""
    if not options.enabled or not found.words:
        return found
    judging = _Judging(found, speech, options)
    draft = _Draft(found.words, found.aligned or _places(found.words))
    left = judging.sifted(judging.without_loops(draft))
    verdicts = sorted(judging.verdicts, key=lambda verdict: verdict.start_ms)
    return replace(
        found,
        words=left.words,
        facts=replace(found.facts, word_count=len(left.words)),
        aligned=left.aligned if found.aligned else (),
        verdicts=(*found.verdicts, *verdicts),
    )


@dataclass(frozen=True, slots=True)
class _Draft:
    """Words and where attention had put them."""

    words: tuple[Word, ...] = ()
    aligned: tuple[Span, ...] = ()

    def part(self, numbers: Sequence[int]) -> "_Draft":
        return _Draft(
            tuple(self.words[n] for n in numbers), tuple(self.aligned[n] for n in numbers)
        )

    def followed_by(self, other: "_Draft", *, suspect: bool) -> "_Draft":
        words = other.words
        if suspect:
            words = tuple(replace(word, suspect=True) for word in words)
        return _Draft(self.words + words, self.aligned + other.aligned)

    def verdict(self, remedy: Remedy, given: Sequence[Signal], *, replacement: str = "") -> Verdict:
        start_ms, end_ms = self.words[0].start_ms, self.words[-1].end_ms
        return Verdict(start_ms, end_ms, remedy, text_of(self.words), tuple(given), replacement)


class _Judging:
    """One chunk's words on trial; ``verdicts`` is what was done so far."""

    def __init__(self, found: Recognised, speech: Sequence[Span], options: DefenceOptions) -> None:
        self._found, self._speech, self._options = found, speech, options
        self._deflates = found.facts.compression_ratio > options.max_compression_ratio
        self._looped: set[Word] = set()
        self.verdicts: list[Verdict] = []

    def without_loops(self, draft: _Draft) -> _Draft:
        """The draft with loops cut.

        People repeat themselves too: a loop is cut if something else speaks against its words as
        well, or if the whole text deflates as only a stuck decoder's does.
        """
        cut = []
        for loop in find_loops([word.text for word in draft.words]):
            whole = draft.part(range(loop.first, loop.after))
            copy = draft.part(range(loop.first, loop.first + loop.size))
            given = [Signal.LOOP, *([Signal.COMPRESSION] if self._deflates else ())]
            given += self._signals(whole)
            self._looped.update(whole.words)
            if len(given) > 1:
                cut.append(loop)
                text = text_of(copy.words)
                self.verdicts.append(whole.verdict(Remedy.COLLAPSED, given, replacement=text))
        return draft.part(kept(len(draft.words), cut))

    def sifted(self, draft: _Draft) -> _Draft:
        """The draft without the segments that two signs speak against; the doubtful are marked."""
        left = _Draft()
        for run in signals.segments(draft.words):
            part = draft.part(run)
            given = (*self._repetition(part), *self._signals(part))
            if signals.independent(given):
                self.verdicts.append(part.verdict(Remedy.DROPPED, given))
                continue
            doubted = not _WEAK.issuperset(given)
            if doubted:
                text = text_of(part.words)
                self.verdicts.append(part.verdict(Remedy.SUSPECTED, given, replacement=text))
            left = left.followed_by(part, suspect=doubted)
        return left

    def _signals(self, part: _Draft) -> tuple[Signal, ...]:
        found, speech = self._found, self._speech
        return signals.of_segment(part.words, part.aligned, found, speech, self._options)

    def _repetition(self, part: _Draft) -> tuple[Signal, ...]:
        """That it is what a loop left; that it deflates, where no loop explains it."""
        if not self._looped.isdisjoint(part.words):
            return (Signal.LOOP,)
        return (Signal.COMPRESSION,) if self._deflates and not self._looped else ()


def _once(found: Recognised) -> list[int]:
    words = [word.text for word in found.words]
    return kept(len(words), find_loops(words))


def _rank(found: Recognised, speech: Sequence[Span], options: DefenceOptions) -> tuple[int, float]:
    return len(signals.of_chunk(found, speech, options)), -found.facts.avg_logprob


def _places(words: Sequence[Word]) -> tuple[Span, ...]:
    return tuple(Span(word.start_ms, word.end_ms) for word in words)
