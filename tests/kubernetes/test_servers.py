"""The servers of every overlay: settings that are real, probes, drain, disruption, spread."""

import re
from collections.abc import Iterator
from pathlib import Path

import kubernetes_validate  # type: ignore[import-untyped]
import pytest

from polycue.app.doors import safe_address
from polycue.config import Settings
from polycue.rpc.server import SERVICES, TRANSCRIPTION
from support.manifests import (
    KUBERNETES,
    ROOT,
    Document,
    Pod,
    combined,
    find,
    pods,
    render,
    variables,
)

# What comes from Secrets, which no manifest holds.
SECRET = {
    "POLYCUE_DATABASE_URL": "postgresql://polycue:secret@db.storage.svc/polycue?sslmode=verify-full",
    "AWS_ACCESS_KEY_ID": "key",
    "AWS_SECRET_ACCESS_KEY": "secret",
}
SIZED = re.compile(r"(\d+)(Mi|Gi)?")
# The oldest that has all that is used here, and the newest that the package of schemas has.
KUBERNETES_VERSIONS = ("1.31", "1.37")
LET_GO_S = 20  # app/server.py: three times 5 s for calls to let go, 2 s for health, 1 s for gRPC


@pytest.fixture
def server(overlay: list[Document]) -> Document:
    deployment: Document = find(overlay, "Deployment")["spec"]
    return deployment


@pytest.fixture
def container(server: Document) -> Document:
    containers: list[Document] = server["template"]["spec"]["containers"]
    assert [one["name"] for one in containers] == ["polycue"]
    return containers[0]


@pytest.fixture
def settings(
    overlay: list[Document], container: Document, monkeypatch: pytest.MonkeyPatch
) -> Settings:
    for name, value in (variables(overlay, container) | SECRET).items():
        monkeypatch.setenv(name, value)
    return Settings()


@pytest.mark.parametrize("version", KUBERNETES_VERSIONS)
def test_all_that_is_kubernetes_own_is_valid(anything: list[Document], version: str) -> None:
    for document in anything:
        if "." not in document["apiVersion"] or ".k8s.io" in document["apiVersion"]:
            kubernetes_validate.validate(document, version, strict=True)


def test_all_is_in_one_namespace(anything: list[Document]) -> None:
    for document in anything:
        if document["kind"] != "Namespace":
            assert document["metadata"]["namespace"] == "polycue", document["metadata"]["name"]


def test_what_is_referred_to_is_there_or_a_secret(overlay: list[Document]) -> None:
    for pod in pods(overlay):
        for kind, name in referred(pod):
            find(overlay, kind, name)


@pytest.mark.parametrize("name", ["cpu", "cuda", "ray"])
def test_with_models_in_an_image_nobody_waits_for_a_volume(name: str, tmp_path: Path) -> None:
    rendered = render(combined(tmp_path, name, "models-image"))
    claims = [document for document in rendered if document["kind"] == "PersistentVolumeClaim"]
    assert not claims
    for pod in pods(rendered):
        assert "PersistentVolumeClaim" not in {kind for kind, _ in referred(pod)}, pod.of


def test_every_variable_is_a_setting(overlay: list[Document]) -> None:
    known = {f"POLYCUE_{name.upper()}" for name in Settings.model_fields}
    for pod in pods(overlay):
        for container in pod.containers:
            named = {name for name in variables(overlay, container) if name.startswith("POLYCUE_")}
            assert named <= known, pod.of


def test_a_server_takes_these_settings_and_its_door_is_shut(settings: Settings) -> None:
    assert not settings.insecure
    assert settings.tls_cert
    assert settings.tokens_file
    assert settings.files_url
    assert settings.require_sandbox
    assert settings.recorded_models_only
    assert not safe_address(settings).is_local


def test_what_is_written_is_on_a_volume_and_models_and_secrets_are_read_only(
    settings: Settings, container: Document
) -> None:
    mounts = {mount["mountPath"]: mount for mount in container["volumeMounts"]}
    assert settings.tls_cert is not None
    assert settings.tokens_file is not None
    assert not mounts[str(settings.data_dir.parent)].get("readOnly")
    for folder in (settings.models_dir, settings.tls_cert.parent, settings.tokens_file.parent):
        assert mounts[str(folder)]["readOnly"], folder
        assert "subPath" not in mounts[str(folder)]  # what is renewed would never arrive


def test_ports_are_those_that_the_server_listens_on(
    settings: Settings, container: Document, overlay: list[Document]
) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    listening = (settings.listen, settings.admin_listen, settings.metrics_listen)
    assert [f"0.0.0.0:{ports[name]}" for name in ("grpc", "admin", "metrics")] == list(listening)
    service = find(overlay, "Service")["spec"]
    assert service["clusterIP"] == "None"
    assert [port["port"] for port in service["ports"]] == [ports["grpc"]]  # and no other


def test_probes_ask_the_admin_port_and_only_readiness_asks_for_models(
    settings: Settings, container: Document
) -> None:
    ports = {port["name"]: port["containerPort"] for port in container["ports"]}
    for probe in ("startupProbe", "livenessProbe"):
        assert container[probe]["grpc"] == {"port": ports["admin"]}  # Kubernetes asks for ""
    asked = container["readinessProbe"]["grpc"]
    if settings.engine == "ray":  # all share one cluster: without it, none would be reached
        assert asked == {"port": ports["admin"]}
    else:
        assert asked == {"port": ports["admin"], "service": TRANSCRIPTION}
    assert TRANSCRIPTION in SERVICES
    # benchmarks/load.py: 860 ms at the worst for a health check on two busy cores.
    assert container["livenessProbe"]["timeoutSeconds"] >= 5
    assert container["livenessProbe"]["failureThreshold"] >= 3


def test_a_server_has_time_for_all_its_drain_before_it_is_killed(
    settings: Settings, server: Document, container: Document
) -> None:
    forgotten_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    drain_s = settings.drain_delay_s + settings.drain_s + LET_GO_S
    assert forgotten_s >= 5
    assert server["template"]["spec"]["terminationGracePeriodSeconds"] >= forgotten_s + drain_s


def test_an_interrupted_job_waits_for_the_pod_that_let_go_no_longer_than_for_one_that_died(
    settings: Settings, container: Document
) -> None:
    probe = container["livenessProbe"]
    assert settings.lease_s <= probe["periodSeconds"] * probe["failureThreshold"]


def test_a_rollout_never_takes_the_last_server(server: Document, overlay: list[Document]) -> None:
    rolling = server["strategy"]["rollingUpdate"]
    budget = find(overlay, "PodDisruptionBudget")["spec"]
    assert server["replicas"] >= 2
    assert rolling["maxUnavailable"] + rolling["maxSurge"] == 1
    assert rolling["maxUnavailable"] < server["replicas"]
    assert budget["maxUnavailable"] == 1
    assert budget["selector"] == server["selector"]


def test_only_where_there_is_no_gpu_to_spare_a_rollout_goes_down_first() -> None:
    for name in ("cpu", "cuda", "ray"):
        deployment = find(render(KUBERNETES / "overlays" / name), "Deployment")["spec"]
        limits = deployment["template"]["spec"]["containers"][0]["resources"]["limits"]
        surge = 0 if "nvidia.com/gpu" in limits else 1
        assert deployment["strategy"]["rollingUpdate"]["maxSurge"] == surge, name


def test_servers_are_spread_over_nodes_and_zones(server: Document) -> None:
    spread = server["template"]["spec"]["topologySpreadConstraints"]
    assert {one["topologyKey"] for one in spread} == {
        "kubernetes.io/hostname",
        "topology.kubernetes.io/zone",
    }
    for one in spread:
        assert one["labelSelector"] == server["selector"]


def test_scratch_holds_the_largest_films_of_all_jobs_or_of_five(
    settings: Settings, server: Document, container: Document
) -> None:
    scratch = next(one for one in server["template"]["spec"]["volumes"] if one["name"] == "scratch")
    limit = gibibytes(scratch["emptyDir"]["sizeLimit"])
    assert limit < gibibytes(container["resources"]["limits"]["ephemeral-storage"])
    assert limit >= min(5, settings.max_running_jobs + 1) * settings.max_upload_bytes / 2**30


def test_images_are_of_this_version_and_of_a_target_of_the_dockerfile() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    version = re.search(r'^version = "(.+)"', project, re.MULTILINE)
    targets = re.findall(r"^FROM \S+ AS (\w+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert version is not None
    for name in ("overlays/cpu", "overlays/cuda", "overlays/ray", "models"):
        target = {"models": "cpu"}.get(name, name.rpartition("/")[2])
        for pod in pods(render(KUBERNETES / name)):
            for container in pod.containers:
                assert container["image"] == f"polycue:{version[1]}-{target}"
        assert target in targets


def referred(pod: Pod) -> Iterator[tuple[str, str]]:
    for volume in pod.spec["volumes"]:
        if claim := volume.get("persistentVolumeClaim"):
            yield "PersistentVolumeClaim", claim["claimName"]
    for container in pod.containers:
        for source in container.get("envFrom", []):
            if configuration := source.get("configMapRef"):
                yield "ConfigMap", configuration["name"]
    if account := pod.spec.get("serviceAccountName"):
        yield "ServiceAccount", account


def gibibytes(quantity: str) -> float:
    found = SIZED.fullmatch(quantity)
    assert found is not None, quantity
    return int(found[1]) * {"Mi": 2**-10, "Gi": 1.0}[found[2]]
