"""All that is needed to give inputs to servers, with this or that defence taken away."""

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from bad_inputs.attacks import NEIGHBOUR
from bad_inputs.canaries import Canaries, watching
from bad_inputs.children import watched
from bad_inputs.entry import Entry
from bad_inputs.others import tried
from bad_inputs.service import Outcome, client_of, given, running
from bad_inputs.verdict import MOST_S, problems
from bad_inputs.workshop import Workshop
from polycue.models.imports import import_models
from polycue.models.store import ModelStore

AT_ONCE = 8
_PATIENT_S = 60  # with clients on a busy machine, where none stalls on purpose
_ROOT = Path(__file__).resolve().parents[2]


class Missing(StrEnum):
    """The defence that a server does without."""

    NOTHING = ""
    WHITELISTS = "whitelists"
    SANDBOX = "sandbox"
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Row:
    outcome: Outcome
    memory_mb: float
    touched: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(slots=True)
class Pass:
    """Inputs given to one server. ``rows`` by the inputs' numbers."""

    title: str
    rows: dict[str, Row] = field(default_factory=dict)
    more_problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def problems(self) -> list[str]:
        found = [f"{n}: {text}" for n, row in self.rows.items() for text in row.problems]
        return [*found, *self.more_problems]

    @property
    def touched(self) -> list[str]:
        return [text for row in self.rows.values() for text in row.touched]


Tell = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Bench:
    """Made by ``opened``; what it holds is there for all passes."""

    entries: Sequence[Entry]
    paths: dict[str, Path]
    canaries: Canaries
    models: Path
    inputs: Path
    tell: Tell

    def run(
        self,
        title: str,
        *,
        missing: Missing = Missing.NOTHING,
        at_once: int = 1,
        others: bool = False,
        only: Sequence[Entry] | None = None,
        most_s: float = MOST_S,
    ) -> Pass:
        """``others`` adds what is no media; ``only`` takes fewer inputs than there are.

        An input that takes longer than ``most_s`` is a problem.
        """
        self.tell(f"\n{title}")
        result, began = Pass(title), time.monotonic()
        with (
            tempfile.TemporaryDirectory(prefix="polycue-server-") as folder,
            running(
                *(Path(folder), self.models, [self.inputs]),
                missing=missing,
                max_running_jobs=AT_ONCE,
                upload_idle_s=1 if others else _PATIENT_S,
            ) as service,
            client_of(service) as client,
            watched(service.pid) as children,
        ):

            def give(entry: Entry) -> Row:
                children.take_peak_mb()
                outcome = given(client, entry, self.paths[entry.number])
                peak, touched = children.take_peak_mb(), tuple(self.canaries.touched())
                found = problems(entry, outcome, peak, touched, missing=missing, most_s=most_s)
                return Row(outcome, peak, touched, tuple(found))

            entries = self.entries if only is None else only
            with ThreadPoolExecutor(at_once) as pool:
                for entry, row in zip(entries, pool.map(give, entries), strict=True):
                    result.rows[entry.number] = row
                    self.tell(_line(entry, row))
            if others:
                for number, name, problem in tried(client, service):
                    self.tell(f"{'!!' if problem else '  '} {number:4} {name:48} {problem}")
                    result.more_problems += [f"{number}: {problem}"] if problem else []
            if children.left():
                result.more_problems.append("processes are left behind")
        result.seconds = time.monotonic() - began
        return result


def _line(entry: Entry, row: Row) -> str:
    return (
        f"{'!!' if row.problems else '  '} {entry.number:4} {entry.title[:38]:38}"
        f" {str(row.outcome)[:48]:48} {row.outcome.seconds:5.1f} s {row.memory_mb:4.0f} MB"
        f"  {'; '.join(row.problems)}"
    )


@contextmanager
def opened(entries: Sequence[Entry], *, tell: Tell = lambda _: None) -> Iterator[Bench]:
    """Make the inputs, the models and the canaries; ``tell`` is given lines for people."""
    with watching() as canaries, tempfile.TemporaryDirectory(prefix="polycue-bad-") as elsewhere:
        models, bait, inputs = (Path(elsewhere, name) for name in ("models", "secret", "inputs"))
        inputs.mkdir()
        import_models(_ROOT / "demo" / "models", ModelStore(models))
        bait.write_text("nobody's business\n", encoding="utf-8")
        shop = Workshop(inputs, http=canaries.url, bait=bait)
        neighbour = shop.file(NEIGHBOUR, shop.ts.read_bytes())
        tell(f"Making {len(entries)} inputs in {shop.folder} ...")
        paths = {entry.number: entry.make(shop) for entry in entries}
        canaries.watch(neighbour)
        canaries.watch(bait)
        canaries.touched()
        yield Bench(entries, paths, canaries, models, shop.folder, tell)
