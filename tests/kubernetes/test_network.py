"""Who may talk to whom: everything that is not named is refused."""

from pathlib import Path
from typing import Any

import pytest

from support.manifests import (
    KUBERNETES,
    RAY_AUTOSCALER,
    Document,
    Pod,
    combined,
    find,
    pods,
    render,
)

API = {"cidr": "192.168.1.10/32"}  # as manifests.KUBERNETES_API says


def policies(rendered: list[Document]) -> list[Document]:
    return [document for document in rendered if document["kind"] == "NetworkPolicy"]


def applying(rendered: list[Document], pod: Pod) -> list[Document]:
    return [
        policy
        for policy in policies(rendered)
        if policy["spec"]["podSelector"].get("matchLabels", {}).items() <= pod.labels.items()
    ]


def test_nothing_goes_in_or_out_that_is_not_named(overlay: list[Document]) -> None:
    spec = find(overlay, "NetworkPolicy", "default-deny")["spec"]
    assert spec == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def test_every_rule_names_its_peers_and_ports(anything: list[Document]) -> None:
    for policy in policies(anything):
        spec = policy["spec"]
        for rule in (*spec.get("ingress", []), *spec.get("egress", [])):
            assert rule["ports"], policy["metadata"]["name"]
            assert rule.get("from") or rule.get("to"), policy["metadata"]["name"]
            for peer in (*rule.get("from", []), *rule.get("to", [])):
                assert all(peer.values()), policy["metadata"]["name"]  # {} would be everybody


def test_only_what_has_to_reaches_beyond_the_cluster(anything: list[Document]) -> None:
    for policy in policies(anything):
        for rule in policy["spec"].get("egress", []):
            if any("ipBlock" in peer for peer in rule["to"]):
                reached = (policy["metadata"]["name"], [port["port"] for port in rule["ports"]])
                if rule["to"] == [{"ipBlock": API}]:
                    assert reached == ("polycue-ray-autoscaler", [6443])
                else:
                    assert reached == ("polycue-models", [443])


def test_callers_reach_the_api_and_prometheus_the_metrics_and_nobody_the_admin_port(
    overlay: list[Document],
) -> None:
    server = next(pod for pod in pods(overlay) if pod.of == "Deployment")
    ports = {port["name"]: port["containerPort"] for port in server.containers[-1]["ports"]}
    let_in: dict[int, list[Any]] = {}
    for policy in applying(overlay, server):
        for rule in policy["spec"].get("ingress", []):
            if all("namespaceSelector" in peer for peer in rule["from"]):
                let_in |= {port["port"]: rule["from"] for port in rule["ports"]}
            else:  # Ray's members among each other
                spans = [(port["port"], port["endPort"]) for port in rule["ports"]]
                assert not any(
                    first <= port <= last for first, last in spans for port in ports.values()
                )
    assert let_in.keys() == {ports["grpc"], ports["metrics"]}
    monitoring = {"kubernetes.io/metadata.name": "monitoring"}
    assert let_in[ports["metrics"]] == [{"namespaceSelector": {"matchLabels": monitoring}}]


def test_servers_reach_names_and_stores_and_nothing_else(overlay: list[Document]) -> None:
    server = next(pod for pod in pods(overlay) if pod.of == "Deployment")
    reached = {
        (port["protocol"], port["port"])
        for policy in applying(overlay, server)
        for rule in policy["spec"].get("egress", [])
        if all("namespaceSelector" in peer for peer in rule["to"])
        for port in rule["ports"]
    }
    assert reached == {("UDP", 53), ("TCP", 53), ("TCP", 5432), ("TCP", 9000)}


def test_ray_asks_nothing_of_kubernetes_until_it_is_to_find_workers_itself() -> None:
    for policy in policies(render(KUBERNETES / "overlays/ray")):
        for rule in policy["spec"].get("egress", []):
            assert not any("ipBlock" in peer for peer in rule["to"]), policy["metadata"]["name"]


def test_the_head_alone_reaches_the_api_server_that_the_operator_names(
    ray_with_all_components: Path,
) -> None:
    rendered = render(ray_with_all_components)
    policy = find(rendered, "NetworkPolicy", "polycue-ray-autoscaler")
    assert policy["spec"]["egress"] == [
        {"to": [{"ipBlock": API}], "ports": [{"protocol": "TCP", "port": 6443}]}
    ]
    held_to = {pod.of for pod in pods(rendered) if policy in applying(rendered, pod)}
    assert held_to == {"RayCluster head"}
    assert not any("kubernetes-api" in one["metadata"]["name"] for one in rendered)


def test_an_autoscaler_without_an_api_server_is_not_made_at_all(tmp_path: Path) -> None:
    """It would reach nobody and end, and there would never be one more worker."""
    with pytest.raises(AssertionError, match=r"nothing selected by .*polycue-kubernetes-api"):
        render(combined(tmp_path, "ray", RAY_AUTOSCALER))


def test_rays_ports_are_open_to_rays_own_nodes_only() -> None:
    rendered = render(KUBERNETES / "overlays/ray")
    spec = find(rendered, "NetworkPolicy", "polycue-ray")["spec"]
    members = {"matchLabels": {"polycue-ray": "member"}}
    assert spec["podSelector"] == members
    assert [rule["from"] for rule in spec["ingress"]] == [[{"podSelector": members}]]
    for pod in pods(rendered):
        assert pod.labels["polycue-ray"] == "member", pod.of
