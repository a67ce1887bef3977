from pathlib import Path

import pytest

from polycue.speech.weights import fingerprint

NAMES = ("model.bin", "config.json")


def write(folder: Path, model: bytes, config: bytes = b"{}") -> Path:
    folder.mkdir()
    (folder / "model.bin").write_bytes(model)
    (folder / "config.json").write_bytes(config)
    return folder


def test_a_copy_of_a_model_has_its_fingerprint_wherever_it_lies(tmp_path: Path) -> None:
    one = write(tmp_path / "one", bytes(200_000))
    other = write(tmp_path / "other", bytes(200_000))
    (other / "README.md").write_text("a word to whoever looks here")
    assert fingerprint(one, NAMES) == fingerprint(other, NAMES)


@pytest.mark.parametrize("size", [0, 1, 65_536, 65_537, 12_000_000])
def test_other_weights_of_the_same_size_have_another(tmp_path: Path, size: int) -> None:
    one = write(tmp_path / "one", bytes(size))
    other = write(tmp_path / "other", b"\1" * size)
    assert (fingerprint(one, NAMES) == fingerprint(other, NAMES)) == (size == 0)


def test_first_and_last_byte_length_and_what_stands_beside_it_count(tmp_path: Path) -> None:
    zeros = bytearray(10_000_000)
    changed = [b"\1" + zeros[1:], zeros[:-1] + b"\1", zeros + b"\0"]
    made = {fingerprint(write(tmp_path / f"{n}", bytes(m)), NAMES) for n, m in enumerate(changed)}
    made.add(fingerprint(write(tmp_path / "plain", bytes(zeros)), NAMES))
    made.add(fingerprint(write(tmp_path / "config", bytes(zeros), b"[]"), NAMES))
    assert len(made) == 5
