import os
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest

from polycue.domain.chunk import ModelFacts
from polycue.domain.errors import Unreadable
from polycue.domain.media import Stream, StreamKind
from polycue.domain.request import (
    DefenceOptions,
    DetectionOptions,
    InputFile,
    SpeechOptions,
    SpeechTask,
)
from polycue.pipeline.resuming.plan import plan_hash

FACTS = ModelFacts("small", ("en", "es"), 30_000, translates=True, demo=False, fingerprint="a")
SOUND = Stream(1, 0, StreamKind.AUDIO, "aac")
OTHERWISE: dict[str, Any] = {
    "language": "en",
    "task": SpeechTask.TRANSLATE,
    "beam_size": 1,
    "initial_prompt": "Glaciers.",
    "hotwords": ("fjord",),
    "detection": DetectionOptions(threshold=0.4),
    "allowed_languages": ("en",),
    "multilingual": False,
    "defence": DefenceOptions(temperatures=(0.2,)),
}


@pytest.fixture
def film(tmp_path: Path) -> InputFile:
    path = tmp_path / "film.mkv"
    path.write_bytes(b"a film")
    return InputFile(path, path.name)


def test_every_option_of_the_speech_decides_what_is_heard(film: InputFile) -> None:
    assert {field.name for field in fields(SpeechOptions)} == {"model", *OTHERWISE}
    changed = (replace(SpeechOptions(), **{n: v}) for n, v in OTHERWISE.items())
    given = [SpeechOptions(), *changed]
    assert len({plan_hash(film, SOUND, options, FACTS) for options in given}) == len(given)


def test_a_model_goes_by_its_weights_and_not_by_its_name(film: InputFile) -> None:
    plan = plan_hash(film, SOUND, SpeechOptions(), FACTS)
    named = plan_hash(film, SOUND, SpeechOptions(model="small"), replace(FACTS, name="renamed"))
    assert named == plan
    changes: list[dict[str, Any]] = [
        {"fingerprint": "b"},
        {"max_chunk_ms": 10_000},
        {"languages": ("en",)},
    ]
    for change in changes:
        other = replace(FACTS, **change)
        assert plan_hash(film, SOUND, SpeechOptions(), other) != plan


def test_another_stream_is_another_sound(film: InputFile) -> None:
    plans = {plan_hash(film, replace(SOUND, index=n), SpeechOptions(), FACTS) for n in (1, 2)}
    assert len(plans) == 2


def test_contents_that_are_known_count_wherever_they_lie(film: InputFile, tmp_path: Path) -> None:
    known = replace(film, identity="sha256:ab")
    elsewhere = InputFile(tmp_path / "gone.mkv", "renamed.mkv", "sha256:ab")
    plans = [plan_hash(f, SOUND, SpeechOptions(), FACTS) for f in (known, elsewhere, film)]
    assert plans[0] == plans[1] != plans[2]


def test_a_file_that_nobody_hashed_goes_by_its_size_and_when_it_changed(
    film: InputFile, tmp_path: Path
) -> None:
    def plan() -> str:
        return plan_hash(film, SOUND, SpeechOptions(), FACTS)

    first = plan()
    link = tmp_path / "link"
    link.symlink_to(film.path)
    assert plan_hash(InputFile(link, "x"), SOUND, SpeechOptions(), FACTS) == first == plan()
    changed_ns = film.path.stat().st_mtime_ns
    film.path.write_bytes(b"another film")
    os.utime(film.path, ns=(changed_ns, changed_ns))
    longer = plan()
    os.utime(film.path, ns=(changed_ns + 1, changed_ns + 1))
    assert len({first, longer, plan()}) == 3
    film.path.unlink()
    with pytest.raises(Unreadable):
        plan()
