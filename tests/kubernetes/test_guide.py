"""docs/deploy.md: what it shows renders, and what it names is there."""

import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from polycue.config import Settings
from support.manifests import CHART, KUBERNETES, ROOT, Document, chart, find, render

UNIT = ROOT / "deploy/systemd/polycue.service"
AUTOSCALER = "polycue-ray-autoscaler"


@pytest.fixture(scope="module")
def guide() -> str:
    return (ROOT / "docs/deploy.md").read_text()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The folder that a checkout and the operator's overlays lie in."""
    (tmp_path / "polycue").mkdir()
    shutil.copytree(KUBERNETES, tmp_path / "polycue/deploy/kubernetes")
    return tmp_path


@pytest.fixture
def shown(guide: str, checkout: Path) -> list[Document]:
    (example,) = re.findall(r"```yaml\n# kustomization.yaml\n(.*?)```", guide, re.DOTALL)
    return render(overlay(checkout / "ours", example))


def test_the_overlay_that_it_shows_renders(shown: list[Document]) -> None:
    container = find(shown, "Deployment")["spec"]["template"]["spec"]["containers"][0]
    assert container["image"].startswith("registry.example.org/polycue@sha256:")
    egress = find(shown, "NetworkPolicy", "polycue-store")["spec"]["egress"]
    assert egress[1]["to"] == [{"ipBlock": {"cidr": "10.20.0.0/16"}}]
    assert {port["port"] for port in egress[0]["ports"]} == {53}
    assert find(shown, "PersistentVolumeClaim", "polycue-models")["spec"]["storageClassName"]
    assert find(shown, "ScaledObject")
    assert find(shown, "PrometheusRule")


def test_the_autoscaler_of_ray_renders_as_shown_and_fails_as_told_without_an_address(
    guide: str, checkout: Path
) -> None:
    (example,) = re.findall(
        r"```yaml\n# in your kustomization.yaml, with overlays/ray\n(.*?)```", guide, re.DOTALL
    )
    (said,) = re.findall(r"\(`(nothing selected by .*?)`\)", guide)
    told = f"resources: [../polycue/deploy/kubernetes/overlays/ray]\n{example}"
    policy = find(render(overlay(checkout / "ours", told)), "NetworkPolicy", AUTOSCALER)
    assert [rule["to"] for rule in policy["spec"]["egress"]] == [
        [{"ipBlock": {"cidr": "192.168.1.10/32"}}]
    ]
    without = overlay(checkout / "without", told.partition("configMapGenerator")[0])
    with pytest.raises(AssertionError, match=said.replace(" ... ", ".*")):
        render(without)


def test_what_helm_is_told_there_renders(guide: str) -> None:
    installed = re.compile(r"^ {4}helm install polycue (.*?[^\\])$", re.DOTALL | re.MULTILINE)
    commands = [shlex.split(said.replace("\\\n", "")) for said in installed.findall(guide)]
    cuda, ray = (chart(flags=flags) for folder, *flags in commands if ROOT / folder == CHART)
    assert find(cuda, "Deployment")
    assert find(ray, "RayCluster", "polycue-ray")


def test_every_file_and_setting_that_it_names_is_there(guide: str) -> None:
    for path in re.findall(r"(?<![\w./])(deploy/[\w./-]+\w)", guide):
        assert (ROOT / path).exists(), path
    known = {f"POLYCUE_{name.upper()}" for name in Settings.model_fields}
    named = set(re.findall(r"\b(POLYCUE_[A-Z_]+[A-Z])\b(?!_?\*)", guide))
    assert named - {"POLYCUE_RAY"} <= known


def test_the_secrets_that_it_makes_are_those_that_are_used(guide: str) -> None:
    made = set(re.findall(r"create secret \w+ (\S+)", guide))
    manifests = "".join(file.read_text() for file in KUBERNETES.rglob("*.yaml"))
    used = set(
        re.findall(
            r"(?:secretName: |secretRef: {name: |parameter: connection, name: )([\w-]+)", manifests
        )
    )
    assert made == used


def test_the_unit_for_systemd_is_valid_and_has_real_settings() -> None:
    unit = UNIT.read_text()
    known = {f"POLYCUE_{name.upper()}" for name in Settings.model_fields}
    assert set(re.findall(r"Environment=(POLYCUE_\w+)=", unit)) <= known
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(
        ["systemd-analyze", "verify", UNIT], capture_output=True, text=True, check=False
    )
    said = [line for line in done.stderr.splitlines() if UNIT.name in line]
    # That it is not installed here is no fault of the unit.
    assert all("is not executable" in line for line in said), said


def overlay(folder: Path, kustomization: str) -> Path:
    folder.mkdir()
    (folder / "kustomization.yaml").write_text(kustomization)
    return folder
