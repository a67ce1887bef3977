"""The same film in threads, in a child and on Ray, and what a trace says of the latter."""

from collections.abc import Callable
from pathlib import Path

from support.collector import collecting
from support.demo import begin, tracks
from support.fleet import Fleet, Server, python_path
from support.ray_cluster import Cluster

FORMATS = ["srt", "vtt", "json"]


def made_by(server: Server) -> dict[str, bytes]:
    with server.client() as polycue:
        job = begin(polycue, formats=FORMATS)
        polycue.wait(job)
        return tracks(polycue, job)


def test_a_film_is_the_same_to_the_byte_wherever_its_models_are(
    two_nodes: Cluster, serve: Callable[..., Server], tmp_path: Path, models: Path
) -> None:
    fleet = Fleet(tmp_path, {"PYTHONPATH": python_path()}, "", (f"--models-dir={models}",))
    try:
        found = {
            engine: made_by(fleet.server(f"--engine={engine}", data=tmp_path / engine).start())
            for engine in ("threads", "child")
        }
    finally:
        fleet.end()
    found["ray"] = made_by(serve())
    assert [len(node.pids("Engine")) for node in two_nodes.nodes] == [0, 1, 1]
    assert len(found["threads"]) == 6
    assert found["child"] == found["threads"]
    assert found["ray"] == found["threads"]


def test_the_trace_of_a_film_says_on_which_node_and_in_which_actor_a_batch_was(
    two_nodes: Cluster, serve: Callable[..., Server]
) -> None:
    with collecting() as collector:
        server = serve(f"--otlp-endpoint={collector.endpoint}")
        made_by(server)
        actors = {pid for node in two_nodes.nodes for pid in node.pids("Engine")}
        server.terminate()
        server.wait()
        batches = collector.named("recognise in engine")
    places = {(one.facts["polycue.node"], one.facts["polycue.actor"]) for one in batches}
    assert {node for node, _ in places} <= {node.host for node in two_nodes.nodes}
    assert {actor for _, actor in places} <= {0, 1}
    assert {one.facts["process.pid"] for one in batches} <= actors
    ids = {one.id for one in batches}
    assert {one.name for one in collector.spans if one.parent in ids} == {
        *("encode sound", "decode text", "align words", "place words")
    }
