"""Write ``polycue-dashboard.json`` for Grafana from ``panels.toml``: ``python dashboard.py``."""

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

FILE = Path(__file__).with_name("polycue-dashboard.json")
_PANELS = Path(__file__).with_name("panels.toml")
_WIDTH = 8  # of a panel, where nothing is said
_SERVERS = 'job=~"$job", instance=~"$instance"'
_WINDOW = "$__rate_interval"
_PAGE, _GRAPH_HEIGHT, _STAT_HEIGHT = 24, 8, 4
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_GREEN, _RED = "green", "red"

_Panel = dict[str, Any]


def dashboard() -> dict[str, Any]:
    """The whole file, in the model of Grafana 10 and later (schema 39)."""
    return {
        "title": "polycue",
        "uid": "polycue",
        "description": "A polycue service; docs/operations.md says what the numbers mean.",
        "tags": ["polycue"],
        "schemaVersion": 39,
        "version": 1,
        "editable": True,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-3h", "to": "now"},
        "graphTooltip": 1,
        "templating": {"list": _variables()},
        "annotations": {"list": [_alerts()]},
        "panels": _placed(),
    }


def written(expr: str) -> str:
    """An expression as Grafana gets it."""
    return expr.replace("$S", _SERVERS).replace("$W", _WINDOW)


def _variables() -> list[dict[str, Any]]:
    return [
        {"name": "datasource", "label": "Data source", "type": "datasource", "query": "prometheus"},
        _chosen("job", "Job", "label_values(polycue_info, job)"),
        _chosen("instance", "Server", 'label_values(polycue_info{job=~"$job"}, instance)'),
    ]


def _chosen(name: str, label: str, query: str) -> dict[str, Any]:
    return {
        "name": name,
        "label": label,
        "type": "query",
        "datasource": _SOURCE,
        "query": {"query": query, "refId": name},
        "refresh": 2,
        "sort": 1,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _alerts() -> dict[str, Any]:
    return {
        "name": "Alerts",
        "datasource": _SOURCE,
        "enable": True,
        "expr": 'ALERTS{alertname=~"Polycue.*", alertstate="firing"}',
        "titleFormat": "{{alertname}}",
        "iconColor": _RED,
    }


def _placed() -> list[dict[str, Any]]:
    """Rows below each other, the panels of a row from left to right and then below."""
    panels: list[dict[str, Any]] = []
    top = 0
    for row in tomllib.loads(_PANELS.read_text())["row"]:
        place = {"x": 0, "y": top, "w": _PAGE, "h": 1}
        panels.append({"type": "row", "title": row["title"], "collapsed": False, "gridPos": place})
        top, left, lowest = top + 1, 0, 0
        for panel in row["panel"]:
            width = panel.get("width", _WIDTH)
            if left + width > _PAGE:
                top, left, lowest = top + lowest, 0, 0
            height = _STAT_HEIGHT if "stat" in panel else _GRAPH_HEIGHT
            place = {"x": left, "y": top, "w": width, "h": height}
            panels.append(_panel(panel) | {"gridPos": place})
            left, lowest = left + width, max(lowest, height)
        top += lowest
    return [panel | {"id": number} for number, panel in enumerate(panels, start=1)]


def _panel(panel: _Panel) -> dict[str, Any]:
    return {
        "type": "stat" if "stat" in panel else "timeseries",
        "title": panel["title"],
        "description": panel["description"],
        "datasource": _SOURCE,
        "targets": [_target(number, *query) for number, query in enumerate(panel["queries"])],
        "fieldConfig": {"defaults": _field(panel), "overrides": []},
        "options": _options(panel),
    }


def _target(number: int, expr: str, legend: str = "__auto") -> dict[str, Any]:
    return {
        "refId": chr(ord("A") + number),
        "datasource": _SOURCE,
        "expr": written(expr),
        "legendFormat": legend,
        "range": True,
    }


def _field(panel: _Panel) -> dict[str, Any]:
    field: dict[str, Any] = {"unit": panel["unit"], "min": 0, "thresholds": _thresholds(panel)}
    if "most" in panel:
        field["max"] = panel["most"]
    if "stat" not in panel:
        field["custom"] = {
            "drawStyle": "line",
            "lineWidth": 1,
            "fillOpacity": 25 if "stacked" in panel else 8,
            "showPoints": "never",
            "stacking": {"mode": "normal" if "stacked" in panel else "none", "group": "A"},
            "thresholdsStyle": {"mode": "line" if "alarm" in panel else "off"},
        }
    return field


def _thresholds(panel: _Panel) -> dict[str, Any]:
    first, then = (_RED, _GREEN) if "alarm_below" in panel else (_GREEN, _RED)
    if "alarm" not in panel:
        first = _GREEN
    steps: list[dict[str, Any]] = [{"color": first, "value": None}]
    if "alarm" in panel:
        steps.append({"color": then, "value": panel["alarm"]})
    return {"mode": "absolute", "steps": steps}


def _options(panel: _Panel) -> dict[str, Any]:
    if "stat" in panel:
        return {
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
            "colorMode": "value",
            "graphMode": "area",
            "textMode": "auto",
        }
    return {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }


def text() -> str:
    return json.dumps(dashboard(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text())
    sys.stderr.write(f"{FILE.name} is written\n")
