import json
import os
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polycue.domain.errors import AlreadyExists, ModelDamaged, Unreadable
from polycue.models.imports import import_models
from polycue.models.store import ModelStore

Make = Callable[..., Path]  # of a model; see conftest.py


def test_a_whisper_folder_is_taken_up_without_what_is_not_of_the_model(
    store: ModelStore, make_whisper: Make
) -> None:
    given = make_whisper()
    (given / "notes.txt").touch()
    (imported,) = import_models(given, store)
    assert not imported.already_there
    names = {path.name for path in imported.model.path.iterdir()}
    assert names == {"config.json", "model.bin", "tokenizer.json", "vocabulary.json"}


def test_a_second_import_finds_it_there(
    store: ModelStore, make_whisper: Make, make_archive: Make
) -> None:
    given = make_whisper().parent
    make_archive()
    assert [each.already_there for each in import_models(given, store)] == [False, False]
    assert [each.already_there for each in import_models(given, store)] == [True, True]


def test_a_damaged_model_is_not_taken_for_there(store: ModelStore, make_whisper: Make) -> None:
    given = make_whisper()
    (imported,) = import_models(given, store)
    (imported.model.path / "model.bin").write_text("other..")
    with pytest.raises(AlreadyExists):
        import_models(given, store)
    assert not import_models(given, store, replace=True)[0].already_there
    assert store.verify("toy") == []


def test_another_model_of_the_name_is_kept_unless_told(
    store: ModelStore, make_whisper: Make, tmp_path: Path
) -> None:
    given = make_whisper()
    import_models(given, store)
    (given / "model.bin").write_text("newer")
    with pytest.raises(AlreadyExists, match="--replace"):
        import_models(given, store)
    assert store.verify("toy") == []
    import_models(given, store, replace=True)
    assert (store.whisper_path("toy") / "model.bin").read_text() == "newer"


def test_a_model_can_be_given_a_name(store: ModelStore, make_whisper: Make) -> None:
    (imported,) = import_models(make_whisper(), store, name="mine-v2.1")
    assert imported.model.name == "mine-v2.1"


@pytest.mark.parametrize("name", ["../up", "a/b", ".hidden", "with space"])
def test_a_name_that_is_no_folders_is_refused(
    store: ModelStore, make_whisper: Make, name: str
) -> None:
    with pytest.raises(ModelDamaged):
        import_models(make_whisper(), store, name=name)
    assert store.installed() == ()


def test_a_snapshot_of_a_hub_cache_keeps_its_name_and_commit(
    store: ModelStore, make_whisper: Make, tmp_path: Path
) -> None:
    commit = "536b0662742c02347bc0e980a01041f333bce120"
    cache = tmp_path / "hub" / "models--Systran--faster-whisper-small"
    snapshot = cache / "snapshots" / commit
    snapshot.mkdir(parents=True)
    (cache / "blobs").mkdir()
    for file in make_whisper().iterdir():
        file.rename(cache / "blobs" / file.name)
        os.symlink(Path("../../blobs") / file.name, snapshot / file.name)
    (imported,) = import_models(snapshot, store)
    assert (imported.model.name, imported.model.revision) == ("small", commit)
    assert not (imported.model.path / "model.bin").is_symlink()


def test_an_archive_is_unpacked_under_the_name_argos_gives_it(
    store: ModelStore, make_archive: Make
) -> None:
    (imported,) = import_models(make_archive("en", "pb", "1.9"), store)
    assert imported.model.path == store.argos_root / "translate-en_pb-1_9"
    assert imported.model.name == "en:pt-BR"


def test_sentence_splitters_that_could_run_code_are_left_out(
    store: ModelStore, make_archive: Make
) -> None:
    extra = {"en_es/stanza/en/tokenize.pt": "pickle", "en_es/minisbd/en.onnx": "net"}
    (imported,) = import_models(make_archive(extra=extra), store)
    assert not (imported.model.path / "stanza").exists()
    assert (imported.model.path / "minisbd" / "en.onnx").is_file()


def test_an_unpacked_package_is_taken_up(
    store: ModelStore, make_archive: Make, tmp_path: Path
) -> None:
    with zipfile.ZipFile(make_archive()) as archive:
        archive.extractall(tmp_path / "unpacked")
    (imported,) = import_models(tmp_path / "unpacked", store)
    assert imported.model.name == "en:es"
    assert store.verify("en:es") == []


def test_what_lies_beside_the_models_does_not_keep_them_out(
    store: ModelStore, make_whisper: Make, make_archive: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = make_whisper().parent
    make_archive()
    (given / "a dangling link").symlink_to(given / "nowhere")
    (given / "a loop").symlink_to(given / "a loop")
    os.mkfifo(given / "a pipe")
    (given / "another's").mkdir()
    listed = Path.iterdir

    def iterdir(folder: Path) -> Iterator[Path]:  # root, who may run this, may read all folders
        if folder.name == "another's":
            raise PermissionError(13, "Permission denied", str(folder))
        return listed(folder)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    assert {each.model.name for each in import_models(given, store)} == {"toy", "en:es"}
    with pytest.raises(Unreadable, match="Permission denied"):
        import_models(given / "another's", store)
    with pytest.raises(Unreadable, match="No such file"):
        import_models(given / "a dangling link", store)


@pytest.mark.parametrize("missing", ["tokenizer.json", "vocabulary.json"])
def test_a_model_that_would_need_the_network_to_load_is_refused(
    store: ModelStore, make_whisper: Make, missing: str
) -> None:
    given = make_whisper()
    (given / missing).unlink()
    with pytest.raises(ModelDamaged, match=missing):
        import_models(given, store)
    assert store.installed() == ()


@pytest.mark.parametrize(
    "entry",
    ["../out.txt", "en_es/../../out.txt", "/out.txt", "en_es\\..\\out.txt", "other/file.txt"],
)
def test_an_archive_that_writes_elsewhere_is_refused(
    store: ModelStore, make_archive: Make, tmp_path: Path, entry: str
) -> None:
    with pytest.raises(ModelDamaged):
        import_models(make_archive(extra={entry: "x"}), store)
    assert not list(tmp_path.rglob("out.txt"))
    assert store.installed() == ()


def test_an_archive_with_a_link_is_refused(store: ModelStore, make_archive: Make) -> None:
    path = make_archive()
    with zipfile.ZipFile(path, "a") as archive:
        link = zipfile.ZipInfo("en_es/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(ModelDamaged, match="link"):
        import_models(path, store)


def test_an_archive_that_grows_without_measure_is_refused(
    store: ModelStore, make_archive: Make
) -> None:
    with pytest.raises(ModelDamaged, match="would grow"):
        import_models(make_archive(extra={"en_es/zeros": "0" * 120_000_000}), store)


def test_files_that_are_in_each_others_way_are_refused(
    store: ModelStore, make_archive: Make
) -> None:
    extra = {"en_es/a": "a file", "en_es/a/b": "a file below a file"}
    with pytest.raises(ModelDamaged):
        import_models(make_archive(extra=extra), store)


def test_a_name_too_long_for_a_disk_is_refused(store: ModelStore, make_archive: Make) -> None:
    with pytest.raises(ModelDamaged):
        import_models(make_archive(extra={f"en_es/{'x' * 300}": "x"}), store)


@pytest.mark.parametrize(
    "metadata",
    [
        {"from_code": None},
        {"from_code": "../../x"},
        {"package_version": "1.0/../.."},
        {"package_version": 1},
        {"type": "sbd"},
    ],
)
def test_metadata_that_cannot_be_a_translators_is_refused(
    store: ModelStore, make_archive: Make, metadata: dict[str, object]
) -> None:
    with pytest.raises(ModelDamaged, match=r"metadata\.json"):
        import_models(make_archive(metadata=metadata), store)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"not an archive"])
def test_a_file_that_is_no_archive_is_refused(
    store: ModelStore, tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "x.argosmodel"
    path.write_bytes(content)
    with pytest.raises(ModelDamaged):
        import_models(path, store)


@pytest.mark.parametrize("name", [b"\xff" * 6, b"\0" * 6])
def test_a_name_that_is_none_is_refused(store: ModelStore, make_archive: Make, name: bytes) -> None:
    path = make_archive(extra={"en_e\u00e9": "x"})  # a letter that makes zipfile say UTF-8
    path.write_bytes(path.read_bytes().replace("en_e\u00e9".encode(), name))
    with pytest.raises(ModelDamaged):
        import_models(path, store)


def test_damage_inside_an_archive_is_found(store: ModelStore, make_archive: Make) -> None:
    path = make_archive(weights="".join(str(i) for i in range(10_000)))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(ModelDamaged):
        import_models(path, store)
    assert store.installed() == ()


def test_a_path_without_a_model_says_what_one_is(store: ModelStore, tmp_path: Path) -> None:
    with pytest.raises(Unreadable, match="argosmodel"):
        import_models(tmp_path, store)
    with pytest.raises(Unreadable):
        import_models(tmp_path / "nowhere", store)


def test_the_demo_models_are_taken_up_whole(store: ModelStore, repository: Path) -> None:
    imported = import_models(repository / "demo" / "models", store)
    assert {each.model.name for each in imported} == {"demo-en", "en:es", "en:de", "es:en"}
    assert all(each.model.demo for each in imported)
    assert json.loads((store.root / "manifest.json").read_text())["format"] == 1
