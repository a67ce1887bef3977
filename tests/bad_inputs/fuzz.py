"""Reads mutants until the time is up: ``python -m bad_inputs.fuzz SECONDS [SEED]``.

Each goes all the way of a film through ``polycue.media``: looked at, decoded, searched for cuts and
muxed. Whatever is no error of our own, takes long or much is told, and the file is kept.
"""

import itertools
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from bad_inputs.mutated import clips, mutants
from bad_inputs.workshop import Workshop
from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    MediaError,
    PolycueError,
    SandboxFailed,
    ToolFailed,
    ToolKilled,
    ToolTimedOut,
    Unreadable,
)
from polycue.domain.media import AudioChoice
from polycue.domain.request import Container
from polycue.media.decode import decode
from polycue.media.mux import mux
from polycue.media.probe import probe
from polycue.media.shots import find_cuts
from polycue.media.streams import choose_audio
from polycue.rpc.status import status_of

MOST_S = 10.0
MAX_DURATION_MS = 600_000
_WRONG = (ToolFailed, ToolTimedOut, SandboxFailed, Unreadable, ToolKilled)


def came_of(path: Path, most_s: float = MOST_S) -> str:
    """How reading this file ended, and "!" before it where it must not end so."""
    began = _processor_s()
    try:
        end = _read(path)
    except PolycueError as error:
        message = status_of(error).message
        end = type(error).__name__
        if isinstance(error, _WRONG):
            end = f"! {end}: {message}"
        elif str(path.parent) in message:
            end = f"! {end} tells where the file is"
    except Exception as error:
        end = f"! {type(error).__name__}: {error}"
    taken_s = _processor_s() - began
    return end if taken_s <= most_s else f"! {end} after {taken_s:.1f} s"


def _processor_s() -> float:
    """Of this process and of those it started: a busy machine makes no file a slow one."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def _read(path: Path) -> str:
    cancel = CancelToken()
    media = probe(path, cancel=cancel)
    stream = choose_audio(media, AudioChoice())
    with decode(media, stream, cancel=cancel, max_duration_ms=MAX_DURATION_MS) as decoding:
        for _ in decoding:
            pass
    if media.picture is not None:
        with suppress(MediaError):  # cues do without
            for _ in find_cuts(media, media.picture, cancel=cancel):
                pass
    copy = path.with_suffix(".copy.mkv")
    with suppress(MediaError):  # it need not fit into another container
        mux(media, (), to=copy, container=Container.MKV, cancel=cancel, progress=lambda _: None)
    return "read"


def tried(folder: Path, seed: int, most_s: float = MOST_S) -> Iterator[tuple[Path, str]]:
    """Mutants of each container in turn, without end; each file is gone with the next."""
    sources = clips(Workshop(folder, http="", bait=folder))
    streams = [(source, mutants(source, seed)) for source in sources]
    for number in itertools.count():
        for source, contents in streams:
            path = folder / f"{number}{source.suffix}"
            path.write_bytes(next(contents))
            yield path, came_of(path, most_s)
            for left in folder.glob(f"{number}.*"):
                left.unlink()


def main(seconds: str, seed: str = "0") -> int:
    ends: Counter[str] = Counter()
    until = time.monotonic() + float(seconds)
    kept = Path(tempfile.mkdtemp(prefix="polycue-fuzz-kept-"))
    with tempfile.TemporaryDirectory(prefix="polycue-fuzz-") as folder:
        for path, end in tried(Path(folder), int(seed)):
            ends[end if end.startswith("!") else end.partition(":")[0]] += 1
            if end.startswith("!"):
                keep = kept / f"{sum(ends.values())}{path.suffix}"
                keep.write_bytes(path.read_bytes())
                sys.stdout.write(f"{keep}: {end}\n")
                sys.stdout.flush()
            if time.monotonic() > until:
                break
    for end, times in ends.most_common():
        sys.stdout.write(f"{times:6} {end}\n")
    return 1 if any(end.startswith("!") for end in ends) else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
