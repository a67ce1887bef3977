"""The dashboard and the rules, as far as they can be judged by reading them."""

import importlib.util
import re
from pathlib import Path
from typing import Any

from polycue import metrics
from polycue.domain.defence import Remedy, Signal
from polycue.domain.report import LintRule
from polycue.jobs.job import JobState
from polycue.rpc.status import TABLE
from support.expressions import Panels, expressions, metrics_in, values_in

Rules = list[dict[str, Any]]
_PARTS = ("_bucket", "_sum", "_count")
_OF_GRAFANA = {"short", "s", "percentunit", "bytes", "Bps", "reqps", "ops"}


def counted() -> set[str]:
    """The names of all series there can be."""
    names = set()
    for family in metrics.REGISTRY.collect():
        if family.type == "counter":
            names.add(f"{family.name}_total")
        elif family.type == "histogram":
            names |= {f"{family.name}{part}" for part in _PARTS}
        else:
            names.add(family.name)
    return names


def all_of(panels: Panels, rules: Rules) -> list[str]:
    return [expr for panel in panels for expr in expressions(panel)] + [r["expr"] for r in rules]


def test_the_dashboard_is_what_its_panels_say(monitoring: Path) -> None:
    spec = importlib.util.spec_from_file_location("dashboard", monitoring / "dashboard.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    written = (monitoring / "polycue-dashboard.json").read_text()
    assert module.text() == written, "run: python deploy/monitoring/dashboard.py"


def test_every_panel_says_what_it_shows_and_in_which_unit(panels: Panels) -> None:
    assert len({panel["title"] for panel in panels}) > 40
    for panel in panels:
        assert panel["description"].endswith(".")
        assert panel["fieldConfig"]["defaults"]["unit"] in _OF_GRAFANA
        assert panel["targets"]
        for target in panel["targets"]:
            assert len(panel["targets"]) == 1 or target["legendFormat"] != "__auto"


def test_panels_fill_the_page_and_do_not_lie_on_each_other(panels: Panels) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in panels:
        place = panel["gridPos"]
        across, down = (
            range(place["x"], place["x"] + place["w"]),
            range(place["y"], place["y"] + place["h"]),
        )
        own = {(x, y) for x in across for y in down}
        assert max(across) < 24
        assert taken.isdisjoint(own)
        taken |= own
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_all_that_is_asked_for_is_counted(panels: Panels, rules: Rules) -> None:
    recorded = {rule["record"] for rule in rules if "record" in rule}
    for expr in all_of(panels, rules):
        for name in metrics_in(re.sub(r"polycue:[\w:]+", "", expr)):
            assert name in counted(), expr
        assert set(re.findall(r"polycue:[\w:]+", expr)) <= recorded


def test_nearly_all_that_is_counted_is_shown(panels: Panels) -> None:
    shown = {name for panel in panels for expr in expressions(panel) for name in metrics_in(expr)}
    bases = {re.sub(r"_(bucket|sum|count|total)$", "", name) for name in shown}
    for family in metrics.REGISTRY.collect():
        if family.name.startswith("polycue_"):
            assert family.name in bases, f"no panel shows {family.name}"


def test_labels_are_compared_with_what_they_can_be(panels: Panels, rules: Rules) -> None:
    can_be = {
        "state": {state.value for state in JobState},
        "rule": {rule.value for rule in LintRule},
        "remedy": {remedy.value for remedy in Remedy},
        "signal": {signal.value for signal in Signal},
        "urgency": {"live", "batch"},
        "made": {"heard", "translated", "retimed"},
        "store": {"sqlite", "postgresql", "folder", "bucket"},
    }
    reasons = {row.reason for row in TABLE.values()} | {"INTERNAL"}
    for expr in all_of(panels, rules):
        for label, value in values_in(expr):
            if label in can_be:
                assert value in can_be[label], expr
            if label == "reason" and value:
                assert any(re.fullmatch(value, reason) for reason in reasons), value


def test_every_alert_says_how_bad_it_is_and_what_to_do(rules: Rules, repository: Path) -> None:
    pages: dict[str, set[str]] = {}
    alerts = [rule for rule in rules if "alert" in rule]
    assert len(alerts) > 20
    for alert in alerts:
        assert alert["labels"]["severity"] in {"warning", "critical"}
        assert alert["annotations"]["summary"]
        page, _, section = alert["annotations"]["runbook"].partition("#")
        if page not in pages:
            pages[page] = headings(repository / page)
        assert section in pages[page], alert["alert"]


def headings(page: Path) -> set[str]:
    """As links name them."""
    found = re.findall(r"^#+ (.*)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).lower().replace(" ", "-") for each in found}
