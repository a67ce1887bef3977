"""Sources in buckets, from a real S3 server on loopback."""

from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, SourceTooLarge, SourceTooSlow, SourceUnusable
from polycue.jobs.files.objects import Objects
from polycue.jobs.inputs.buckets import Buckets
from polycue.jobs.inputs.rules import InBucket, SourceRules
from support.buckets import BUCKET

DATA = bytes(range(256)) * 40_000  # more than one piece
LIVE = CancelToken()
FILM = InBucket(BUCKET, "2026/a film.mkv")


@pytest.fixture(autouse=True, scope="module")
def _film(objects: Objects) -> None:
    objects.put(f"{FILM.bucket}/{FILM.key}", DATA)


def buckets(objects: Objects, *, max_bytes: int = len(DATA), timeout_s: float = 60) -> Buckets:
    return Buckets(objects, SourceRules(max_bytes=max_bytes, timeout_s=timeout_s))


def test_a_file_comes_whole(objects: Objects, tmp_path: Path) -> None:
    tag = buckets(objects).fetch(FILM, tmp_path / "a", LIVE)
    assert (tmp_path / "a").read_bytes() == DATA
    assert tag == buckets(objects).fetch(FILM, tmp_path / "b", LIVE)


def test_limits_hold(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(SourceTooLarge):
        buckets(objects, max_bytes=len(DATA) - 1).fetch(FILM, tmp_path / "a", LIVE)
    with pytest.raises(SourceTooSlow):
        buckets(objects, timeout_s=0).fetch(FILM, tmp_path / "b", LIVE)


def test_what_is_not_there_is_told(objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="no such object"):
        buckets(objects).fetch(InBucket(BUCKET, "none"), tmp_path / "a", LIVE)
    with pytest.raises(SourceUnusable, match="no such object"):
        buckets(objects).fetch(InBucket(BUCKET, "2026"), tmp_path / "a", LIVE)
    with pytest.raises(SourceUnusable, match="NoSuchBucket"):
        buckets(objects).fetch(InBucket("nobodys-bucket", "a"), tmp_path / "a", LIVE)


def test_a_file_that_changes_while_it_is_read_is_none(objects: Objects, tmp_path: Path) -> None:
    place = InBucket(BUCKET, "changing.mkv")
    objects.put(f"{BUCKET}/{place.key}", DATA)

    class Meddler(CancelToken):
        """Puts another file there once the first piece has come."""

        def check(self) -> None: ...

        def on_cancel(self, callback: object) -> object:  # type: ignore[override]
            if (tmp_path / "a").exists():
                objects.put(f"{BUCKET}/{place.key}", DATA[::-1])
            return lambda: None

    with pytest.raises(SourceUnusable, match="changed"):
        buckets(objects).fetch(place, tmp_path / "a", Meddler())


def test_a_cancel_is_heard(objects: Objects, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        buckets(objects).fetch(FILM, tmp_path / "a", token)
