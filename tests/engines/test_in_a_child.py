"""The demo models in a child process, beside the same models in threads."""

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from polycue.app.host import open_host
from polycue.config import Settings
from polycue.domain.audio import Audio
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Chunk, Recognised
from polycue.domain.errors import ModelDamaged
from polycue.domain.request import DetectionOptions, SpeechOptions
from polycue.domain.translation import Hypotheses, Search
from polycue.engine.backends.backend import Host
from polycue.engine.recogniser import Recogniser
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.speech.cut import cut
from polycue.testing.engines import Open, recogniser_with
from polycue.translation.packages import Packages
from support.children import child_of

Samples = NDArray[np.float32]
TEXTS = ["The river runs behind the hills.", "We love the old forest.", "..."]


@pytest.fixture(scope="module")
def store(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    store = ModelStore(tmp_path_factory.mktemp("models"))
    import_models(repository / "demo" / "models", store)
    return store


@pytest.fixture(scope="module")
def hosts(store: ModelStore) -> Iterator[dict[str, Host]]:
    opened = {
        engine: open_host(Settings(engine=engine, device="cpu", threads=1, workers=1))
        for engine in ("threads", "child")
    }
    yield opened
    for host in opened.values():
        host.close()


@pytest.fixture(scope="module")
def chunks(
    repository: Path,
    decoded: Callable[[Path], Samples],
    blocks: Callable[[Samples], Iterator[Audio]],
) -> list[Chunk]:
    """The first half minute of the film."""
    sound = decoded(repository / "demo" / "tour.mp4")[: 30 * 16_000]
    return list(cut(blocks(sound), DetectionOptions(), max_chunk_ms=10_000))


def recogniser(opened: Open, store: ModelStore) -> Recogniser:
    return recogniser_with(opened, store.whisper_path, lambda: "demo-en")


def heard(host: Host, store: ModelStore, chunks: list[Chunk]) -> list[Recognised]:
    return heard_by(host.open_recogniser, store, chunks)


def heard_by(opened: Open, store: ModelStore, chunks: list[Chunk]) -> list[Recognised]:
    engine = recogniser(opened, store)
    try:
        return list(engine.transcribe(chunks, SpeechOptions(), cancel=CancelToken()))
    finally:
        engine.close()


@pytest.fixture(scope="module")
def said(hosts: dict[str, Host], store: ModelStore, chunks: list[Chunk]) -> list[Recognised]:
    return heard(hosts["threads"], store, chunks)


def test_a_child_hears_what_threads_hear_to_the_last_digit(
    hosts: dict[str, Host], store: ModelStore, chunks: list[Chunk], said: list[Recognised]
) -> None:
    assert any(result.words for result in said)
    assert heard(hosts["child"], store, chunks) == said


def test_a_film_whose_child_is_killed_comes_out_the_same(
    hosts: dict[str, Host], store: ModelStore, chunks: list[Chunk], said: list[Recognised]
) -> None:
    host = hosts["child"]
    engine = recogniser(host.open_recogniser, store)
    results = engine.transcribe(chunks, SpeechOptions(), cancel=CancelToken())
    found = [next(results)]  # by now the next batch is at work
    os.kill(child_of(os.getpid(), "polycue.engine"), signal.SIGKILL)
    found += results
    engine.close()
    assert found == said


def test_two_devices_with_a_child_each_hear_the_same_and_translate(
    store: ModelStore, chunks: list[Chunk], said: list[Recognised]
) -> None:
    settings = Settings(engine="child", device="cpu", device_index="0,1", workers=1, threads=1)
    host = open_host(settings)
    try:
        assert [device.label for device in host.devices] == ["cpu", "cpu:1"]
        backends = host.open_recogniser(store.whisper_path("demo-en"), "demo-en")
        assert len(backends) == 2
        for backend in backends:
            found = heard_by(lambda path, name: [backend], store, chunks)  # noqa: B023
            assert found == said
        package = Packages(store.argos_root).find("en", "es")
        assert len(host.texts.translate(package, TEXTS, Search())) == len(TEXTS)
    finally:
        host.close()


def test_a_child_translates_as_threads_do(hosts: dict[str, Host], store: ModelStore) -> None:
    package = Packages(store.argos_root).find("en", "es")
    search = Search(hypotheses=4, with_links=True)

    def translated(host: Host) -> list[Hypotheses]:
        return host.texts.translate(package, TEXTS, search)

    assert translated(hosts["child"]) == translated(hosts["threads"])


def test_a_damaged_model_is_named_from_there_too(
    hosts: dict[str, Host], store: ModelStore, tmp_path: Path
) -> None:
    damaged = tmp_path / "demo-en"
    shutil.copytree(store.whisper_path("demo-en"), damaged)
    (damaged / "model.bin").write_bytes(b"no weights")
    host = hosts["child"]
    with pytest.raises(ModelDamaged, match="demo-en"):
        host.open_recogniser(damaged, "demo-en")
    assert host.up()
