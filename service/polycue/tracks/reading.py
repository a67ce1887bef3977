"""What comes out of a subtitle file: its cues, and what had to be repaired on the way."""

from collections.abc import Iterable
from dataclasses import dataclass

from polycue.domain.cue import Cue
from polycue.domain.notice import Notice, NoticeReason
from polycue.tracks.text import clean_lines

# A hostile file has a fault in every line; its readers are told of the first ones and the number.
_MAX_NOTICES = 20
_MAX_QUOTED_CHARS = 120
_REPAIRED_STAY_MS = 2000  # what a cue gets that ends before it starts: time to read a short line


@dataclass(frozen=True, slots=True)
class Faults:
    """The lines, from 1, of cues without text, and of those whose times cannot be."""

    empty: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reading:
    """The cues of a file in its own order; they may overlap, and then make no ``Track`` yet.

    ``faults`` is None where the format's reader does not look for them; ``language`` is what the
    file itself says it is in, as it says it, "" where it does not.
    """

    cues: tuple[Cue, ...]
    notices: tuple[Notice, ...] = ()
    faults: Faults | None = None
    language: str = ""


class Repairs:
    """Collects what a reader had to change or leave out."""

    def __init__(self, format_name: str) -> None:
        self._format_name = format_name
        self._notices: list[Notice] = []
        self._total = 0
        self._remarks: dict[str, None] = {}
        self._empty: list[int] = []
        self._times: list[int] = []

    def __repr__(self) -> str:
        return f"Repairs({self._total} in {self._format_name})"

    def add(self, line: int, problem: str, lost: Iterable[str] = ()) -> None:
        """Tell of a fault in a line (from 1); ``lost`` is text that no cue holds now."""
        self._total += 1
        if self._total > _MAX_NOTICES:
            return
        facts = {"line": str(line)}
        if quoted := " / ".join(clean_lines(lost)):
            facts["text"] = quoted[:_MAX_QUOTED_CHARS]
            problem += f": {facts['text']!r}"
        self._notices.append(self._notice(f"line {line}: {problem}", facts))

    def empty(self, line: int) -> None:
        """Tell of a cue without text."""
        self._empty.append(line)
        self.add(line, "a cue without text is left out")

    def wrong_times(self, line: int, problem: str, lost: Iterable[str] = ()) -> None:
        """Tell of a cue whose times cannot be; otherwise as ``add``."""
        self._times.append(line)
        self.add(line, problem, lost)

    def once(self, remark: str) -> None:
        """Tell of something that runs through the file, however often it is met."""
        self._remarks[remark] = None

    def left_out(self, what: str) -> None:
        """Tell, once, that the file has something that plain cues cannot hold."""
        self.once(f"{what} are left out: cues hold plain text")

    def notices(self) -> tuple[Notice, ...]:
        notices = list(self._notices)
        if unsaid := self._total - len(notices):
            notices.append(self._notice(f"{unsaid} more faults", {"more": str(unsaid)}))
        return (*notices, *(self._notice(remark, {}) for remark in self._remarks))

    def faults(self) -> Faults:
        return Faults(tuple(self._empty), tuple(self._times))

    def _notice(self, message: str, facts: dict[str, str]) -> Notice:
        return Notice(NoticeReason.SUBTITLE_REPAIRED, f"{self._format_name}, {message}", facts)


def make_cue(start_ms: int, end_ms: int, text: str, *, line: int, repairs: Repairs) -> Cue | None:
    """A cue of a foreign file; None, and a notice, where it has no text.

    One that ends before it starts keeps its start and stays for two seconds: players would not
    show it at all, but its author meant it to be read.
    """
    lines = clean_lines(text.splitlines())
    if not lines:
        repairs.empty(line)
        return None
    if end_ms <= start_ms:
        repairs.wrong_times(line, "a cue that ends before it starts now stays for two seconds")
        end_ms = start_ms + _REPAIRED_STAY_MS
    return Cue(start_ms, end_ms, lines)
