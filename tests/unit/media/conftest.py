"""Streams and films that exist only as values."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from polycue.domain.media import Media, Stream, StreamKind

MATROSKA = "matroska,webm"
MakeMedia = Callable[..., Media]


def stream(kind: StreamKind, codec: str, **facts: object) -> Stream:
    """A stream whose numbers ``make_media`` fills in."""
    return Stream(index=-1, ordinal=-1, kind=kind, codec=codec, **facts)  # type: ignore[arg-type]


@pytest.fixture
def make_stream() -> Callable[..., Stream]:
    return stream


@pytest.fixture
def make_media(tmp_path: Path) -> MakeMedia:
    def make(
        *streams: Stream, container: str = MATROSKA, duration_ms: int | None = 10_000
    ) -> Media:
        path = tmp_path / "film.mkv"
        path.write_bytes(bytes(100_000))
        ordinals = dict.fromkeys(StreamKind, 0)
        numbered = []
        for index, one in enumerate(streams):
            numbered.append(replace(one, index=index, ordinal=ordinals[one.kind]))
            ordinals[one.kind] += 1
        return Media(path, container, 0, duration_ms, tuple(numbered))

    return make
