"""Cues as bytes, for those who follow a job on another server than the one at work."""

import zlib
from collections.abc import Iterable, Iterator, Sequence

from pydantic import TypeAdapter

from polycue import telemetry
from polycue.domain.progress import CuesReady

NumberedCues = tuple[int, CuesReady]

_BATCH = TypeAdapter(list[NumberedCues])

log = telemetry.logger(__name__)


def pack(cues: Sequence[NumberedCues]) -> bytes:
    return zlib.compress(_BATCH.dump_json(list(cues)))


def unpack(batches: Iterable[bytes]) -> Iterator[NumberedCues]:
    """What was packed; what another release of ours wrote otherwise is passed over."""
    for batch in batches:
        try:
            yield from _BATCH.validate_json(zlib.decompress(batch))
        except (ValueError, zlib.error):
            log.warning("cues that another server told cannot be read", exc_info=True)
