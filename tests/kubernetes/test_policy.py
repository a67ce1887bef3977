"""checkov finds nothing, but for what we have reasons for."""

import copy
import json
import subprocess
from pathlib import Path

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
OF_RAYS_HEAD = {"CKV_K8S_38"}  # KubeRay's autoscaler in there asks Kubernetes for workers


def test_a_linter_of_policies_has_nothing_to_say(with_all_components: Path, tmp_path: Path) -> None:
    names = ("overlays/cpu", "overlays/cuda", "overlays/ray", "models")
    rendered = [one for name in names for one in render(KUBERNETES / name)]
    rendered += render(with_all_components)
    found = failures([*rendered, *(plain(pod) for pod in pods(rendered) if of_ray(pod))], tmp_path)
    assert {check for _, check in found} == ALLOWED | OF_RAYS_HEAD
    assert {name for name, check in found if check in OF_RAYS_HEAD} == {
        "Pod.polycue.raycluster-head"
    }


def test_it_would_see_a_pod_that_may_too_much(tmp_path: Path) -> None:
    pod = plain(next(pods(render(KUBERNETES / "overlays/cpu"))))
    pod["spec"]["hostNetwork"] = True
    del pod["spec"]["containers"][0]["securityContext"]
    found = {check for _, check in failures([pod], tmp_path)}
    assert found >= {"CKV_K8S_19", "CKV_K8S_20", "CKV_K8S_37"}


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
    (folder / "all.yaml").write_text(yaml.safe_dump_all(documents))
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
