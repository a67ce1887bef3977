"""Manifests as a cluster would get them: rendered by the real kubectl and helm."""

import functools
import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

Document = dict[str, Any]

ROOT = Path(__file__).resolve().parents[2]
KUBERNETES = ROOT / "deploy/kubernetes"
RAY_AUTOSCALER = "ray-autoscaler"  # of overlays/ray alone
COMPONENTS = sorted(
    folder.name for folder in (KUBERNETES / "components").iterdir() if folder.name != RAY_AUTOSCALER
)
# Where an operator's API server is, in his overlay: it is read there, and not applied.
KUBERNETES_API: dict[str, Any] = {
    "name": "polycue-kubernetes-api",
    "literals": ["cidr=192.168.1.10/32", "port=6443"],
    "options": {"annotations": {"config.kubernetes.io/local-config": "true"}},
}
CHART = ROOT / "deploy/helm/polycue"
_TOOLS = ROOT / ".venv-kubernetes/bin"
_LIMIT_S = 200


@dataclass(frozen=True, slots=True)
class Pod:
    """A pod that will be, and which document makes it."""

    of: str
    labels: dict[str, str]
    spec: Document

    @property
    def containers(self) -> list[Document]:
        """All of them: what starts first may do as much harm."""
        return [*self.spec.get("initContainers", []), *self.spec["containers"]]


def tool(name: str) -> str:
    """The program's path; the test is skipped where it is not installed."""
    own = _TOOLS / name
    found = str(own) if own.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not installed: make manifests-test")
    return found


@functools.cache
def _output(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT_S, check=False)
    assert done.returncode == 0, done.stderr
    assert not done.stderr, done.stderr  # what is deprecated or unknown is said there
    return done.stdout


def render(folder: Path) -> list[Document]:
    """What ``kubectl apply -k`` would send."""
    return documents(_output(tool("kubectl"), "kustomize", str(folder)))


def chart(*values: Path, flags: Sequence[str] = ()) -> list[Document]:
    given = [word for file in values for word in ("--values", str(file))]
    rendered = _output(
        tool("helm"), "template", "polycue", str(CHART), "--namespace", "polycue", *given, *flags
    )
    return documents(rendered)


def documents(text: str) -> list[Document]:
    return [document for document in yaml.safe_load_all(text) if document]


def combined(folder: Path, overlay: str, *components: str, **more: Any) -> Path:
    """An operator's own overlay, in ``folder``; kustomize takes relative paths only."""

    def path(inner: str) -> str:
        return os.path.relpath(KUBERNETES / inner, folder.resolve())

    told = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "resources": [path(f"overlays/{overlay}")],
        "components": [path(f"components/{component}") for component in components],
        **more,
    }
    (folder / "kustomization.yaml").write_text(json.dumps(told))
    return folder


def find(rendered: Sequence[Document], kind: str, name: str = "polycue") -> Document:
    found = [
        document
        for document in rendered
        if document["kind"] == kind and document["metadata"]["name"] == name
    ]
    assert len(found) == 1, f"{len(found)} of {kind} {name}"
    return found[0]


def pods(rendered: Sequence[Document]) -> Iterator[Pod]:
    for document in rendered:
        spec = document.get("spec", {})
        match document["kind"]:
            case "Deployment" | "Job":
                yield _pod(document["kind"], spec["template"])
            case "RayCluster":
                yield _pod("RayCluster head", spec["headGroupSpec"]["template"])
                for group in spec["workerGroupSpecs"]:
                    yield _pod(f"RayCluster {group['groupName']}", group["template"])
            case "StatefulSet" | "DaemonSet" | "CronJob" | "Pod" | "ReplicaSet":
                raise AssertionError(f"teach me {document['kind']}")


def _pod(of: str, template: Document) -> Pod:
    return Pod(of, template["metadata"]["labels"], template["spec"])


def variables(rendered: Sequence[Document], container: Document) -> dict[str, str]:
    """The container's environment, as far as the manifests say it."""
    given: dict[str, str] = {}
    for source in container.get("envFrom", []):
        if "configMapRef" in source:
            given |= find(rendered, "ConfigMap", source["configMapRef"]["name"])["data"]
    return given | {one["name"]: one["value"] for one in container.get("env", []) if "value" in one}
