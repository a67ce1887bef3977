"""A film through the real demo models, killed on its way and gone on with by other processes."""

from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.request import InputFile, SubtitleTask
from polycue.domain.track import TrackFormat
from polycue.engine import devices
from polycue.engine.backends.threads import ThreadTexts
from polycue.engine.texts.translator import Translator
from polycue.models.imports import import_models
from polycue.models.store import ModelStore
from polycue.pipeline.pipeline import Pipeline
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.engines import recogniser_in_threads
from polycue.translation.packages import Packages

FORMATS = (TrackFormat.SRT, TrackFormat.VTT, TrackFormat.JSON)
DEVICE = devices.choose("cpu", "auto")


@pytest.fixture(scope="module")
def store(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelStore:
    made = ModelStore(tmp_path_factory.mktemp("models"))
    import_models(repository / "demo" / "models", made)
    return made


def run(
    task: SubtitleTask, store: ModelStore, folder: Path, kept: KeptInMemory, killed_after: int = 0
) -> dict[str, bytes]:
    """What is written by models that were loaded for this run; empty where it was killed."""
    recogniser = recogniser_in_threads(store.whisper_path, DEVICE)
    translator = Translator(Packages(store.argos_root), ThreadTexts(DEVICE))
    cancel = CancelToken()
    kept.interrupt(cancel, after=killed_after)
    folder.mkdir()
    try:
        result = Pipeline(recogniser, translator).run(
            task, workdir=folder, cancel=cancel, report=lambda event: None, checkpoints=kept
        )
    except Cancelled:
        return {}
    finally:
        recogniser.close()
        translator.close()
    return {file.filename: file.path.read_bytes() for file in result.files}


def test_a_film_killed_twice_has_the_bytes_of_one_that_was_not(
    repository: Path, store: ModelStore, tmp_path: Path
) -> None:
    film = InputFile(repository / "demo" / "tour.mp4", "tour.mp4")
    task = SubtitleTask(film, targets=("es", "de"), formats=FORMATS)
    kept = KeptInMemory()
    whole = run(task, store, tmp_path / "whole", kept)
    assert len(whole) == 12
    killed = KeptInMemory()
    assert run(task, store, tmp_path / "first", killed, killed_after=4) == {}
    assert run(task, store, tmp_path / "second", killed, killed_after=kept.saves // 2) == {}
    assert run(task, store, tmp_path / "third", killed) == whole
