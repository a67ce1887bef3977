"""Prometheus' own tool on the rules: what they say, and what fires when."""

import subprocess
from pathlib import Path
from typing import Any

import yaml  # type: ignore[import-untyped]

from support.prometheus import program

ALERTS = Path(__file__).with_name("alerts.yml")


def promtool(*arguments: str | Path) -> None:
    done = subprocess.run(
        [program("promtool"), *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_rules_are_sound(monitoring: Path) -> None:
    promtool("check", "rules", monitoring / "polycue.rules.yml")


def test_the_example_of_a_configuration_is_sound(monitoring: Path) -> None:
    promtool("check", "config", monitoring / "prometheus.yml")


def test_alerts_fire_when_they_should_and_only_then() -> None:
    promtool("test", "rules", ALERTS)


def test_every_alert_is_made_to_fire(rules: list[dict[str, Any]]) -> None:
    played = yaml.safe_load(ALERTS.read_text())["tests"]
    fired = str([test["promql_expr_test"] for test in played])
    for rule in rules:
        if "alert" in rule:
            assert f'alertname="{rule["alert"]}"' in fired
