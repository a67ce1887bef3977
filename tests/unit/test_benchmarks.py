"""What the benchmarks use is there. They run too long to be run here, and so went stale unseen."""

import ast
import importlib
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from scenarios import table

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
BENCHMARKS = sorted(FOLDER.rglob("*.py"))


def ours(path: Path) -> Iterator[tuple[str, str]]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        module = node.module if isinstance(node, ast.ImportFrom) else None
        if module and module.partition(".")[0] in {"polycue", "polycue_client"}:
            assert isinstance(node, ast.ImportFrom)
            yield from ((module, name.name) for name in node.names)


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_benchmark_finds_what_it_imports_of_ours(path: Path) -> None:
    for module, name in ours(path):
        if not hasattr(importlib.import_module(module), name):
            importlib.import_module(f"{module}.{name}")


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda path: str(path.relative_to(FOLDER)))
def test_a_benchmark_measures_the_real_thing_and_puts_nothing_in_its_place_by_force(
    path: Path,
) -> None:
    imported = {
        name.name if isinstance(node, ast.Import) else f"{node.module}.{name.name}"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert not {name for name in imported if name.startswith("unittest.mock")}


def test_a_scenario_that_does_not_end_when_it_is_told_to_is_killed() -> None:
    """Its callers waited for a server that was gone, and the whole table broke off with it."""
    deaf = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", deaf],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        assert process.stdout
        process.stdout.readline()
        table.stop(process, grace_s=0.1)
    assert process.returncode == -signal.SIGKILL
