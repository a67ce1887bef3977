"""Who may talk to whom: everything that is not named is refused."""

from typing import Any

from support.manifests import KUBERNETES, Document, Pod, find, pods, render

MAY_REACH_THE_WORLD = {"polycue-models", "polycue-ray-autoscaler"}  # on port 443, and say why


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
                assert policy["metadata"]["name"] in MAY_REACH_THE_WORLD
                assert {port["port"] for port in rule["ports"]} <= {443, 6443}


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


def test_rays_ports_are_open_to_rays_own_nodes_only() -> None:
    rendered = render(KUBERNETES / "overlays/ray")
    spec = find(rendered, "NetworkPolicy", "polycue-ray")["spec"]
    members = {"matchLabels": {"polycue-ray": "member"}}
    assert spec["podSelector"] == members
    assert [rule["from"] for rule in spec["ingress"]] == [[{"podSelector": members}]]
    for pod in pods(rendered):
        assert pod.labels["polycue-ray"] == "member", pod.of
