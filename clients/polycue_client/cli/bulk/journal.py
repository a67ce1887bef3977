"""What a run has done so far, for the report and for a run that replaces what is there.

A file of lines of JSON in the user's state folder. Nothing is wrong without it: what is finished is
seen by the results themselves, and the server knows the jobs. Several processes may write to one,
and each that opens it drops what later lines say anew: it is no longer than there are films.
"""

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

Row = Mapping[str, object]
Line = dict[str, object]
_LINE = "line"  # what a line is about


class Journal:
    """``rows`` are those of films that were done before, by their keys.

    ``generation`` is "" for a run that only adds. One that replaces is given a word by which the
    server knows its jobs, the same until it has come to its end.
    """

    def __init__(self, path: Path, *, replaces: bool) -> None:
        self._path = path
        lines: Sequence[Line] = _tidied(path)
        self.generation = ""
        if replaces:
            lines = _of_newest(lines)
            self.generation = str(lines[0]["generation"]) if lines else secrets.token_hex(8)
            if not lines:
                self._write({_LINE: "begin", "generation": self.generation})
        self.rows = {str(row["key"]): row for row in lines if row.get(_LINE) == "film"}

    def __repr__(self) -> str:
        return f"Journal({self._path}, {len(self.rows)} films)"

    def done(self, key: str, row: Row) -> None:
        self._write({_LINE: "film", "key": key, **row})

    def ended(self) -> None:
        """All that there was to do is done: the next run that replaces begins anew."""
        self._write({_LINE: "end"})

    def _write(self, line: Row) -> None:
        """On a line of its own, also behind one that is not whole: a full disk leaves such."""
        with contextlib.suppress(OSError):  # a home that cannot be written
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with _held(self._path) as file:
                end = os.fstat(file).st_size
                is_torn = end and os.pread(file, 1, end - 1) != b"\n"
                os.pwrite(file, (b"\n" if is_torn else b"") + _bytes([line]), end)


@contextlib.contextmanager
def _held(path: Path) -> Iterator[int]:
    """The file, with which no other process does anything meanwhile."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _tidied(path: Path) -> list[Line]:
    """The lines that still say something; the file holds no more than twice as many."""
    try:
        if not path.exists():
            return []
        with _held(path) as file:
            lines = _parsed(_whole(file))
            kept = _kept(lines)
            if len(lines) > 2 * len(kept):
                _rewrite(file, _bytes(kept))
            return kept
    except OSError:
        with contextlib.suppress(OSError):  # it may be read though not written
            return _kept(_parsed(path.read_bytes()))
    return []


def _rewrite(file: int, shorter: bytes) -> None:
    """What is stopped in between leaves a line that is not whole, and the old ones behind it."""
    if os.pwrite(file, shorter, 0) == len(shorter):
        os.ftruncate(file, len(shorter))


def _kept(lines: Sequence[Line]) -> list[Line]:
    """Of each film the last line, before and since the newest run that replaces began."""
    newest = _of_newest(lines)
    before = lines[: len(lines) - len(newest)]
    return [*_last(before), *newest[:1], *_last(newest)]


def _last(lines: Sequence[Line]) -> list[Line]:
    return list(
        {row.get("film", row["key"]): row for row in lines if row.get(_LINE) == "film"}.values()
    )


def _of_newest(lines: Sequence[Line]) -> Sequence[Line]:
    """From where the newest run that replaces began; nothing if that came to its end."""
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].get(_LINE) == "end":
            return []
        if lines[number].get(_LINE) == "begin":
            return lines[number:]
    return []


def _whole(file: int) -> bytes:
    with open(file, "rb", closefd=False) as reader:
        return reader.read()


def _bytes(lines: Sequence[Row]) -> bytes:
    return b"".join(json.dumps(line).encode() + b"\n" for line in lines)


def _parsed(data: bytes) -> list[Line]:
    """The lines that are whole."""
    found = []
    for text in data.split(b"\n"):
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict) and (line.get(_LINE) != "film" or "key" in line):
                found.append(line)
    return found
