"""Write rules.yaml: the alert rules of deploy/monitoring, as Prometheus' operator takes them."""

from pathlib import Path

import yaml  # type: ignore[import-untyped]

HERE = Path(__file__).resolve().parent
RULES = HERE.parents[2] / "monitoring/polycue.rules.yml"
HEAD = "# Made by make.py from deploy/monitoring/polycue.rules.yml; change it there.\n"


def made() -> str:
    rule = {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PrometheusRule",
        "metadata": {"name": "polycue"},
        "spec": {"groups": yaml.safe_load(RULES.read_text())["groups"]},
    }
    return HEAD + str(yaml.safe_dump(rule, sort_keys=False, width=100, allow_unicode=True))


if __name__ == "__main__":
    (HERE / "rules.yaml").write_text(made())
