"""Models made of a few bytes: the store looks at names, sizes and hashes, not at weights."""

import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from polycue.models.store import ModelStore

Make = Callable[..., Path]


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    return ModelStore(tmp_path / "models")


@pytest.fixture
def make_whisper(tmp_path: Path) -> Make:
    """Writes a folder like a Whisper model's and returns it."""

    def make(name: str = "toy", weights: str = "weights", *, marker: object = None) -> Path:
        folder = tmp_path / "given" / name
        folder.mkdir(parents=True)
        tokens = ["a", "<|en|>", "<|nb|>", "<|jw|>", *(["x"] * 51_861)]
        (folder / "model.bin").write_text(weights)
        (folder / "config.json").write_text(json.dumps({"lang_ids": [1, 2, 3]}))
        (folder / "tokenizer.json").write_text("{}")
        (folder / "vocabulary.json").write_text(json.dumps(tokens))
        if marker is not None:
            (folder / "polycue.json").write_text(json.dumps(marker))
        return folder

    return make


@pytest.fixture
def make_archive(tmp_path: Path) -> Make:
    """Writes an ``.argosmodel`` archive and returns it; ``extra`` are more files in it."""

    def make(
        source: str = "en",
        target: str = "es",
        version: str = "1.0",
        *,
        weights: str = "weights",
        metadata: Mapping[str, object] | None = None,
        extra: Mapping[str, str] | None = None,
    ) -> Path:
        name = f"{source}_{target}"
        path = tmp_path / "given" / f"{name}-{version}.argosmodel"
        path.parent.mkdir(exist_ok=True)
        about = {"from_code": source, "to_code": target, "package_version": version}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{name}/metadata.json", json.dumps({**about, **(metadata or {})}))
            archive.writestr(f"{name}/model/model.bin", weights)
            archive.writestr(f"{name}/sentencepiece.model", "pieces")
            for place, content in (extra or {}).items():
                archive.writestr(place, content)
        return path

    return make
