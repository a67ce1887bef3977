import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from polycue.domain.errors import (
    AlreadyExists,
    DownloadFailed,
    InvalidRequest,
    ModelDamaged,
    Offline,
    UnknownLanguage,
)
from polycue.models.argos_index import ArgosPackage
from polycue.models.catalogue import catalogue, find_whisper
from polycue.models.lock import LockedModel
from polycue.models.manifest import Progress
from polycue.models.pairs import parse_pair
from polycue.models.pull import Pulled, Sources, pull
from polycue.models.store import ModelStore

Make = Callable[..., Path]  # of a model; see conftest.py

FREE_OF_HASH = "distil-large-v2"  # its weights' hash is not in the catalogue


class Hub:
    """Gives the files of a folder for any model."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.asked: list[str] = []

    def __call__(self, model: LockedModel, cache: Path, into: Path, progress: Progress) -> str:
        self.asked.append(model.name)
        shutil.copytree(self.folder, into)
        progress(model.size_bytes, model.size_bytes)
        return model.revision


class Index:
    """Offers one archive under the name it is asked for."""

    def __init__(self, archive: Path, version: str = "1.0") -> None:
        self.archive, self.version = archive, version

    def find(self, source: str, target: str) -> ArgosPackage:
        return ArgosPackage(source, target, self.version, ("https://x.test/a",))

    def fetch(self, package: ArgosPackage, to: Path, progress: Progress) -> str:
        shutil.copyfile(self.archive, to)
        return package.links[0]


class Unreachable:
    """No network: whoever asks has failed."""

    def __call__(self, model: LockedModel, cache: Path, into: Path, progress: Progress) -> str:
        raise DownloadFailed(model.name, "no network", "check it")

    def find(self, source: str, target: str) -> ArgosPackage:
        raise DownloadFailed("the index", "no network", "check it")

    def fetch(self, package: ArgosPackage, to: Path, progress: Progress) -> str:
        raise AssertionError("nothing was found to fetch")


def fetched(wanted: str, store: ModelStore, sources: Sources, *, offline: bool = False) -> Pulled:
    return pull(wanted, store, offline=offline, progress=lambda done, total: None, sources=sources)


@pytest.fixture(autouse=True)
def plenty_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    """The files here are a few bytes; their models are gigabytes."""
    monkeypatch.setattr(ModelStore, "need", lambda store, size_bytes: None)


def test_a_whisper_model_is_installed_with_its_commit_and_hashes(
    store: ModelStore, make_whisper: Make
) -> None:
    pulled = fetched(FREE_OF_HASH, store, Sources(Hub(make_whisper()), Unreachable()))
    assert not pulled.already_there
    known = find_whisper(FREE_OF_HASH)
    assert known is not None
    assert pulled.model.revision == known.revision
    assert store.verify(FREE_OF_HASH) == []


def test_what_is_there_is_not_fetched_again(store: ModelStore, make_whisper: Make) -> None:
    hub = Hub(make_whisper())
    fetched(FREE_OF_HASH, store, Sources(hub, Unreachable()))
    assert fetched(FREE_OF_HASH, store, Sources(hub, Unreachable())).already_there
    assert fetched(FREE_OF_HASH, store, Sources(hub, Unreachable()), offline=True).already_there
    assert hub.asked == [FREE_OF_HASH]


def test_a_damaged_model_is_fetched_again(store: ModelStore, make_whisper: Make) -> None:
    hub = Hub(make_whisper())
    fetched(FREE_OF_HASH, store, Sources(hub, Unreachable()))
    (store.whisper_path(FREE_OF_HASH) / "model.bin").write_text("WEIGHTS")
    assert not fetched(FREE_OF_HASH, store, Sources(hub, Unreachable())).already_there
    assert store.verify(FREE_OF_HASH) == []


def test_weights_that_are_not_the_pinned_ones_are_refused(
    store: ModelStore, make_whisper: Make
) -> None:
    with pytest.raises(ModelDamaged, match="SHA-256"):
        fetched("tiny", store, Sources(Hub(make_whisper()), Unreachable()))
    assert store.installed() == ()
    assert not list(store.root.glob(".staging-*"))


def test_a_download_without_its_tokenizer_is_refused(store: ModelStore, make_whisper: Make) -> None:
    given = make_whisper()
    (given / "tokenizer.json").unlink()
    with pytest.raises(ModelDamaged, match="tokenizer"):
        fetched(FREE_OF_HASH, store, Sources(Hub(given), Unreachable()))


def test_offline_is_told_before_the_network_is_touched(store: ModelStore) -> None:
    with pytest.raises(Offline):
        fetched("tiny", store, Sources(Unreachable(), Unreachable()), offline=True)
    with pytest.raises(Offline):
        fetched("en:es", store, Sources(Unreachable(), Unreachable()), offline=True)
    assert not store.root.exists()


def test_a_failed_download_leaves_nothing_installed(store: ModelStore) -> None:
    for wanted in ("tiny", "en:es"):
        with pytest.raises(DownloadFailed):
            fetched(wanted, store, Sources(Unreachable(), Unreachable()))
    assert store.installed() == ()


def test_a_model_put_there_by_hand_is_not_overwritten(
    store: ModelStore, make_whisper: Make
) -> None:
    (store.root / "whisper").mkdir(parents=True)
    make_whisper().rename(store.root / "whisper" / "tiny")
    with pytest.raises(AlreadyExists):
        pull("tiny", store, offline=False, progress=lambda done, total: None)


def test_a_pair_is_pulled_and_found_there(store: ModelStore, make_archive: Make) -> None:
    sources = Sources(Unreachable(), Index(make_archive()))
    assert not fetched("en>es", store, sources).already_there
    assert fetched("en:es", store, sources).already_there
    assert fetched(
        "en:es", store, Sources(Unreachable(), Unreachable()), offline=True
    ).already_there
    assert store.verify("en:es") == []


def test_a_newer_version_is_pulled_beside_the_old(store: ModelStore, make_archive: Make) -> None:
    fetched("en:es", store, Sources(Unreachable(), Index(make_archive(version="1.9"))))
    newer = Index(make_archive(version="1.10"), "1.10")
    assert not fetched("en:es", store, Sources(Unreachable(), newer)).already_there
    assert [model.revision for model in store.find("en:es")] == ["1.9", "1.10"]
    assert fetched("en:es", store, Sources(Unreachable(), newer)).already_there


def test_a_package_that_is_another_pair_than_was_asked_is_refused(
    store: ModelStore, make_archive: Make
) -> None:
    with pytest.raises(ModelDamaged, match="en:es"):
        fetched("de:fr", store, Sources(Unreachable(), Index(make_archive())))
    assert store.installed() == ()


@pytest.mark.parametrize("wanted", ["nope", "", "en-es", "en:", "tiny:"])
def test_what_is_no_name_is_said_to_be_none(store: ModelStore, wanted: str) -> None:
    with pytest.raises(InvalidRequest):
        fetched(wanted, store, Sources(Unreachable(), Unreachable()))


@pytest.mark.parametrize(
    ("text", "pair"),
    [
        ("en:es", ("en", "es")),
        (" en > pt-br ", ("en", "pt-BR")),
        ("EN:zh-TW", ("en", "zh-Hant")),
        ("no:es-MX", ("nb", "es")),
        ("tiny", None),
        ("large-v3", None),
    ],
)
def test_pairs_are_read_as_people_type_them(text: str, pair: tuple[str, str] | None) -> None:
    assert parse_pair(text) == pair


def test_a_pair_of_no_languages_is_refused() -> None:
    with pytest.raises(UnknownLanguage):
        parse_pair("en:xyzzy")


def test_every_model_is_pinned_to_a_commit() -> None:
    names = [name for model in catalogue().models for name in (model.name, *model.aliases)]
    assert len(names) == len(set(names))
    for model in catalogue().models:
        assert len(model.revision) == 40
        assert set(model.revision) <= set("0123456789abcdef")
        assert model.files.keys() <= {"model.bin"}
        assert model.licence == "MIT"


def test_the_catalogue_has_faster_whispers_models_under_its_names() -> None:
    from faster_whisper.utils import _MODELS

    for name, repository in _MODELS.items():
        model = find_whisper(name)
        assert model is not None
        assert model.source == repository
