"""What KEDA and Prometheus' operator are asked for is as their own schemas say."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.manifests import KUBERNETES, ROOT, Document, combined, documents, find, render

PYTHON = ROOT / ".venv-kubernetes/bin/python"
KINDS = {"ScaledObject", "TriggerAuthentication", "PodMonitor", "PrometheusRule"}
PLANTED: dict[str, dict[str, Any]] = {
    "unknown": {"replica": 3},
    "of-another-type": {"minReplicaCount": "two"},
    "deep": {
        "triggers": [{"type": "postgresql", "metadata": {}, "authenticationRef": {"id": "a"}}]
    },
    "incomplete": {"triggers": [{"metadata": {}}]},
}


def test_they_are_valid_and_a_fault_would_be_seen(tmp_path: Path) -> None:
    rendered = render(combined(tmp_path, "cpu", "keda", "monitoring"))
    ours = [one for one in rendered if one["apiVersion"].startswith(("keda.", "monitoring."))]
    assert {one["kind"] for one in ours} == KINDS
    scaled = find(ours, "ScaledObject")
    wrong = [
        {**scaled, "metadata": {"name": name}, "spec": {**scaled["spec"], **fault}}
        for name, fault in PLANTED.items()
    ]
    found = faults([*ours, *wrong])
    assert {line.split()[1].partition(".")[0].rstrip(":") for line in found} == PLANTED.keys(), (
        found
    )


def faults(given: list[Document]) -> list[str]:
    """Once for all: reading the classes takes seconds."""
    if not PYTHON.exists():
        pytest.skip("the schemas are not installed: make manifests-test")
    script = Path(__file__).with_name("custom_resources.py")
    done = subprocess.run(
        [PYTHON, script], input=json.dumps(given), capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_the_rules_are_those_that_are_tested_with_prometheus() -> None:
    ours = documents((KUBERNETES / "components/monitoring/rules.yaml").read_text())[0]
    source = documents((ROOT / "deploy/monitoring/polycue.rules.yml").read_text())[0]
    told = "they differ; run deploy/kubernetes/components/monitoring/make.py"
    assert ours["spec"]["groups"] == source["groups"], told
