import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polycue.engine.budget import budget
from polycue.engine.devices import Device
from polycue.engine.footprint import footprint
from polycue.engine.memory import memory_of

GIB, BESIDES = 2**30, 32 * 2**20


def text(of: str) -> bytes:
    return struct.pack("<H", len(of) + 1) + of.encode() + b"\0"


def variable(name: str, kind: int, array: np.ndarray[Any, Any]) -> bytes:
    shape = struct.pack(f"<B{array.ndim}I", array.ndim, *array.shape)
    return text(name) + shape + struct.pack("<BI", kind, array.nbytes) + array.tobytes()


@pytest.fixture(params=[(0, "f4"), (4, "f2")], ids=["float32", "float16"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A file as CTranslate2 writes it, of one matrix and one vector."""
    kind, dtype = request.param
    head = struct.pack("<I", 6) + text("WhisperSpec") + struct.pack("<II", 3, 2)
    matrix = variable("matrix", kind, np.zeros((300, 100), dtype))
    vector = variable("vector", 0, np.zeros(100, "f4"))
    (tmp_path / "model.bin").write_bytes(head + matrix + vector + struct.pack("<I", 0))
    return tmp_path


@pytest.mark.parametrize(("compute_type", "bytes_each"), [
    ("int8", 1), ("int8_float16", 1), ("float16", 2), ("bfloat16", 2), ("float32", 4),
])  # fmt: skip
def test_a_matrix_takes_what_it_is_computed_in_and_a_vector_stays(
    model: Path, compute_type: str, bytes_each: int
) -> None:
    assert footprint(model, compute_type) == 300 * 100 * bytes_each + 100 * 4 + BESIDES


def test_where_the_type_is_left_to_the_library_it_is_that_of_the_file(model: Path) -> None:
    assert footprint(model, "auto") < footprint(model, "float32") + 1


def test_the_demo_model_in_int8_takes_about_its_file(repository: Path) -> None:
    folder = repository / "demo" / "models" / "whisper" / "demo-en"
    size = (folder / "model.bin").stat().st_size
    assert 0.9 * size < footprint(folder, "int8") - BESIDES < 1.1 * size


def test_a_file_that_is_no_model_counts_with_its_size_and_none_with_nothing(
    tmp_path: Path,
) -> None:
    assert footprint(tmp_path, "int8") == 0
    for content in (b"no weights", b"", b"\x06\x00\x00\x00\xff\xff"):
        (tmp_path / "model.bin").write_bytes(content)
        assert footprint(tmp_path, "int8") == len(content) + BESIDES


def device(kind: Any, gib: int) -> Device:
    return Device(kind, 0, "int8", 1, memory_bytes=gib * GIB)


def test_models_get_half_of_a_machine_more_of_a_gpu_and_what_is_asked_for() -> None:
    assert budget([device("cpu", 16)]) == 8 * GIB
    assert budget([device("cuda", 80)] * 2) == 48 * GIB
    assert budget([device("cpu", 16)] * 2) == 4 * GIB
    assert budget([device("cpu", 16)], asked_bytes=7) == 7
    assert budget([device("cuda", 0)]) == GIB // 2


def test_the_machine_has_some_memory_and_a_gpu_that_is_not_there_has_none() -> None:
    assert memory_of("cpu", 0) > GIB // 4
    assert memory_of("cuda", 99) == 0
