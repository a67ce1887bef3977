"""A real Prometheus looks at a real server that has worked: nothing is asked that has no answer."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support.expressions import Panels, expressions
from support.loaded import loaded
from support.prometheus import Prometheus, program, watching
from support.studio import cut

pytestmark = pytest.mark.timeout(600)  # two films, with a server and a Prometheus beside them

# Of these there is nothing to see where nothing goes wrong, models run in threads, traces are off.
QUIET = {
    "polycue_calls_refused_total",
    "polycue_jobs_let_go_total",
    'polycue_batches_total{job=~".*", instance=~".*", outcome="failed"}',
    "polycue_batches_halved_total",
    "polycue_engine_restarts_total",
    "polycue_engine_up",
    "polycue_models_let_go_total",
    "polycue_reloads_total",
    "polycue_spans_total",
}


@pytest.fixture(scope="module")
def prometheus(
    repository: Path, monitoring: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    """It has looked before every kind of work and behind it."""
    program("prometheus")
    folder = tmp_path_factory.mktemp("loaded")
    import_models(repository / "demo" / "models", ModelStore(folder / "models"))
    clip = cut(repository / "demo" / "tour.mp4", folder / "clip.mp4", seconds=12.0)
    with (
        loaded(repository, folder / "models", clip, folder) as server,
        watching([server.metrics], monitoring / "polycue.rules.yml", folder) as prometheus,
    ):
        prometheus.has_looked_again()
        for _ in range(2):  # what was not there before the first time has grown by the second
            server.work()
            prometheus.has_looked_again()
        prometheus.finds('polycue_jobs{state="running"} == 0')  # which is told now and then
        yield prometheus


def test_every_expression_is_understood_and_has_an_answer(
    prometheus: Prometheus, panels: Panels
) -> None:
    empty = {expr for panel in panels for expr in expressions(panel) if not prometheus.ask(expr)}
    assert not [expr for expr in empty if not any(name in expr for name in QUIET)]


def test_every_rule_is_evaluated_without_a_problem(
    prometheus: Prometheus, rules: list[dict[str, Any]]
) -> None:
    groups = prometheus.get("rules")["groups"]
    found = [rule for group in groups for rule in group["rules"]]
    assert len(found) == len(rules)
    assert {(rule["name"], rule["health"], rule.get("lastError", "")) for rule in found} == {
        (rule.get("alert") or rule["record"], "ok", "") for rule in rules
    }


def test_what_rules_record_is_there(prometheus: Prometheus, rules: list[dict[str, Any]]) -> None:
    for rule in rules:
        if "record" in rule:
            # Over a time, since a look that failed leaves a hole in what is recorded, too.
            assert prometheus.ask(f"last_over_time({rule['record']}[30m])"), rule["record"]


def test_a_server_that_is_well_raises_no_alarm(prometheus: Prometheus) -> None:
    allowed = {"PolycueSandboxLayerMissing"}  # of the machine that the tests run on
    firing = prometheus.ask('ALERTS{alertstate="firing"}')
    assert {alert["metric"]["alertname"] for alert in firing} <= allowed


def test_the_work_that_was_done_is_what_is_told(prometheus: Prometheus) -> None:
    def number(expr: str) -> float:
        (series,) = prometheus.ask(expr)
        return float(series["value"][1])

    assert number('sum(polycue_jobs_ended_total{state="succeeded"})') == 4
    assert number('sum(polycue_jobs_ended_total{state="failed", reason="NOT_MEDIA"})') == 2
    assert number('sum(polycue_tracks_total{made="translated"})') == 2 * 2 + 2
    assert number('sum(polycue_tracks_total{made="retimed"})') == 2
    assert number('sum(polycue_stage_seconds_count{stage="mux"})') == 2
    assert number("sum(polycue_recognised_audio_seconds_total)") > 60
    for stage in ("bring", "probe", "decode", "cut", "listen", "translate", "layout", "render"):
        assert number(f'sum(polycue_stage_seconds_count{{stage="{stage}"}})') > 0, stage


def test_the_dashboard_is_drawn_without_grafana(
    prometheus: Prometheus, monitoring: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "queue.png"
    command: list[str | Path] = [sys.executable, monitoring / "preview.py", "-o", picture]
    command += ["--prometheus", prometheus.address, "--minutes", "1", "--row", "Queue"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert picture.read_bytes().startswith(b"\x89PNG")
