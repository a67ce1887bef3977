"""A real server with the overlay's settings, asked what a kubelet, Prometheus and callers ask.

Only where things lie is another: folders, ports, the database and the bucket.
"""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc

from polycue_client import Tls, connect
from support.buckets import BUCKET, ENVIRONMENT, make_bucket, s3_server
from support.certificates import Authority
from support.fleet import WAIT_S, Server, python_path
from support.manifests import KUBERNETES, Document, find, render, variables
from support.ports import free_port
from support.postgres import Cluster

SERVING = health_pb2.HealthCheckResponse.SERVING


@pytest.fixture(scope="module")
def rendered() -> list[Document]:
    return render(KUBERNETES / "overlays/cpu")


@pytest.fixture
def container(rendered: list[Document]) -> Document:
    (found,) = find(rendered, "Deployment")["spec"]["template"]["spec"]["containers"]
    container: Document = found
    return container


@pytest.fixture
def token(tmp_path: Path) -> str:
    file = tmp_path / "etc/polycue/callers/tokens.toml"
    file.parent.mkdir(parents=True)
    made = run("tokens", "new", "--tenant", "films", "--file", str(file))
    return made.strip()


@pytest.fixture
def environment(
    rendered: list[Document],
    container: Document,
    token: str,
    tmp_path: Path,
    repository: Path,
    postgres: Cluster,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, str]]:
    ca = Authority(tmp_path / "ca")
    pair = ca.pair("server", "127.0.0.1")
    tls = tmp_path / "etc/polycue/tls"
    tls.mkdir(parents=True)
    pair.certificate.rename(tls / "tls.crt")
    pair.key.rename(tls / "tls.key")
    run("models", "import", str(repository / "demo/models"), "--models-dir", f"{tmp_path}/models")
    told = {
        name: value.replace("/etc/", f"{tmp_path}/etc/").replace("/var/lib/", f"{tmp_path}/var/")
        for name, value in variables(rendered, container).items()
    }
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)  # to make the bucket with
    with s3_server() as endpoint:
        make_bucket(endpoint)
        elsewhere = {
            "POLYCUE_ADMIN_LISTEN": f"127.0.0.1:{free_port()}",
            "POLYCUE_METRICS_LISTEN": f"127.0.0.1:{free_port()}",
            "POLYCUE_MODELS_DIR": f"{tmp_path}/models",
            "POLYCUE_DATABASE_URL": postgres.new_database(),
            "POLYCUE_FILES_URL": f"s3://{BUCKET}/files",
            "AWS_ENDPOINT_URL": endpoint,
        }
        yield {**told, **ENVIRONMENT, **elsewhere, "PYTHONPATH": python_path()}


@pytest.fixture
def server(environment: dict[str, str], tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, environment)
    try:
        yield server.start()
    finally:
        server.end()


def test_it_serves_tells_and_drains_as_the_manifests_reckon(
    server: Server,
    environment: dict[str, str],
    container: Document,
    token: str,
    tmp_path: Path,
    rendered: list[Document],
) -> None:
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        become_healthy(environment["POLYCUE_ADMIN_LISTEN"], container[probe]["grpc"].get("service"))
    metrics = environment["POLYCUE_METRICS_LISTEN"]
    with urllib.request.urlopen(f"http://{metrics}/metrics") as answer:
        assert b"# TYPE polycue_jobs gauge" in answer.read()
    with connect(server.address, token=token, tls=Tls(ca=tmp_path / "ca/ca.pem")) as polycue:
        assert {model.name for model in polycue.models()}
        assert not list(polycue.jobs())
    server.terminate()
    pod = find(rendered, "Deployment")["spec"]["template"]["spec"]
    slept_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] - slept_s <= WAIT_S
    assert server.wait() == 0  # within that
    log = server.words().splitlines()
    assert all(line.startswith("{") for line in log if " is ready on " not in line), log


def become_healthy(address: str, service: str | None) -> None:
    """As a kubelet asks: in the clear, and again until it is told so."""
    with grpc.insecure_channel(address) as channel:
        stub: Any = health_pb2_grpc.HealthStub(cast(Any, channel))
        request = health_pb2.HealthCheckRequest(service=service or "")
        for told in stub.Watch(request, timeout=WAIT_S, wait_for_ready=True):
            if told.status == SERVING:
                return


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", "from polycue_client.cli import main; main()", *arguments],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": python_path(), "PATH": "/usr/bin:/bin", "HOME": "/nonexistent"},
    )
    return done.stdout
