"""The list of faults says what is true."""

import ast
from pathlib import Path

import pytest

from faults.table import FAULTS

TESTS = Path(__file__).parents[1]


def names_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.short
def test_all_faults_are_listed_once_and_with_a_test_or_a_reason() -> None:
    assert [fault.number for fault in FAULTS] == list(range(1, 46))
    assert [fault.number for fault in FAULTS if not (fault.tests or fault.left_out)] == []
    assert sum(bool(fault.tests) for fault in FAULTS) >= 40


@pytest.mark.short
def test_every_test_that_is_named_exists() -> None:
    named = {name for fault in FAULTS for name in fault.tests}
    missing = [
        n for n in named if n.partition("::")[2] not in names_in(TESTS / n.partition("::")[0])
    ]
    assert sorted(missing) == []
