"""A good film under names that are to be taken for something else, and what is no file at all."""

import os
from collections.abc import Callable
from pathlib import Path

from bad_inputs.entry import FINE, Entries, Entry, Expected, Way, rejected
from bad_inputs.workshop import Workshop

_NO_FILE = rejected("INVALID_FIELD", "SOURCE_REFUSED")
NAMES = {
    "75": ("an option", "-i.mp4"),
    "76": ("a command", "a b;$(touch pwned)`id`.mp4"),
    "77": ("a URL", "http:x.mp4"),
    "78": ("a protocol", "concat:x.mp4"),
    "79": ("a pattern", "x%03d.mp4"),
    "80": ("a line break", "two\nlines.mp4"),
    "81": ("quotes and brackets", "[1:v]',x.mp4"),
    "82": ("bytes that are no text", os.fsdecode(b"\xff\xfe.mp4")),
    "83": ("251 letters", "a" * 251 + ".mp4"),
    "84": ("right to left", "film\u202e4pm.mp4"),
}
# A URI is UTF-8, and so are messages; names that would show as others are no names for uploads.
_NOT_IN_URIS = {"82"}
_NOT_IN_MESSAGES = {"82"}
_NOT_SHOWN = {"80", "83", "84"}


def entries() -> Entries:
    for number, (title, name) in NAMES.items():
        expected = _NO_FILE if number in _NOT_IN_URIS else FINE
        yield Entry(number, f"named as {title}", _named(name), expected, Way.FILE)
        if number not in _NOT_IN_MESSAGES:
            expected = _NO_FILE if number in _NOT_SHOWN else FINE
            how = f"uploaded as {title}"
            yield Entry(f"{number}u", how, lambda s: s.good, expected, filename=name)
    yield Entry(
        "85",
        "uploaded as ../../etc/passwd",
        lambda s: s.good,
        _NO_FILE,
        filename="../../etc/passwd",
    )
    for letter, title, expected, make in _no_files():
        yield Entry(f"86{letter}", title, make, expected, Way.FILE)


def _named(name: str) -> Callable[[Workshop], Path]:
    def make(shop: Workshop) -> Path:
        path = shop.path(name)
        path.write_bytes(shop.good.read_bytes())
        return path

    return make


def _no_files() -> tuple[tuple[str, str, Expected, Callable[[Workshop], Path]], ...]:
    return (
        ("a", "a link out of the folder", _NO_FILE, _link),
        ("b", "a pipe nobody writes to", _NO_FILE, _pipe),
        ("c", "a folder", _NO_FILE, _folder),
        ("d", "/dev/zero", _NO_FILE, lambda s: Path("/dev/zero")),
        ("e", "/dev/urandom", _NO_FILE, lambda s: Path("/dev/urandom")),
        ("f", "/proc/self/environ", _NO_FILE, lambda s: Path("/proc/self/environ")),
    )


def _link(shop: Workshop) -> Path:
    path = shop.path("x86.mp4")
    path.unlink(missing_ok=True)
    path.symlink_to(shop.bait)
    return path


def _pipe(shop: Workshop) -> Path:
    path = shop.path("x86.fifo")
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    return path


def _folder(shop: Workshop) -> Path:
    path = shop.path("x86.folder")
    path.mkdir(exist_ok=True)
    return path
