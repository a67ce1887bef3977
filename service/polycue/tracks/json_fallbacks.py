"""The part of a JSON track that tells which sentences were not translated at the first attempt."""

from collections.abc import Sequence

from polycue.domain.translation import Fallback, Objection, Rung
from polycue.tracks.json_fields import Fields


def write(fallbacks: Sequence[Fallback]) -> list[dict[str, object]]:
    return [
        {
            "start_ms": fallback.start_ms,
            "end_ms": fallback.end_ms,
            "source": fallback.source,
            "reason": fallback.reason.value,
            "rung": fallback.rung.value,
            "route": list(fallback.route),
        }
        for fallback in fallbacks
    ]


def read(fields: Fields) -> Fallback:
    """A single entry.

    Raises:
        ValueError: it is none.
    """
    return Fallback(
        start_ms=fields.whole("start_ms"),
        end_ms=fields.whole("end_ms"),
        source=fields.text("source"),
        reason=Objection(fields.text("reason")),
        rung=Rung(fields.text("rung")),
        route=fields.tags("route"),
    )
