import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.errors import ModelDamaged, ModelMissing
from polycue.models.checked import CheckedModels
from polycue.models.imports import import_models
from polycue.models.store import ModelStore

Make = Callable[..., Path]  # of a model; see conftest.py


@pytest.fixture
def models(store: ModelStore, make_whisper: Make) -> CheckedModels:
    import_models(make_whisper(), store)
    return CheckedModels(store, recorded_only=True)


def test_a_model_as_installed_may_be_loaded(models: CheckedModels, store: ModelStore) -> None:
    assert models.whisper_path("toy") == store.whisper_path("toy")


def test_a_flipped_bit_is_found_and_its_file_named(
    models: CheckedModels, store: ModelStore
) -> None:
    weights = store.whisper_path("toy") / "model.bin"
    weights.write_bytes(bytes([weights.read_bytes()[0] ^ 1]) + weights.read_bytes()[1:])
    with pytest.raises(ModelDamaged, match=r"model\.bin has changed; install it again"):
        models.whisper_path("toy")


def test_a_file_cut_short_is_found(models: CheckedModels, store: ModelStore) -> None:
    os.truncate(store.whisper_path("toy") / "model.bin", 3)
    with pytest.raises(ModelDamaged, match=r"model\.bin has 3 bytes, not 7"):
        models.whisper_path("toy")


def test_a_model_that_is_gone_is_missing(models: CheckedModels, store: ModelStore) -> None:
    (store.whisper_path("toy") / "model.bin").unlink()
    with pytest.raises(ModelMissing):
        models.whisper_path("toy")


def test_a_file_that_was_slipped_in_is_found(models: CheckedModels, store: ModelStore) -> None:
    (store.whisper_path("toy") / "preprocessor_config.json").write_text("{}")
    with pytest.raises(ModelDamaged, match=r"preprocessor_config\.json was not installed"):
        models.whisper_path("toy")


def test_a_file_is_read_once_and_again_when_it_has_changed(
    models: CheckedModels, store: ModelStore
) -> None:
    models.whisper_path("toy")
    weights = store.whisper_path("toy") / "model.bin"
    before = weights.stat()
    weights.write_text("WEIGHTS")
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
    models.whisper_path("toy")  # of the same inode, size and time: who can do that owns the store
    os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    with pytest.raises(ModelDamaged):
        models.whisper_path("toy")


def test_a_package_for_translating_is_checked_by_its_folder(
    store: ModelStore, make_archive: Make
) -> None:
    ((package,),) = ([each.model for each in import_models(make_archive(), store)],)
    models = CheckedModels(store, recorded_only=True)
    models.check(package.path)
    (package.path / "sentencepiece.model").write_text("PIECES")
    with pytest.raises(ModelDamaged, match=r"sentencepiece\.model has changed"):
        models.check(package.path)


def test_a_model_put_there_by_hand_is_loaded_unless_that_is_forbidden(
    store: ModelStore, make_whisper: Make
) -> None:
    shutil.copytree(make_whisper(), store.root / "whisper" / "toy")
    CheckedModels(store, recorded_only=False).whisper_path("toy")
    with pytest.raises(ModelDamaged, match="by hand"):
        CheckedModels(store, recorded_only=True).whisper_path("toy")
