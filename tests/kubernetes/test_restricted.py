"""Every pod is of the Pod Security Standards' profile "restricted", and a bit better.

https://kubernetes.io/docs/concepts/security/pod-security-standards, as of November 2026, rule by
rule. The namespace enforces it; these tests say it before a cluster does, also for KubeRay's pods.
"""

from pathlib import Path
from typing import Any

from support.manifests import Document, Pod, find, pods, render

ALLOWED_VOLUMES = {
    "configMap",
    "csi",
    "downwardAPI",
    "emptyDir",
    "ephemeral",
    "image",
    "persistentVolumeClaim",
    "projected",
    "secret",
}


def test_the_namespace_enforces_it(overlay: list[Document]) -> None:
    labels = find(overlay, "Namespace")["metadata"]["labels"]
    for mode in ("enforce", "warn", "audit"):
        assert labels[f"pod-security.kubernetes.io/{mode}"] == "restricted"


def test_every_pod_runs_as_an_ordinary_user(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        context = pod.spec["securityContext"]
        assert context["runAsNonRoot"] is True, pod.of
        assert context["runAsUser"] == context["runAsGroup"] == 10001, pod.of  # the image's
        for container in pod.containers:
            own = container["securityContext"]
            assert own.get("runAsNonRoot", True) is True, pod.of
            assert own.get("runAsUser", 10001) != 0, pod.of


def test_no_container_can_gain_rights(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        for container in pod.containers:
            context = container["securityContext"]
            assert context["allowPrivilegeEscalation"] is False, pod.of
            assert context["capabilities"] == {"drop": ["ALL"]}, pod.of
            assert not context.get("privileged"), pod.of
            assert context.get("procMount", "Default") == "Default", pod.of


def test_every_container_keeps_to_the_runtimes_calls(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        assert pod.spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}, pod.of
        for container in pod.containers:
            profile = container["securityContext"]["seccompProfile"]
            assert profile == {"type": "RuntimeDefault"}, pod.of
        for context in contexts(pod):
            assert not context.keys() & {"appArmorProfile", "seLinuxOptions", "windowsOptions"}
            assert not context.get("sysctls")


def test_nothing_of_the_node_is_shared(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        assert not any(pod.spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")), pod.of
        assert not pod.spec.get("hostAliases"), pod.of
        for container in pod.containers:
            assert not any("hostPort" in port for port in container.get("ports", [])), pod.of
            for probe in ("livenessProbe", "readinessProbe", "startupProbe"):
                assert "httpGet" not in container.get(probe, {}), pod.of


def test_volumes_are_of_the_harmless_kinds(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        for volume in pod.spec["volumes"]:
            assert len(volume.keys() - {"name"} & ALLOWED_VOLUMES) == 1, (pod.of, volume)


# --- beyond the profile ---------------------------------------------------------------------------


def test_nothing_is_written_but_to_volumes_of_a_bounded_size(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        for container in pod.containers:
            assert container["securityContext"]["readOnlyRootFilesystem"] is True, pod.of
            mounted = {mount["mountPath"] for mount in container["volumeMounts"]}
            assert "/tmp" in mounted, pod.of  # noqa: S108
        for volume in pod.spec["volumes"]:
            if "emptyDir" in volume:
                assert volume["emptyDir"]["sizeLimit"], (pod.of, volume["name"])


def test_no_pod_holds_credentials_for_kubernetes_but_a_head_with_an_autoscaler(
    anything: list[Document],
) -> None:
    for pod in all_pods(anything):
        assert pod.spec["enableServiceLinks"] is False, pod.of
        if pod.of == "RayCluster head" and autoscaled(anything):
            # KubeRay makes an account for it; one that is named here would get its rights.
            assert "serviceAccountName" not in pod.spec
            assert "automountServiceAccountToken" not in pod.spec
        else:
            assert pod.spec["automountServiceAccountToken"] is False, pod.of
            assert pod.spec["serviceAccountName"] == "polycue", pod.of


def test_the_autoscaler_that_kuberay_adds_is_confined_like_the_rest(
    ray_with_all_components: Path,
) -> None:
    cluster = find(render(ray_with_all_components), "RayCluster", "polycue-ray")["spec"]
    head = cluster["headGroupSpec"]["template"]["spec"]["containers"][0]
    assert cluster["autoscalerOptions"]["securityContext"] == head["securityContext"]


def test_every_container_says_what_it_needs_and_may_take(anything: list[Document]) -> None:
    for pod in all_pods(anything):
        for container in pod.containers:
            limits = container["resources"]["limits"]
            assert {"cpu", "memory"} <= limits.keys(), pod.of
            assert {"cpu", "memory"} <= container["resources"]["requests"].keys(), pod.of


def all_pods(rendered: list[Document]) -> list[Pod]:
    found = list(pods(rendered))
    assert found
    return found


def autoscaled(rendered: list[Document]) -> bool:
    return any("enableInTreeAutoscaling" in document.get("spec", {}) for document in rendered)


def contexts(pod: Pod) -> list[dict[str, Any]]:
    return [pod.spec["securityContext"], *(one["securityContext"] for one in pod.containers)]
