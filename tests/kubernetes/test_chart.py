"""The Helm chart makes what kustomize makes, and refuses values that it does not know."""

import copy
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from support.manifests import (
    CHART,
    COMPONENTS,
    KUBERNETES,
    Document,
    chart,
    combined,
    find,
    pods,
    render,
    tool,
)


def values(folder: Path, **given: Any) -> Path:
    file = folder / "values.json"
    file.write_text(json.dumps(given))
    return file


def comparable(rendered: list[Document]) -> dict[tuple[str, str], Document]:
    """Without what each tool has of its own to roll out a changed setting: a name, a sum."""
    found = {}
    for document in map(copy.deepcopy, rendered):
        if document["kind"] in {"Namespace", "PrometheusRule"}:
            continue  # Helm is told the namespace; rules are long and installed once
        metadata = document["metadata"]
        metadata["labels"].pop("app.kubernetes.io/part-of", None) if "labels" in metadata else None
        if not metadata.get("labels"):
            metadata.pop("labels", None)
        if document["kind"] == "ConfigMap":
            metadata["name"] = "polycue-settings"
        if document["kind"] == "Deployment":
            template = document["spec"]["template"]
            template["metadata"]["annotations"].pop("checksum/settings", None)
            template["spec"]["volumes"].sort(key=lambda volume: volume["name"])
            container = template["spec"]["containers"][0]
            container.pop("imagePullPolicy", None)
            container["envFrom"][0]["configMapRef"]["name"] = "polycue-settings"
        found[document["kind"], metadata["name"]] = document
    return found


@pytest.mark.parametrize("device", ["cpu", "cuda"])
def test_it_makes_the_same_as_the_overlay(device: str, tmp_path: Path) -> None:
    ours = comparable(chart(values(tmp_path, device=device)))
    theirs = comparable(render(KUBERNETES / "overlays" / device))
    assert ours.keys() == theirs.keys()
    for name, document in theirs.items():
        assert ours[name] == document, name


def test_it_makes_the_same_with_all_components(tmp_path: Path) -> None:
    told = values(
        tmp_path,
        keda={"enabled": True},
        monitoring={"enabled": True},
        tracing={"endpoint": "http://collector.monitoring.svc:4317"},
        models={"image": "polycue-models:1"},
    )
    components = combined(tmp_path, "cpu", *COMPONENTS)
    assert comparable(chart(told)) == comparable(render(components))


def test_a_changed_setting_rolls_out(tmp_path: Path) -> None:
    before = find(chart(), "Deployment")["spec"]["template"]
    changed = chart(values(tmp_path, settings={"POLYCUE_MAX_CALLS": 8}))
    after = find(changed, "Deployment")["spec"]["template"]
    assert before["metadata"]["annotations"] != after["metadata"]["annotations"]
    assert find(changed, "ConfigMap", "polycue-settings")["data"]["POLYCUE_MAX_CALLS"] == "8"


def test_numbers_arrive_as_they_were_written(tmp_path: Path) -> None:
    given = {"POLYCUE_MAX_UPLOAD_BYTES": 50 * 2**30, "POLYCUE_TRACE_SAMPLING": 0.25}
    rendered = chart(values(tmp_path, settings={**given, "POLYCUE_OFFLINE": False}))
    told = find(rendered, "ConfigMap", "polycue-settings")["data"]
    assert {name: told[name] for name in given} == {name: str(one) for name, one in given.items()}
    assert told["POLYCUE_OFFLINE"] == "false"


def test_servers_without_stores_in_the_network_reach_names_alone(tmp_path: Path) -> None:
    rendered = chart(values(tmp_path, network={"store": []}))
    (names,) = find(rendered, "NetworkPolicy", "polycue-store")["spec"]["egress"]
    assert {port["port"] for port in names["ports"]} == {53}


def test_an_image_is_named_by_its_digest_where_one_is_given(tmp_path: Path) -> None:
    digest = f"sha256:{'0' * 64}"
    image = {"repository": "registry.example.org/polycue", "digest": digest}
    (pod,) = pods(chart(values(tmp_path, image=image)))
    assert pod.containers[0]["image"] == f"registry.example.org/polycue@{digest}"


def test_several_gpus_are_all_served_from(tmp_path: Path) -> None:
    rendered = chart(values(tmp_path, device="cuda", gpus=4))
    (pod,) = pods(rendered)
    assert pod.containers[0]["resources"]["limits"]["nvidia.com/gpu"] == 4
    settings = find(rendered, "ConfigMap", "polycue-settings")["data"]
    assert settings["POLYCUE_DEVICE_INDEX"] == "all"


def test_helm_has_nothing_to_complain_of() -> None:
    linted(CHART)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"replica": 3}, "replica"),
        ({"device": "tpu"}, "device"),
        (
            {"settings": {"POLYCUE_DATABASE_URL": "postgresql://a:secret@b/c"}},
            "POLYCUE_DATABASE_URL",
        ),
        ({"settings": {"AWS_SECRET_ACCESS_KEY": "secret"}}, "AWS_SECRET_ACCESS_KEY"),
        ({"settings": {"OTEL_EXPORTER_OTLP_HEADERS": "api-key=s"}}, "OTEL_EXPORTER_OTLP_HEADERS"),
        ({"image": {"digest": "latest"}}, "digest"),
    ],
)
def test_wrong_values_are_refused_by_name(given: dict[str, Any], said: str, tmp_path: Path) -> None:
    done = subprocess.run(
        [tool("helm"), "template", "polycue", CHART, "--values", values(tmp_path, **given)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert said in done.stderr


def linted(folder: Path) -> None:
    done = subprocess.run(
        [tool("helm"), "lint", "--strict", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
