from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.errors import ModelDamaged, ModelMissing, Unwritable
from polycue.models.imports import import_models
from polycue.models.place import default_models_dir
from polycue.models.store import ModelStore

Make = Callable[..., Path]  # of a model; see conftest.py


def test_an_empty_store_has_nothing_and_writes_nothing(store: ModelStore) -> None:
    assert store.installed() == ()
    with pytest.raises(ModelMissing):
        store.whisper_path("tiny")
    assert not store.root.exists()


def test_a_missing_model_names_the_command_that_gets_it(store: ModelStore) -> None:
    with pytest.raises(ModelMissing, match=r"polycue models pull tiny$"):
        store.whisper_path("tiny")
    with pytest.raises(ModelMissing, match=r"polycue models pull turbo$"):
        store.whisper_path("turbo")
    with pytest.raises(ModelMissing, match=r"polycue models import FOLDER$"):
        store.whisper_path("of-my-own")


@pytest.mark.parametrize("name", ["", ".", "..", "../whisper/toy", "/etc", "toy/..", ".toy"])
def test_no_name_leads_out_of_the_store(store: ModelStore, make_whisper: Make, name: str) -> None:
    import_models(make_whisper(), store)
    with pytest.raises(ModelMissing):
        store.whisper_path(name)


def test_a_model_is_found_by_another_name_of_it(store: ModelStore, make_whisper: Make) -> None:
    import_models(make_whisper("large-v3-turbo"), store)
    assert store.whisper_path("turbo") == store.whisper_path("large-v3-turbo")
    assert [model.name for model in store.find("turbo")] == ["large-v3-turbo"]


def test_half_a_model_is_a_missing_one(store: ModelStore, make_whisper: Make) -> None:
    import_models(make_whisper(), store)
    (store.root / "whisper" / "toy" / "tokenizer.json").unlink()
    with pytest.raises(ModelMissing):
        store.whisper_path("toy")


def test_models_are_listed_with_what_their_files_say(
    store: ModelStore, make_whisper: Make, make_archive: Make
) -> None:
    import_models(make_whisper("real"), store)
    import_models(make_whisper("small.en"), store)
    import_models(make_whisper("demo", marker={"demo": True, "languages": ["en"]}), store)
    import_models(make_archive("en", "zt", metadata={"demo": True}), store)
    listed = [(m.name, m.kind.value, m.languages, m.demo) for m in store.installed()]
    assert listed == [
        ("demo", "whisper", ("en",), True),
        ("real", "whisper", ("en", "jv", "nb"), False),
        ("small.en", "whisper", ("en",), False),
        ("en:zh-Hant", "argos", ("en", "zh-Hant"), True),
    ]
    assert all(model.recorded and model.size_bytes > 0 for model in store.installed())


def test_a_sound_model_verifies(store: ModelStore, make_whisper: Make) -> None:
    import_models(make_whisper(), store)
    assert store.verify("toy") == []


def test_verify_names_what_is_missing_added_cut_and_changed(
    store: ModelStore, make_whisper: Make
) -> None:
    import_models(make_whisper(marker={}), store)
    folder = store.whisper_path("toy")
    (folder / "polycue.json").unlink()
    (folder / "more.txt").touch()
    (folder / "model.bin").write_text("cut")
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("1", "9"))
    assert store.verify("toy") == [
        "polycue.json is missing",
        "more.txt was not installed",
        "config.json has changed",
        "model.bin has 3 bytes, not 7",
    ]


def test_a_model_put_there_by_hand_cannot_be_verified(
    store: ModelStore, make_whisper: Make
) -> None:
    make_whisper().rename(_folder(store, "whisper") / "toy")
    assert [model.recorded for model in store.installed()] == [False]
    assert "by hand" in store.verify("toy")[0]


def test_all_versions_of_a_pair_are_verified(store: ModelStore, make_archive: Make) -> None:
    import_models(make_archive(version="1.0"), store)
    import_models(make_archive(version="1.10"), store)
    for model in store.find("en:es"):
        (model.path / "model" / "model.bin").write_text("WEIGHTS")
    assert store.verify("en:es") == ["model/model.bin has changed"] * 2


def test_a_folder_that_is_no_package_is_not_listed(store: ModelStore, make_archive: Make) -> None:
    import_models(make_archive(), store)
    (store.argos_root / "notes").mkdir()
    (store.argos_root / "broken").mkdir()
    (store.argos_root / "broken" / "metadata.json").write_text("{")
    assert [model.name for model in store.installed()] == ["en:es"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"models": 5}', '{"models": {"a": {}}}'])
def test_a_damaged_manifest_is_named(store: ModelStore, make_whisper: Make, text: str) -> None:
    import_models(make_whisper(), store)
    (store.root / "manifest.json").write_text(text)
    with pytest.raises(ModelDamaged, match="manifest"):
        store.installed()


def test_what_a_killed_process_left_is_swept_away(store: ModelStore) -> None:
    left = _folder(store, ".staging-left") / "model.bin"
    left.touch()
    with store.staging() as folder:
        assert not left.exists()
        assert folder.is_dir()
    assert not folder.exists()


def test_a_store_that_cannot_be_made_says_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unwritable), ModelStore(tmp_path / "file").staging():
        pass


def test_a_full_disk_is_told_before_a_download(store: ModelStore) -> None:
    with store.staging(), pytest.raises(Unwritable, match="MB are needed"):
        store.need(10**18)


def test_the_default_folder_is_the_environments_or_the_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POLYCUE_MODELS_DIR", str(tmp_path))
    assert default_models_dir() == tmp_path
    monkeypatch.delenv("POLYCUE_MODELS_DIR")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert default_models_dir() == tmp_path / "data" / "polycue" / "models"


def _folder(store: ModelStore, name: str) -> Path:
    folder = store.root / name
    folder.mkdir(parents=True)
    return folder
