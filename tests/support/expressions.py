"""The expressions of the dashboard and of the rules, as Prometheus gets them."""

import json
import re
from pathlib import Path
from typing import Any

Panels = list[dict[str, Any]]
# What Grafana puts in the place of its variables; a rate is over more than a busy machine takes.
_FILLED_IN = {"$job": ".*", "$instance": ".*", "$__rate_interval": "30m"}
_NAME = re.compile(r"\b(?:polycue|process)_[a-z_]+")
_LABELS = re.compile(r"(\w+)\s*(?:=~|!~|!=|=)\s*\"([^\"]*)\"")


def of_dashboard(file: Path) -> Panels:
    return [panel for panel in json.loads(file.read_text())["panels"] if panel["type"] != "row"]


def expressions(panel: dict[str, Any]) -> list[str]:
    return [filled_in(target["expr"]) for target in panel["targets"]]


def filled_in(expr: str) -> str:
    for variable, value in _FILLED_IN.items():
        expr = expr.replace(variable, value)
    return expr


def metrics_in(expr: str) -> set[str]:
    return set(_NAME.findall(expr))


def values_in(expr: str) -> list[tuple[str, str]]:
    """Labels and what they are compared with, alternatives one by one."""
    return [(name, one) for name, text in _LABELS.findall(expr) for one in text.split("|")]
