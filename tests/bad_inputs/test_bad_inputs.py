"""A few of the bad inputs, through real servers; ``make test-bad-inputs`` has all of them.

How long each takes is held against its limit there: these run beside other tests.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import pytest

from bad_inputs import corpus
from bad_inputs.bench import AT_ONCE, Bench, Missing, opened
from bad_inputs.entry import Entry
from bad_inputs.fuzz import tried
from bad_inputs.verdict import internal_text
from polycue.media import sandbox

_FEW = ("1", "4b", "11", "22", "35", "40", "61", "69", "70", "72", "73", "74", "80", "86b")
_ATTACKS = ("1", "4b", "11")


def chosen(numbers: Sequence[str]) -> list[Entry]:
    return [entry for entry in corpus.entries() if entry.number in numbers]


@pytest.fixture(scope="module")
def bench() -> Iterator[Bench]:
    with opened(chosen(_FEW)) as bench:
        yield bench


@pytest.mark.parametrize(
    "message",
    ["no room in /srv/data/x", "file:/srv/a b.mp4", "inputs/0/film: Invalid data", "@ 0x55d0c8"],
)
def test_a_message_that_tells_of_the_server_is_noticed(message: str) -> None:
    assert internal_text(message)


@pytest.mark.parametrize(
    "message", ["jobs/3f/artifacts/a.srt", "audio/mpeg at 30000/1001", "http://host/a.ts"]
)
def test_a_message_of_the_callers_own_names_is_none(message: str) -> None:
    assert internal_text(message) == ""


def test_bad_inputs_come_to_what_they_must(bench: Bench) -> None:
    found = bench.run("all defences", at_once=AT_ONCE // 2, most_s=math.inf)

    assert found.problems == []


@pytest.mark.parametrize("missing", [Missing.WHITELISTS, Missing.SANDBOX])
def test_each_defence_alone_keeps_an_attack_off(bench: Bench, missing: Missing) -> None:
    if missing is Missing.WHITELISTS and not sandbox.layers()["landlock"]:
        pytest.skip("this kernel has no Landlock")
    only = chosen(_ATTACKS)
    found = bench.run(f"without {missing}", missing=missing, only=only, most_s=math.inf)

    assert found.problems == []


def test_without_any_defence_the_same_attacks_succeed(bench: Bench) -> None:
    found = bench.run("without either", missing=Missing.BOTH, only=chosen(_ATTACKS))

    assert {"HTTP /x.ts", "seg.ts", "HTTP /a.m3u8"} <= set(found.touched)


def test_damaged_files_of_many_kinds_end_in_errors_of_our_own(tmp_path: Path) -> None:
    ends = [end for _, end in islice(tried(tmp_path, seed=1, most_s=math.inf), 12)]

    assert [end for end in ends if end.startswith("!")] == []
