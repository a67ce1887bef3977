from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled
from polycue.domain.progress import Event
from polycue.domain.request import InputFile, SubtitleTask
from polycue.testing.checkpoints import KeptInMemory
from polycue.testing.pipeline import FakePipeline


def ignore(event: Event) -> None:
    pass


def test_another_plan_finds_nothing_of_the_first() -> None:
    kept = KeptInMemory()
    kept.begin("one")
    kept.save("transcribe", 0, b"heard")
    kept.begin("one")
    assert kept.load("transcribe") == {0: b"heard"}
    kept.begin("other")
    assert kept.load("transcribe") == {}


def test_of_two_pieces_with_one_index_the_first_stays() -> None:
    kept = KeptInMemory()
    kept.save("transcribe", 3, b"first")
    kept.save("transcribe", 3, b"second")
    assert (kept.load("transcribe"), kept.saves) == ({3: b"first"}, 1)


def test_a_fake_task_goes_on_behind_the_lines_that_were_kept(tmp_path: Path) -> None:
    film = tmp_path / "film.mp4"
    film.write_bytes(b"a film")
    task = SubtitleTask(InputFile(film, film.name))
    pipeline, kept, cancel = FakePipeline(), KeptInMemory(), CancelToken()
    kept.interrupt(cancel, after=2)
    with pytest.raises(Cancelled):
        pipeline.run(task, workdir=tmp_path, cancel=cancel, report=ignore, checkpoints=kept)
    pipeline.run(task, workdir=tmp_path, cancel=CancelToken(), report=ignore, checkpoints=kept)
    assert pipeline.heard == ["one", "two", "three"]
