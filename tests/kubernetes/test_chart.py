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
    KUBERNETES_API,
    RAY_AUTOSCALER,
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
            (container,) = template["spec"]["containers"]
            container["envFrom"][0]["configMapRef"]["name"] = "polycue-settings"
        for pod in pods([document]):
            pod.spec["volumes"].sort(key=lambda volume: volume["name"])
            for container in pod.containers:
                container.pop("imagePullPolicy", None)
                container["volumeMounts"].sort(key=lambda mount: mount["mountPath"])
        found[document["kind"], metadata["name"]] = document
    return found


OVERLAYS: dict[str, dict[str, Any]] = {
    "cpu": {},
    "cuda": {"device": "cuda"},
    "ray": {"ray": {"enabled": True}},
}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_it_makes_the_same_as_the_overlay(overlay: str, tmp_path: Path) -> None:
    ours = comparable(chart(values(tmp_path, **OVERLAYS[overlay])))
    theirs = comparable(render(KUBERNETES / "overlays" / overlay))
    assert ours.keys() == theirs.keys()
    for name, document in theirs.items():
        assert ours[name] == document, name


ALL_COMPONENTS: dict[str, Any] = {
    "keda": {"enabled": True},
    "monitoring": {"enabled": True},
    "tracing": {"endpoint": "http://collector.monitoring.svc:4317"},
    "models": {"image": "polycue-models:1"},
}


def test_it_makes_the_same_with_all_components(tmp_path: Path) -> None:
    components = combined(tmp_path, "cpu", *COMPONENTS)
    assert comparable(chart(values(tmp_path, **ALL_COMPONENTS))) == comparable(render(components))


def test_it_makes_the_same_with_ray_and_all_components_and_other_numbers(tmp_path: Path) -> None:
    bounds = {"minReplicas": 6, "maxReplicas": 12}
    group = "/spec/workerGroupSpecs/0"
    gpus = f"{group}/template/spec/containers/0/resources/limits/nvidia.com~1gpu"
    cluster = {
        **{f"{group}/{name}": number for name, number in bounds.items()},
        f"{group}/replicas": 6,
        gpus: 2,
        "/spec/autoscalerOptions/idleTimeoutSeconds": 900,
        "/spec/headGroupSpec/template/spec/containers/0/resources/limits/memory": "8Gi",
    }
    components = combined(
        tmp_path,
        "ray",
        *COMPONENTS,
        RAY_AUTOSCALER,
        configMapGenerator=[KUBERNETES_API],
        patches=[replaced("RayCluster", cluster)],
    )
    ray = {
        "enabled": True,
        "head": {"resources": {"limits": {"memory": "8Gi"}}},
        "workers": {"gpus": 2},
        "autoscaler": {
            "enabled": True,
            "idleSeconds": 900,
            "apiServer": {"cidrs": ["192.168.1.10/32"], "port": 6443},
            **bounds,
        },
    }
    ours = comparable(chart(values(tmp_path, **ALL_COMPONENTS, ray=ray)))
    theirs = comparable(render(components))
    assert ours.keys() == theirs.keys()
    for name, document in theirs.items():
        assert ours[name] == document, name


def test_a_token_of_ones_own_is_for_every_node_of_ray(tmp_path: Path) -> None:
    rendered = chart(values(tmp_path, ray={"enabled": True, "tokenSecret": "ours"}))
    cluster = find(rendered, "RayCluster", "polycue-ray")["spec"]
    assert cluster["authOptions"] == {"mode": "token", "secretName": "ours"}
    servers = next(pod for pod in pods(rendered) if pod.of == "Deployment")
    assert len(servers.containers) == 2
    for container in servers.containers:
        token = next(one for one in container["env"] if one["name"] == "RAY_AUTH_TOKEN")
        assert token["valueFrom"]["secretKeyRef"] == {"name": "ours", "key": "auth_token"}


def test_all_of_ray_has_the_one_image(tmp_path: Path) -> None:
    image = {"repository": "registry.example.org/polycue", "digest": f"sha256:{'0' * 64}"}
    rendered = chart(values(tmp_path, image=image, ray={"enabled": True}))
    images = {one["image"] for pod in pods(rendered) for one in pod.containers}
    assert images == {f"registry.example.org/polycue@{image['digest']}"}


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


AUTOSCALER = {"enabled": True, "apiServer": {"cidrs": ["192.168.1.10/32"]}}


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
        ({"ray": {"enabled": True, "worker": {"gpus": 2}}}, "worker"),
        ({"ray": {"autoscaler": {"apiServer": {"cidrs": ["0.0.0.0/0"]}}}}, "cidrs"),
        ({"ray": {"enabled": True, "tokenSecret": ""}}, "without ray.tokenSecret"),
        ({"ray": {"enabled": True}, "device": "cuda"}, "leave device away"),
        (
            {"ray": {"enabled": True}, "settings": {"POLYCUE_ENGINE": "threads"}},
            "POLYCUE_ENGINE is threads",
        ),
        ({"settings": {"POLYCUE_ENGINE": "ray"}}, "set ray.enabled"),
        ({"ray": {"autoscaler": {"enabled": True}}}, "set ray.enabled"),
        ({"ray": {"enabled": True, "autoscaler": {"enabled": True}}}, "apiServer.cidrs"),
        (
            {"ray": {"enabled": True, "autoscaler": {**AUTOSCALER, "minReplicas": 7}}},
            "is more than ray.autoscaler.maxReplicas",
        ),
        ({"ray": {"enabled": True}, "replicas": 5}, "more of ray.workers.replicas"),
        (
            {"ray": {"enabled": True, "autoscaler": AUTOSCALER}, "keda": {"enabled": True}},
            "more of ray.autoscaler.maxReplicas, or fewer servers (keda.maxReplicas)",
        ),
        (
            {"ray": {"enabled": True}, "settings": {"POLYCUE_RAY_GPUS": 2}},
            "no worker has the 2 GPUs of an actor",
        ),
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


def replaced(kind: str, fields: dict[str, Any]) -> Document:
    """A patch of kustomize's."""
    operations = [{"op": "replace", "path": path, "value": value} for path, value in fields.items()]
    return {"target": {"kind": kind}, "patch": json.dumps(operations)}


def linted(folder: Path) -> None:
    done = subprocess.run(
        [tool("helm"), "lint", "--strict", folder], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
