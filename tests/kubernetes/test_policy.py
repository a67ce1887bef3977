"""checkov finds nothing, but for what we have reasons for."""

import copy
import json
import subprocess
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from support.manifests import KUBERNETES, Document, Pod, pods, render, tool

ALLOWED = {
    # The store's address and keys are read from the environment; no file of theirs is to be
    # forgotten on a disk. Certificates and tokens are files.
    "CKV_K8S_35",
    # Both are the operator's: an overlay names the registry and the digest (docs/deploy.md), and an
    # image that is named by digest need not be asked for each time.
    "CKV_K8S_15",
    "CKV_K8S_43",
}
OF_AN_AUTOSCALER = {"CKV_K8S_38"}  # KubeRay's, in Ray's head, asks Kubernetes for workers


SPOILED = "spoiled"


@pytest.fixture(scope="module")
def failed(
    with_all_components: Path,
    ray_with_all_components: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> set[tuple[str, str]]:
    """Which resources fail which checks: all that we have, and a pod that may too much.

    In one go, since checkov takes long to start.
    """
    names = ("overlays/cpu", "overlays/cuda", "overlays/ray", "models")
    rendered = [one for name in names for one in render(KUBERNETES / name)]
    rendered += render(with_all_components)
    autoscaled = [named(pod, "autoscaled") for pod in pods(render(ray_with_all_components))]
    rays = [plain(pod) for pod in pods(rendered) if of_ray(pod)] + autoscaled
    return failures([*rendered, *rays, spoiled(next(pods(rendered)))], tmp_path_factory.mktemp("c"))


def test_a_linter_of_policies_has_nothing_to_say(failed: set[tuple[str, str]]) -> None:
    found = {(name, check) for name, check in failed if not name.endswith(SPOILED)}
    assert {check for _, check in found} == ALLOWED | OF_AN_AUTOSCALER
    assert {name for name, check in found if check in OF_AN_AUTOSCALER} == {
        "Pod.polycue.raycluster-head-autoscaled"
    }


def test_it_would_see_a_pod_that_may_too_much(failed: set[tuple[str, str]]) -> None:
    found = {check for name, check in failed if name.endswith(SPOILED)}
    assert found >= {"CKV_K8S_19", "CKV_K8S_20", "CKV_K8S_37"}


def spoiled(pod: Pod) -> Document:
    document = plain(pod)
    document["metadata"]["name"] = SPOILED
    document["spec"]["hostNetwork"] = True
    del document["spec"]["containers"][0]["securityContext"]
    return document


def named(pod: Pod, end: str) -> Document:
    document = plain(pod)
    document["metadata"]["name"] += f"-{end}"
    return document


def of_ray(pod: Pod) -> bool:
    return pod.of.startswith("RayCluster")


def plain(pod: Pod) -> Document:
    """checkov does not look into kinds that it does not know, such as KubeRay's."""
    metadata = {
        "name": pod.of.lower().replace(" ", "-"),
        "namespace": "polycue",
        "labels": pod.labels,
    }
    document: Document = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod.spec}
    return copy.deepcopy(document)


def failures(documents: list[Document], folder: Path) -> set[tuple[str, str]]:
    """Which resources fail which checks."""
    checkov = tool("checkov")
    once = {json.dumps(one, sort_keys=True): one for one in documents}  # overlays share most
    (folder / "all.yaml").write_text(yaml.safe_dump_all(once.values()))
    done = subprocess.run(
        [checkov, "-f", folder / "all.yaml", "--framework", "kubernetes", "-o", "json", "--quiet"],
        capture_output=True,
        text=True,
        cwd=folder,
        check=False,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "LOG_LEVEL": "ERROR"},
    )
    report = json.loads(done.stdout)
    assert not report["summary"]["parsing_errors"], done.stderr
    failed = report["results"]["failed_checks"]
    return {(check["resource"], check["check_id"]) for check in failed}
