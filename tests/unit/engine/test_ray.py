"""What is known of a Ray cluster's places and nodes; nothing here has one."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from polycue.app.ray import environment, needs
from polycue.config import Settings
from polycue.domain.errors import ModelDamaged, ModelMissing
from polycue.engine.backends.ray.asked import Hello, Needs
from polycue.engine.backends.ray.node_models import ChooseOnNode, NodeModels
from polycue.engine.backends.ray.place import no_place
from polycue.engine.backends.supervised.work import Choose, Load, LoadTexts, ModelSpec
from polycue.engine.budget import budget
from polycue.engine.devices import Device
from polycue.translation.packages import Package

WISHED = Device("cpu", 0, "int8", 1, 1, place="ray:3")


def test_a_request_that_no_node_can_meet_says_what_was_asked_and_what_there_is() -> None:
    said = no_place({"GPU": 2, "CPU": 1}, [{"CPU": 8}, {"CPU": 64, "GPU": 1}], {}, 60)
    assert said == (
        "no node has the 2 GPU and 1 CPU that --ray-gpus and --ray-cpus ask for each actor:"
        " 2 nodes, with at most 1 GPU and 64 CPU"
    )


def test_a_cluster_that_is_full_says_what_is_left() -> None:
    said = no_place({"GPU": 0, "CPU": 2}, [{"CPU": 4}], {"CPU": 1.5}, 60)
    assert said == (
        "no node had the 2 CPU of an actor free within 60 s: 1 node, with 0 GPU and 1.5 CPU left"
        " on all together"
    )


def test_a_node_must_have_all_of_it_by_itself() -> None:
    nodes = [{"GPU": 1.0, "CPU": 1.0}, {"CPU": 8.0}]
    assert no_place({"GPU": 1, "CPU": 4}, nodes, {}, 1).startswith("no node has")


@pytest.mark.parametrize(
    ("device", "gpus", "expected"),
    [("auto", 0.5, 0.5), ("cuda", 1, 1), ("cpu", 1, 0), ("auto", 0, 0)],
)
def test_on_a_cpu_no_gpu_is_asked_for(device: str, gpus: float, expected: float) -> None:
    settings = Settings(engine="ray", device=device, ray_gpus=gpus, ray_cpus=2)  # type: ignore[arg-type]
    assert needs(settings) == Needs(gpus=expected, cpus=2)


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"ray_gpus": 1.5}, "--ray-gpus above 1 must be whole"),
        ({"ray_cpus": 0.00001}, "--ray-cpus has 4 digits"),
        ({"ray_place_s": float("inf")}, "ray_place_s"),
    ],
)
def test_what_ray_cannot_count_is_refused_before_any_cluster_is_asked(
    wish: dict[str, float], words: str
) -> None:
    with pytest.raises(ValidationError, match=words):
        Settings(engine="ray", **wish)  # type: ignore[arg-type]
    assert Settings(engine="ray", ray_gpus=0.3333, ray_cpus=1.5).ray_cpus == 1.5


def test_the_bridge_gets_what_ray_reads_and_ray_phones_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RAY_AUTH_MODE", "token")
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "1")
    monkeypatch.setenv("POLYCUE_DATABASE_URL", "postgresql://secret")
    told = environment()
    assert told["RAY_AUTH_MODE"] == "token"
    assert told["RAY_USAGE_STATS_ENABLED"] == "0"
    assert all(name.startswith("RAY_") for name in told)


def test_memory_that_nobody_has_seen_yet_is_no_limit() -> None:
    seen = Device("cpu", 0, "int8", 1, memory_bytes=64 << 30, place="ray:1")
    assert budget([WISHED]) > 1 << 60
    assert budget([WISHED], 5 << 30) == 5 << 30
    assert budget([WISHED, seen]) == 16 << 30  # half of it, for two actors that may share it


def node(server: Path, here: Path, *, recorded_only: bool = False) -> NodeModels:
    hello = Hello(server, recorded_only=recorded_only, log_level=30)
    return NodeModels(hello, here=here, node="10.0.0.9")


def test_a_node_takes_its_own_copy_of_a_model_before_the_servers(tmp_path: Path) -> None:
    server, here = tmp_path / "server", tmp_path / "here"
    for root in (server, here):
        (root / "whisper" / "tiny").mkdir(parents=True)
    (server / "whisper" / "base").mkdir()
    models = node(server, here)
    assert models.located(server / "whisper" / "tiny") == here / "whisper" / "tiny"
    assert models.located(server / "whisper" / "base") == server / "whisper" / "base"


def test_a_model_that_a_node_has_not_is_told_with_the_node(tmp_path: Path) -> None:
    models = node(tmp_path / "server", tmp_path / "here")
    spec = ModelSpec(tmp_path / "server" / "whisper" / "tiny", "tiny", WISHED)
    with pytest.raises(ModelMissing, match=r"on the Ray node 10\.0\.0\.9"):
        Load(spec).do(models)
    package = Package("en", "es", "1", tmp_path / "server" / "argos" / "en_es")
    with pytest.raises(ModelMissing, match=r"10\.0\.0\.9"):
        LoadTexts(package, WISHED).do(models)


def test_a_node_holds_its_models_to_what_was_installed_there(tmp_path: Path) -> None:
    here = tmp_path / "here"
    (here / "whisper" / "tiny").mkdir(parents=True)
    models = node(tmp_path / "server", here, recorded_only=True)
    spec = ModelSpec(tmp_path / "server" / "whisper" / "tiny", "tiny", WISHED)
    with pytest.raises(ModelDamaged, match=r"on the Ray node 10\.0\.0\.9: it was put there"):
        Load(spec).do(models)


def test_a_node_computes_on_the_device_that_it_found(repository: Path, tmp_path: Path) -> None:
    models = node(repository / "demo" / "models", tmp_path)
    found = ChooseOnNode(Choose("cpu", "int8", 0, threads=1, workers=1)).do(models)
    assert found.memory_bytes
    spec = ModelSpec(repository / "demo" / "models" / "whisper" / "demo-en", "demo-en", WISHED)
    loaded = Load(spec).do(models)
    assert loaded.workers == 1
    assert models.recogniser(spec).device == "cpu"
