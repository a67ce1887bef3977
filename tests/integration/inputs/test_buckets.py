"""Sources in buckets, from a real S3 server on loopback."""

from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, SourceTooLarge, SourceTooSlow, SourceUnusable
from polycue.jobs.files.objects import Objects
from polycue.jobs.inputs.buckets import Buckets
from polycue.jobs.inputs.rules import InBucket
from support.buckets import BUCKET

DATA = bytes(range(256)) * 40_000  # more than one piece
LIVE = CancelToken()
FILM = InBucket(BUCKET, "2026/a film.mkv")


@pytest.fixture(autouse=True, scope="module")
def _film(objects: Objects) -> None:
    objects.put(f"{FILM.bucket}/{FILM.key}", DATA)


@pytest.fixture
def buckets(objects: Objects) -> Buckets:
    return Buckets(objects, timeout_s=60)


def test_a_file_comes_whole(buckets: Buckets, objects: Objects, tmp_path: Path) -> None:
    tag = buckets.fetch(FILM, tmp_path / "a", LIVE, len(DATA))
    assert (tmp_path / "a").read_bytes() == DATA
    assert tag == buckets.fetch(FILM, tmp_path / "b", LIVE, len(DATA))


def test_limits_hold(buckets: Buckets, objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(SourceTooLarge):
        buckets.fetch(FILM, tmp_path / "a", LIVE, len(DATA) - 1)
    with pytest.raises(SourceTooSlow):
        Buckets(objects, timeout_s=0).fetch(FILM, tmp_path / "b", LIVE, len(DATA))


def test_what_is_not_there_is_told(buckets: Buckets, objects: Objects, tmp_path: Path) -> None:
    with pytest.raises(SourceUnusable, match="no such object"):
        buckets.fetch(InBucket(BUCKET, "none"), tmp_path / "a", LIVE, len(DATA))
    with pytest.raises(SourceUnusable, match="no such object"):
        buckets.fetch(InBucket(BUCKET, "2026"), tmp_path / "a", LIVE, len(DATA))
    with pytest.raises(SourceUnusable, match="NoSuchBucket"):
        buckets.fetch(InBucket("nobodys-bucket", "a"), tmp_path / "a", LIVE, len(DATA))


def test_a_file_that_changes_while_it_is_read_is_none(
    buckets: Buckets, objects: Objects, tmp_path: Path
) -> None:
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
        buckets.fetch(place, tmp_path / "a", Meddler(), len(DATA))


def test_a_cancel_is_heard(buckets: Buckets, objects: Objects, tmp_path: Path) -> None:
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        buckets.fetch(FILM, tmp_path / "a", token, len(DATA))
