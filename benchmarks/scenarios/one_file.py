"""One long file end to end, beside the bare model calls for the same windows.

Ours is a job over gRPC: file on disk to SRT, with probe, sandboxed decoding, speech detection,
features, defence, layout and checkpoints. The bare side has the features of all windows in memory
and does nothing but encode, generate and align, with as many workers and rows as our server uses.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from scenarios.peer import faster_whisper
from scenarios.place import Workshop
from scenarios.rounds import Outcome, Pace, Row, Side, facts_of, interleaved, ratios
from scenarios.served import serving

BLOCKS = {"tiny": (2, 24, 120), "base": (2, 16, 64), "small": (2, 12, 40)}  # by size


def measure(workshop: Workshop, pace: Pace, geometry: str = "small") -> Iterator[Outcome]:
    blocks = pace.pick(*BLOCKS.get(geometry, (2, 16, 48)))
    model, films = workshop.model(geometry), workshop.films(1, blocks)
    with tempfile.TemporaryDirectory() as folder, faster_whisper(workshop.place) as peer:
        data = Path(folder) / "data"
        with serving(workshop.place, model, workshop.sounds, data) as server:
            sides: dict[str, Side] = {
                "bare model calls": lambda files: peer.bare(model, files[0]),
                "polycue, file to subtitles": server.films,
            }
            for found in interleaved(sides, films, pace, warm_up=workshop.films(1, 1)):
                bare, ours = found.values()
                row = Row(
                    f"one file of {blocks} windows, {geometry}: end to end over bare model calls",
                    ratios(ours, bare),
                    1.05,
                    at_least=False,
                    note="job over gRPC, file to SRT",
                    judged=geometry == "small",
                )
                yield Outcome([row], facts_of(found) | {"model": model.name})
