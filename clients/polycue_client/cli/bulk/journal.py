"""What a run has done so far, for the report and for a run that replaces what is there.

A file of lines of JSON in the user's state folder. Nothing is wrong without it: what is finished is
seen by the results themselves, and the server knows the jobs. Several processes may write to one.
"""

import contextlib
import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

Row = Mapping[str, object]
_LINE = "line"  # what a line is about


class Journal:
    """``rows`` are those of films that were done before, by their keys.

    ``generation`` is "" for a run that only adds. One that replaces is given a word by which the
    server knows its jobs, the same until it has come to its end.
    """

    def __init__(self, path: Path, *, replaces: bool) -> None:
        self._path, lines = path, _read(path)
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
        """In one call, so that lines of several processes do not mix."""
        data = json.dumps(line).encode() + b"\n"
        with contextlib.suppress(OSError):  # a home that cannot be written
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
            try:
                os.write(file, data)
            finally:
                os.close(file)


def _of_newest(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    """From where the newest run that replaces began; nothing if that came to its end."""
    for number in range(len(lines) - 1, -1, -1):
        if lines[number].get(_LINE) == "end":
            return []
        if lines[number].get(_LINE) == "begin":
            return lines[number:]
    return []


def _read(path: Path) -> list[dict[str, object]]:
    """The lines that are whole; a process that was killed may leave one that is not."""
    found = []
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return []
    for text in lines:
        with contextlib.suppress(ValueError):
            line = json.loads(text)
            if isinstance(line, dict):
                found.append(line)
    return found
