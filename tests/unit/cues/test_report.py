from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.cues.layout import layout
from polycue.cues.lint.catalogue import CATALOGUE, chosen
from polycue.cues.presets import rules_for
from polycue.cues.report import ALL_RULES, MOST_LISTED, distribution, report_on
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.errors import InvalidRequest
from polycue.domain.report import Distribution, LintRule, Severity, TrackReport
from polycue.domain.request import LayoutOptions
from polycue.domain.transcript import Word

RULES = rules_for(LayoutOptions(), "en", None)


def lint(*cues: Cue, wanted: frozenset[LintRule] = ALL_RULES) -> TrackReport:
    return report_on(cues, RULES, preset="netflix", wanted=wanted)


def test_every_rule_is_in_the_report_whether_it_could_be_checked_or_not() -> None:
    results = lint(Cue(0, 2000, ("Hello.",))).rules
    assert {result.rule for result in results} == set(LintRule) == set(CATALOGUE)
    for result in results:
        assert (result.count is None) == bool(result.why_not)


def test_breaches_are_also_counted_per_thousand_cues() -> None:
    fast, calm = Cue(0, 1000, ("m" * 30,)), Cue(3000, 5000, ("Hello.",))
    (speed,) = (r for r in lint(fast, calm).rules if r.rule is LintRule.READING_SPEED)
    assert (speed.count, speed.per_thousand, speed.limit) == (1, 500.0, 20)


def test_a_film_without_cues_has_a_report_too() -> None:
    empty = lint()
    assert (empty.cue_count, empty.clean_cue_count, empty.violations) == (0, 0, ())
    assert empty.reading_speed is None
    assert empty.iwslt is None
    assert empty.rules[0].count == 0
    assert empty.rules[0].per_thousand is None


def test_percentiles_are_by_nearest_rank() -> None:
    assert distribution(range(1, 101)) == Distribution(5, 50, 90, 95, 100)
    assert distribution([7]) == Distribution(7, 7, 7, 7, 7)
    assert distribution([]) is None


def test_conformity_with_iwslt_does_not_depend_on_the_preset() -> None:
    cues = [Cue(0, 2000, ("m" * 42,)), Cue(3000, 4000, ("m" * 22,)), Cue(5000, 9000, ("m" * 43,))]
    for rules in (RULES, replace(RULES, max_line_chars=20, max_chars_per_second=9)):
        assert report_on(cues, rules, preset="").iwslt == pytest.approx(1 / 3, abs=1e-4)


def test_doubtful_words_are_counted_where_words_say_how_likely_they_are() -> None:
    plain = Cue(0, 2000, ("Hello.",))
    assert lint(plain).low_confidence_count is None
    word = Word("Hello.", 0, 900, 0.1)
    doubted = replace(plain, words=(word,), flags=frozenset({CueFlag.LOW_CONFIDENCE}))
    assert (lint(doubted).low_confidence_count, lint(doubted).suspect_count) == (1, 0)


def test_the_list_ends_and_the_counts_do_not() -> None:
    cues = [Cue(2 * n, 2 * n + 1, ("m" * 50,)) for n in range(3000)]
    found = lint(*cues)
    assert len(found.violations) == MOST_LISTED
    assert found.violations_left_out == sum(r.count or 0 for r in found.rules) - MOST_LISTED > 0


def test_rules_can_be_chosen_and_ignored() -> None:
    assert chosen(["max-duration", "LINES"], []) == {LintRule.MAX_DURATION, LintRule.LINES}
    assert chosen([], ["lines"]) == frozenset(LintRule) - {LintRule.LINES}
    found = lint(Cue(0, 100, ("m" * 50,)), wanted=frozenset({LintRule.LINE_LENGTH}))
    assert [v.rule for v in found.violations] == [LintRule.LINE_LENGTH]
    assert sum(r.count is not None for r in found.rules) == 1


def test_an_unknown_rule_is_refused_with_those_there_are() -> None:
    with pytest.raises(InvalidRequest, match="no rule 'cpl'; there are lines, line_length"):
        chosen([], ["cpl"])


WORDS = st.lists(
    st.tuples(st.text("abcdeáñß.,?-", min_size=1, max_size=12), st.integers(0, 2500)),
    max_size=25,
)


@given(WORDS, st.sampled_from(["en", "de", "fr", "xx"]))
def test_what_is_laid_out_here_breaks_no_hard_rule_but_for_lack_of_room(
    spoken: list[tuple[str, int]], language: str
) -> None:
    words, at_ms = [], 0
    for text, pause_ms in spoken:
        at_ms += pause_ms
        words.append(Word(text, at_ms, at_ms + 40 * len(text)))
        at_ms += 40 * len(text)
    rules = rules_for(LayoutOptions(), language, None)
    found = report_on(layout(words, rules), rules, preset="netflix")
    hard = {r.rule for r in found.rules if r.severity is Severity.HARD and r.count}
    assert hard <= {LintRule.MIN_DURATION, LintRule.LINE_LENGTH}
    assert not any(r.count for r in found.rules if r.rule is LintRule.FLICKER)
