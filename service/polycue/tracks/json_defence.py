"""What was done about words that nobody said, as JSON; see ``json_track``."""

from collections.abc import Iterable

from polycue.domain.defence import Remedy, Signal, Verdict
from polycue.tracks.json_fields import Fields


def write(verdicts: Iterable[Verdict]) -> list[dict[str, object]]:
    return [
        {
            "start_ms": verdict.start_ms,
            "end_ms": verdict.end_ms,
            "remedy": verdict.remedy.value,
            "text": verdict.text,
            "signals": [signal.value for signal in verdict.signals],
            "replacement": verdict.replacement,
        }
        for verdict in verdicts
    ]


def read(fields: Fields) -> Verdict:
    """One of them.

    Raises:
        ValueError: it names a remedy or a signal that is not known here.
    """
    return Verdict(
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        remedy=Remedy(fields.text("remedy")),
        text=fields.text("text"),
        signals=tuple(map(Signal, fields.texts("signals"))),
        replacement=fields.text("replacement"),
    )
