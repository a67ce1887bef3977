import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import ModelDamaged, ModelMissing, Unreadable
from polycue.models.argos_index import ArgosPackage
from polycue.models.catalogue import catalogue
from polycue.models.imports import import_models
from polycue.models.kind import ModelKind
from polycue.models.lock import Lock, LockedModel
from polycue.models.manifest import FileRecord, Progress
from polycue.models.pinning import differences_from, lock_of
from polycue.models.pull import Sources, pull
from polycue.models.store import ModelStore

Make = Callable[..., Path]  # of a model; see conftest.py

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
hashes = st.binary(min_size=32, max_size=32).map(bytes.hex)
records = st.builds(FileRecord, size_bytes=st.integers(0, 2**40), sha256=hashes)
pinned_models = st.builds(
    LockedModel,
    name=st.from_regex(r"\w[\w.:-]*", fullmatch=True),
    source=texts,
    revision=texts,
    size_bytes=st.integers(0, 2**40),
    kind=st.sampled_from(ModelKind),
    files=st.dictionaries(texts, records, max_size=3),
    aliases=st.lists(texts, max_size=2).map(tuple),
    licence=texts,
    whole=st.booleans(),
)


WHOLE = "format = 1\n[[model]]\nname = 'x'\nkind = 'whisper'\nsource = 'x'\nrevision = 'x'\n"


class Site:
    """Gives one archive for any address, and has no list of packages."""

    def __init__(self, archive: Path) -> None:
        self.archive = archive
        self.asked: tuple[str, ...] = ()

    def find(self, source: str, target: str) -> ArgosPackage:
        raise AssertionError("with a lock nobody asks what is newest")

    def fetch(self, package: ArgosPackage, to: Path, progress: Progress) -> str:
        self.asked = package.links
        shutil.copyfile(self.archive, to)
        return package.links[0]


@pytest.fixture(autouse=True)
def plenty_of_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ModelStore, "need", lambda store, size_bytes: None)


@pytest.fixture
def elsewhere(tmp_path: Path) -> ModelStore:
    """Another machine's models."""
    return ModelStore(tmp_path / "elsewhere")


def pull_pair(store: ModelStore, lock: Lock, site: Site) -> None:
    pull(
        "en:es",
        store,
        offline=False,
        progress=lambda done, total: None,
        sources=Sources(argos=site),
        lock=lock,
    )


def edited(lock: Lock, **changes: object) -> Lock:
    """The lock, its only model changed."""
    (model,) = lock.models
    facts = {name: getattr(model, name) for name in LockedModel.__slots__}
    return Lock((LockedModel(**{**facts, **changes}),))


def have_names_of_their_own(models: tuple[LockedModel, ...]) -> bool:
    names = [name for model in models for name in model.names]
    return len(names) == len(set(names))


@given(st.lists(pinned_models, max_size=3).map(tuple).filter(have_names_of_their_own))
def test_a_lock_is_read_as_it_was_written(models: tuple[LockedModel, ...]) -> None:
    lock = Lock(models)
    assert Lock.parse(lock.text(), Path("models.lock")) == lock


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "format = 2",
            "format = 1\nmodel = 1",
            "format = 1\n[[model]]\nname = 'x'",
            "not toml",
        ),
        *("format = 1\nmodel = [1]", "format = 1\nmodel = ['x']", "x = " + "[" * 5000),
        *(f"{WHOLE}\n{line}" for line in ("size_bytes = inf", "files = 1", "files.a = 'x'")),
    ],
)
def test_what_is_no_lock_says_which_file_it_is(tmp_path: Path, text: str) -> None:
    file = tmp_path / "models.lock"
    file.write_text(text)
    with pytest.raises(Unreadable, match=r"models\.lock.* is no models\.lock"):
        Lock.read(file)


@pytest.mark.parametrize(
    "name", ["", "..", ".x", "/x", "../../x", "a/b", "a\\b", "../x:../y", "a\0"]
)
def test_a_name_in_a_lock_leads_nowhere_else(name: str) -> None:
    text = Lock((LockedModel(name, "b", "c", 1),)).text()
    with pytest.raises(Unreadable, match="is no name of a model"):
        Lock.parse(text, Path("models.lock"))


def test_a_hash_that_is_none_is_refused() -> None:
    text = Lock((LockedModel("a", "b", "c", 1, files={"f": FileRecord(1, "12ab")}),)).text()
    with pytest.raises(Unreadable, match="SHA-256"):
        Lock.parse(text, Path("models.lock"))


def test_the_lock_of_this_package_pins_most_weights() -> None:
    models = catalogue().models
    assert all(model.kind is ModelKind.WHISPER for model in models)
    assert sum("model.bin" in model.files for model in models) >= 14


def test_what_is_installed_is_pinned_to_the_byte(
    store: ModelStore, make_whisper: Make, make_archive: Make
) -> None:
    import_models(make_whisper(), store)
    import_models(make_archive(), store)
    lock, unknown = lock_of(store)
    assert unknown == ()
    assert [model.name for model in lock.models] == ["en:es", "toy"]
    assert [differences_from(lock, store, name) for name in ("toy", "en:es")] == [[], []]
    (store.whisper_path("toy") / "model.bin").write_text("WEIGHTS")
    assert differences_from(lock, store, "toy") == ["model.bin has changed"]


def test_a_model_put_there_by_hand_cannot_be_pinned(store: ModelStore, make_whisper: Make) -> None:
    shutil.copytree(make_whisper(), store.root / "whisper" / "toy")
    assert lock_of(store) == (Lock(()), ("toy",))


def test_a_pair_comes_from_the_address_in_the_lock(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make
) -> None:
    archive = make_archive()
    import_models(archive, store)
    lock = edited(lock_of(store)[0], source="https://x.test/en_es-1.0")
    site = Site(archive)
    pull_pair(elsewhere, lock, site)
    assert site.asked == ("https://x.test/en_es-1.0",)
    assert differences_from(lock, elsewhere, "en:es") == []


def test_other_bytes_under_the_same_name_and_version_are_refused(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make
) -> None:
    import_models(make_archive(), store)
    lock = edited(lock_of(store)[0], source="https://x.test/en_es-1.0")
    with pytest.raises(ModelDamaged, match=r"model/model\.bin came with SHA-256"):
        pull_pair(elsewhere, lock, Site(make_archive(weights="planted")))
    assert elsewhere.installed() == ()


def test_a_model_the_lock_does_not_have_is_not_installed(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make, make_whisper: Make
) -> None:
    import_models(make_archive("en", "de"), store)
    lock, _ = lock_of(store)
    with pytest.raises(ModelMissing):
        pull_pair(elsewhere, lock, Site(make_archive()))
    with pytest.raises(ModelMissing):
        import_models(make_whisper(), elsewhere, lock=lock)
    assert elsewhere.installed() == ()


def test_an_import_is_held_to_the_lock_too(
    store: ModelStore, elsewhere: ModelStore, make_whisper: Make, tmp_path: Path
) -> None:
    given = make_whisper()
    import_models(given, store)
    lock, _ = lock_of(store)
    import_models(given, elsewhere, lock=lock)
    (given / "model.bin").write_text("planted")
    with pytest.raises(ModelDamaged, match=r"model\.bin came with SHA-256"):
        import_models(given, ModelStore(tmp_path / "third"), lock=lock)


def test_what_is_there_in_another_build_is_pulled_as_the_lock_has_it(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make
) -> None:
    locked_archive = make_archive()
    import_models(locked_archive, store)
    lock = edited(lock_of(store)[0], source="https://x.test/en_es-1.0")
    kept = locked_archive.rename(locked_archive.with_name("locked.argosmodel"))
    import_models(make_archive(weights="another build"), elsewhere)
    assert differences_from(lock, elsewhere, "en:es") != []
    pull_pair(elsewhere, lock, Site(kept))
    assert differences_from(lock, elsewhere, "en:es") == []


def test_a_file_that_the_lock_does_not_list_is_refused(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make
) -> None:
    """A tokenizer slipped in beside the right one would be preferred."""
    import_models(make_archive(), store)
    lock, _ = lock_of(store)
    planted = make_archive(extra={"en_es/bpe.model": "planted"})
    with pytest.raises(ModelDamaged, match=r"bpe\.model is not in the lock"):
        import_models(planted, elsewhere, lock=lock)


def test_of_a_pair_in_two_versions_the_one_that_is_loaded_is_pinned(
    store: ModelStore, elsewhere: ModelStore, make_archive: Make
) -> None:
    for version in ("1.9", "1.10"):
        import_models(make_archive(version=version), store)
    lock, _ = lock_of(store)
    assert [model.revision for model in lock.models] == ["1.10"]
    import_models(make_archive(version="1.10"), elsewhere, lock=lock)
    assert differences_from(lock, store, "en:es") == []


def test_a_name_that_is_pinned_twice_is_no_lock() -> None:
    twice = Lock((LockedModel("a", "b", "1", 1), LockedModel("a", "b", "2", 1)))
    with pytest.raises(Unreadable, match="'a' is pinned twice"):
        Lock.parse(twice.text(), Path("models.lock"))
