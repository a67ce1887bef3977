import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import click.testing
import pytest

from polycue.commands.doctor import doctor
from polycue.commands.engine_findings import shared
from polycue.domain.errors import DeviceUnavailable
from polycue.engine.devices import Device
from polycue.media import sandbox
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from support.ports import free_port

# What the extra `service` brings; without it doctor must still run.
LIGHT = """
import importlib.abc, sys
class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {
            "argostranslate", "ctranslate2", "faster_whisper", "ffmpeg", "langcodes", "numpy",
            "onnxruntime", "platformdirs", "pysrt", "pysubs2", "sentencepiece", "tokenizers",
        }:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from polycue.commands.doctor import doctor
sys.exit(doctor.main(args=["--json"], standalone_mode=False))
"""

Findings = dict[str, dict[str, str]]


def environment(tmp_path: Path) -> dict[str, str]:
    return {
        "HOME": str(tmp_path),
        "XDG_DATA_HOME": str(tmp_path / "data"),
        "POLYCUE_MODELS_DIR": str(tmp_path / "models"),
    }


def examine(tmp_path: Path, *arguments: str, path: str | None = None) -> tuple[int, Findings]:
    """The exit code, and the last finding on each subject."""
    env = environment(tmp_path) | ({} if path is None else {"PATH": path})
    runner = click.testing.CliRunner(env=env)
    result = runner.invoke(
        doctor, ["--json", *arguments], standalone_mode=False, catch_exceptions=False
    )
    return result.return_value, by_subject(result.stdout)


def by_subject(text: str) -> Findings:
    return {finding["subject"]: finding for finding in json.loads(text)["findings"]}


@pytest.fixture
def with_demo_models(tmp_path: Path, repository: Path) -> Path:
    import_models(repository / "demo" / "models", ModelStore(tmp_path / "models"))
    return tmp_path


def test_a_machine_with_models_can_do_the_work(with_demo_models: Path) -> None:
    code, found = examine(with_demo_models)
    assert code == 0
    assert found["ffmpeg"]["state"] == "fine"
    assert "es-en-de" in found["translators"]["detail"]
    assert found["recognisers"]["state"] == "warning"  # the demo's, which hear a small world
    assert not list((with_demo_models / "data").rglob("*"))  # nothing was made by looking


def test_where_models_run_is_told_and_tried(
    with_demo_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, found = examine(with_demo_models)
    assert "in threads of the server" in found["engine"]["detail"]
    monkeypatch.setenv("POLYCUE_ENGINE", "child")
    _, found = examine(with_demo_models)
    assert "in a child process of the server" in found["engine"]["detail"]
    monkeypatch.setenv("POLYCUE_DEVICE", "cpu")
    monkeypatch.setenv("POLYCUE_DEVICE_INDEX", "0,1")
    _, found = examine(with_demo_models)
    assert "a child process for each device, on cpu, cpu:1" in found["engine"]["detail"]
    monkeypatch.setenv("POLYCUE_COMPUTE_TYPE", "int3")
    code, found = examine(with_demo_models)
    assert code == 1
    assert found["engine"]["state"] == "failed"
    assert "it does not compute in int3" in found["engine"]["detail"]


def test_a_ray_cluster_that_cannot_be_used_is_told_with_the_reason(
    with_demo_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="Ray is an extra")
    monkeypatch.setenv("POLYCUE_ENGINE", "ray")
    monkeypatch.setenv("POLYCUE_RAY_ADDRESS", f"127.0.0.1:{free_port()}")
    code, found = examine(with_demo_models)
    assert code == 1
    assert found["engine"]["state"] == "failed"
    assert "the Ray cluster cannot be used" in found["engine"]["detail"]
    assert "POLYCUE_RAY_*" in found["engine"]["advice"]


def test_what_a_device_does_at_once_is_told_with_the_memory_for_models(
    with_demo_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (
        *(("POLYCUE_WORKERS", "3"), ("POLYCUE_THREADS", "1"), ("POLYCUE_BATCH_ROWS", "5")),
        ("POLYCUE_MODEL_MEMORY_BYTES", str(3 * 2**30)),
    ):
        monkeypatch.setenv(name, value)
    _, found = examine(with_demo_models)
    assert found["batches"]["detail"] == (
        "3 workers of 1 thread on each device, up to 5 chunks in a batch"
    )
    assert found["model memory"]["detail"] == "3.0 GiB for weights on each device"


@pytest.mark.parametrize("problem", ["", "it holds no batch"])
def test_a_gpu_is_asked_with_the_model_it_would_be_used_for(
    with_demo_models: Path, problem: str
) -> None:
    """No GPU is here: a host that says it has two stands for them."""

    class Tried:
        max_rows = 32
        closed = False

        def close(self) -> None:
            self.closed = True

    opened: list[Tried] = []

    def open_recogniser(path: Path, name: str) -> list[Tried]:
        if problem:
            raise DeviceUnavailable("cuda:0", problem)
        opened.extend((Tried(), Tried()))
        return opened

    gpus = tuple(Device("cuda", n, "float16", 8, memory_bytes=80 * 2**30) for n in (0, 1))
    host = SimpleNamespace(device=gpus[0], devices=gpus, open_recogniser=open_recogniser)
    batches, memory = shared(cast(Any, host), 0, ModelStore(with_demo_models / "models"))
    assert memory.detail == "48.0 GiB for weights on each device"
    assert all(one.closed for one in opened)
    if problem:
        assert (batches.state, problem in batches.detail) == ("warning", True)
    else:
        assert "up to 32, 32 chunks in a batch of demo-en" in batches.detail


def test_without_a_model_it_says_which_to_pull(tmp_path: Path) -> None:
    code, found = examine(tmp_path)
    assert code == 1
    assert found["recognisers"]["state"] == "failed"
    assert "polycue models pull" in found["recognisers"]["advice"]
    assert "polycue models pull" in found["translators"]["advice"]


def test_without_ffmpeg_it_says_how_to_get_it(with_demo_models: Path) -> None:
    code, found = examine(with_demo_models, path=str(with_demo_models))
    assert code == 1
    assert found["ffmpeg"]["state"] == "failed"
    assert "apt-get install ffmpeg" in found["ffmpeg"]["advice"]


def test_an_ffmpeg_without_an_encoder_says_what_for(with_demo_models: Path) -> None:
    tools = with_demo_models / "tools"
    tools.mkdir()
    for name in ("ffmpeg", "ffprobe"):
        tool = tools / name
        tool.write_text("#!/bin/sh\necho ffmpeg version 9.9 built without anything\n")
        tool.chmod(0o755)
    code, found = examine(with_demo_models, path=f"{tools}:/usr/bin:/bin")
    assert code == 1
    assert "which burning in needs" in found["ffmpeg"]["detail"]


def test_a_kernel_without_landlock_is_told_and_stands_in_nobodys_way(
    with_demo_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sandbox, "layers", lambda: {"landlock": False, "seccomp": True})
    code, found = examine(with_demo_models)
    assert code == 0
    assert found["sandbox"]["state"] == "warning"
    assert "no landlock for ffmpeg, only seccomp" in found["sandbox"]["detail"]


def test_a_format_that_needs_an_extra_says_how_to_get_it(
    with_demo_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, found = examine(with_demo_models)
    assert "ttml" in found["subtitle formats"]["detail"]
    assert found["subtitle formats"]["advice"] == ""
    monkeypatch.setitem(sys.modules, "ttconv", None)  # as where the extra is absent
    for name in [name for name in sys.modules if name.startswith("ttconv.")]:
        monkeypatch.delitem(sys.modules, name)
    code, found = examine(with_demo_models)
    assert code == 0
    assert "ttml" not in found["subtitle formats"]["detail"]
    assert "polycue[imsc]" in found["subtitle formats"]["advice"]


def test_a_damaged_package_is_told(with_demo_models: Path) -> None:
    (package,) = (with_demo_models / "models" / "argos").glob("translate-en_de-*")
    (package / "metadata.json").write_text("{")
    code, found = examine(with_demo_models)
    assert code == 0
    assert found[package.name]["state"] == "warning"


def test_a_data_folder_that_cannot_be_written_stands_in_the_way(with_demo_models: Path) -> None:
    code, found = examine(with_demo_models, "--data-dir", "/proc/polycue")
    assert code == 1
    assert found["data folder"]["state"] == "failed"


def test_the_light_install_is_told_what_it_lacks(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT],
        env=os.environ | environment(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (1, "")
    found = by_subject(done.stdout)
    assert "ctranslate2" in found["libraries"]["detail"]
    assert "polycue[service]" in found["libraries"]["advice"]
    assert found["ffmpeg"]["state"] == "fine"


def test_people_read_a_line_each_and_a_verdict(with_demo_models: Path) -> None:
    runner = click.testing.CliRunner(env=environment(with_demo_models))
    result = runner.invoke(doctor, standalone_mode=False, catch_exceptions=False)
    assert "✓ ffmpeg: " in result.stdout
    assert result.stdout.endswith("This machine can subtitle films.\n")


def test_looking_leaves_no_trace_for_anybody_to_send(tmp_path: Path) -> None:
    # onnxruntime from 1.29 on writes a device's id and a store of events as soon as it is loaded.
    env = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    env |= environment(tmp_path) | {"TMPDIR": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-B", "-c", "from polycue.commands.doctor import doctor; doctor()"],
        env=env,
        capture_output=True,
        check=False,
        timeout=200,
    )
    assert list(tmp_path.iterdir()) == []
