"""The Ray cluster that KubeRay is asked for, and the node of it in each server's pod.

No package carries KubeRay's schema, so its fields are listed here. The whole documents, with an
autoscaler and without, were held against the schemas of KubeRay's repository, of 1.5.1 and as of
August 2026, once and by hand.
"""

import re
from pathlib import Path
from typing import Any

import pytest

from support.manifests import KUBERNETES, ROOT, Document, find, render

# KubeRay's API ray.io/v1 as of August 2026 (1.7), those of its fields that are used here.
CLUSTER = {"rayVersion", "authOptions", "headGroupSpec", "workerGroupSpecs"}
AUTOSCALED = CLUSTER | {"enableInTreeAutoscaling", "autoscalerOptions"}
AUTOSCALER = {"version", "upscalingMode", "idleTimeoutSeconds", "resources", "securityContext"}
HEAD = {"rayStartParams", "template"}
GROUP = HEAD | {"groupName", "replicas", "minReplicas", "maxReplicas"}
HEALTH = {"livenessProbe", "readinessProbe"}


@pytest.fixture(scope="module")
def rendered() -> list[Document]:
    return render(KUBERNETES / "overlays/ray")


@pytest.fixture(scope="module")
def autoscaled(ray_with_all_components: Path) -> list[Document]:
    return render(ray_with_all_components)


@pytest.fixture(scope="module")
def cluster(rendered: list[Document]) -> Document:
    return spec_of(rendered)


@pytest.fixture(scope="module")
def sidecar(rendered: list[Document]) -> Document:
    pod = find(rendered, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["initContainers"]
    found: Document = container
    return found


@pytest.fixture(scope="module")
def settings(rendered: list[Document]) -> dict[str, str]:
    return settings_of(rendered)


def test_it_has_no_field_that_kuberay_does_not_know(
    cluster: Document, autoscaled: list[Document]
) -> None:
    with_autoscaler = spec_of(autoscaled)
    assert cluster.keys() == CLUSTER
    assert with_autoscaler.keys() == AUTOSCALED
    assert with_autoscaler["autoscalerOptions"].keys() == AUTOSCALER
    for one in (cluster, with_autoscaler):
        assert one["headGroupSpec"].keys() == HEAD
        for group in worker_groups(one):
            assert group.keys() == GROUP


def test_the_version_is_the_locks(cluster: Document) -> None:
    lock = (ROOT / "requirements-ray.lock").read_text()
    pinned = re.search(r"^ray==(\S+)", lock, re.MULTILINE)
    assert pinned is not None
    assert cluster["rayVersion"] == pinned[1]


def test_ray_takes_all_that_it_is_started_with(cluster: Document, sidecar: Document) -> None:
    scripts = pytest.importorskip("ray.scripts.scripts", reason="ray is not installed")
    start = scripts.start
    assert sidecar["command"] == ["ray", "start"]
    given = start.make_context("start", list(sidecar["args"])).params
    assert given["num_cpus"] == given["num_gpus"] == 0
    assert given["block"]
    for params in (head_params(cluster), *(g["rayStartParams"] for g in worker_groups(cluster))):
        start.make_context("start", [f"--{name}={value}" for name, value in params.items()])


def test_the_token_that_kuberay_makes_is_the_servers_too(
    rendered: list[Document], cluster: Document, sidecar: Document
) -> None:
    assert cluster["authOptions"] == {"mode": "token"}
    server = find(rendered, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    for container in (server, sidecar):
        given = {one["name"]: one for one in container["env"]}
        assert given["RAY_AUTH_MODE"]["value"] == "token"
        # KubeRay calls the Secret like the cluster, and the key so.
        secret = given["RAY_AUTH_TOKEN"]["valueFrom"]["secretKeyRef"]
        assert secret == {"name": "polycue-ray", "key": "auth_token"}


def test_nothing_reports_to_rays_makers(
    rendered: list[Document], cluster: Document, sidecar: Document
) -> None:
    server = find(rendered, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    templates = [cluster["headGroupSpec"], *worker_groups(cluster)]
    nodes = [one["template"]["spec"]["containers"][0] for one in templates]
    for container in (server, sidecar, *nodes):
        assert {"name": "RAY_USAGE_STATS_ENABLED", "value": "0"} in container["env"]


def test_the_head_does_no_work_and_shows_no_dashboard(cluster: Document) -> None:
    params = head_params(cluster)
    assert params["num-cpus"] == params["num-gpus"] == "0"
    assert params["include-dashboard"] == "false"
    assert "gcsFaultToleranceOptions" not in cluster  # nothing is kept in Ray


def test_a_servers_node_and_the_server_see_each_other(
    rendered: list[Document], sidecar: Document
) -> None:
    pod = find(rendered, "Deployment")["spec"]["template"]["spec"]
    assert sidecar["restartPolicy"] == "Always"
    # A program finds its node by looking through the processes, and waits for ever for one.
    assert pod["shareProcessNamespace"] is True
    (server,) = pod["containers"]
    for path in ("/tmp/ray", "/dev/shm"):  # noqa: S108
        assert mounted(server, path) == mounted(sidecar, path)


def test_a_server_starts_without_a_cluster(sidecar: Document) -> None:
    assert not sidecar.keys() & {"startupProbe", *HEALTH}


def test_health_is_asked_where_ray_answers_without_a_token(cluster: Document) -> None:
    head = cluster["headGroupSpec"]
    for group, port in (
        (head, "port"),
        *((g, "node-manager-port") for g in worker_groups(cluster)),
    ):
        container = group["template"]["spec"]["containers"][0]
        for probe in HEALTH:
            assert container[probe]["grpc"] == {"port": int(group["rayStartParams"][port])}


def test_every_port_of_ray_is_set_and_let_through(
    rendered: list[Document], cluster: Document, sidecar: Document
) -> None:
    policy = find(rendered, "NetworkPolicy", "polycue-ray")["spec"]
    let = [range(one["port"], one["endPort"] + 1) for one in policy["ingress"][0]["ports"]]
    arguments = dict(
        word.removeprefix("--").split("=", 1) for word in sidecar["args"] if "=" in word
    )
    for params in (
        arguments,
        head_params(cluster),
        *(g["rayStartParams"] for g in worker_groups(cluster)),
    ):
        ports = {name: int(value) for name, value in params.items() if name.endswith("port")}
        assert {"node-manager-port", "object-manager-port", "min-worker-port"} <= ports.keys()
        for name, port in ports.items():
            assert any(port in span for span in let), name
        assert any(
            {ports["min-worker-port"], ports["max-worker-port"]} <= set(span) for span in let
        )


def test_each_server_has_a_place_and_one_alone_has_all_that_the_others_leave(
    rendered: list[Document], cluster: Document, settings: dict[str, str]
) -> None:
    (group,) = worker_groups(cluster)
    assert group["minReplicas"] == group["replicas"] == group["maxReplicas"]
    servers = find(rendered, "Deployment")["spec"]["replicas"]
    least, most = (int(settings[f"POLYCUE_RAY_ACTORS_{bound}"]) for bound in ("MIN", "MAX"))
    assert places(group, settings) == most + (servers - 1) * least
    assert most > least  # or nothing would be shared


def test_an_autoscaler_may_have_workers_for_as_many_actors_as_all_servers_may_want(
    rendered: list[Document], autoscaled: list[Document]
) -> None:
    (group,) = worker_groups(spec_of(autoscaled))
    settings = settings_of(autoscaled)
    servers = find(rendered, "Deployment")["spec"]["replicas"]  # of the others KEDA says how many
    for actors, workers in (("MIN", "minReplicas"), ("MAX", "maxReplicas")):
        wanted = servers * int(settings[f"POLYCUE_RAY_ACTORS_{actors}"])
        assert places({**group, "replicas": group[workers]}, settings) == wanted
    # A machine may have to be bought, started and given the image first.
    assert float(settings["POLYCUE_RAY_PLACE_S"]) >= 300


def test_the_server_asks_the_head_that_kuberay_names(
    settings: dict[str, str], cluster: Document, sidecar: Document
) -> None:
    address = settings["POLYCUE_RAY_ADDRESS"]
    assert address == f"polycue-ray-head-svc:{head_params(cluster)['port']}"
    assert f"--address={address}" in sidecar["args"]


def spec_of(rendered: list[Document]) -> Document:
    document = find(rendered, "RayCluster", "polycue-ray")
    assert document["apiVersion"] == "ray.io/v1"
    spec: Document = document["spec"]
    return spec


def settings_of(rendered: list[Document]) -> dict[str, str]:
    (found,) = (document["data"] for document in rendered if document["kind"] == "ConfigMap")
    return dict(found)


def places(group: Document, settings: dict[str, str]) -> float:
    """For actors, on all workers of a group."""
    limits = group["template"]["spec"]["containers"][0]["resources"]["limits"]
    return float(group["replicas"] * limits["nvidia.com/gpu"] / float(settings["POLYCUE_RAY_GPUS"]))


def head_params(cluster: Document) -> dict[str, str]:
    return dict(cluster["headGroupSpec"]["rayStartParams"])


def worker_groups(cluster: Document) -> list[dict[str, Any]]:
    return list(cluster["workerGroupSpecs"])


def mounted(container: Document, path: str) -> str:
    (name,) = (one["name"] for one in container["volumeMounts"] if one["mountPath"] == path)
    return str(name)
