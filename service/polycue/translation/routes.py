"""Ways from one language to another through the pairs that are installed."""

from collections import defaultdict
from collections.abc import Collection, Mapping

Pair = tuple[str, str]
Route = tuple[str, ...]

PIVOT = "en"  # nearly all Argos packages lead from or to English
_MOST_LEGS = 3  # a fourth translation of a translation is not worth reading


def best_route(pairs: Collection[Pair], source: str, target: str) -> Route | None:
    """The first of ``routes``, None where there is none."""
    return next(iter(routes(pairs, source, target)), None)


def routes(pairs: Collection[Pair], source: str, target: str) -> tuple[Route, ...]:
    """Every way there of at most three legs: the fewest first.

    Of routes of one length those through English come first, then it goes by the alphabet.
    """
    if source == target:
        return ((source,),)
    onward = _onward(pairs)
    paths: list[Route] = [(source,)]
    found: list[Route] = []
    for _ in range(_MOST_LEGS):
        paths = [(*p, after) for p in paths for after in onward.get(p[-1], ()) if after not in p]
        arrived = [p for p in paths if p[-1] == target]
        found += sorted(arrived, key=lambda p: (PIVOT not in p, p))
        paths = [p for p in paths if p[-1] != target]
    return tuple(found)


def all_routes(pairs: Collection[Pair]) -> tuple[Route, ...]:
    """The best route between any two languages that have one, the same language apart."""
    sources = sorted({source for source, _ in pairs})
    targets = sorted({target for _, target in pairs})
    found = (best_route(pairs, s, t) for s in sources for t in targets if s != t)
    return tuple(route for route in found if route)


def missing_legs(pairs: Collection[Pair], source: str, target: str) -> tuple[Pair, ...]:
    """What to install for a route that Argos is likely to have: both legs through English."""
    legs: tuple[Pair, ...] = ((source, target),)
    if PIVOT not in (source, target):
        legs = ((source, PIVOT), (PIVOT, target))
    return tuple(leg for leg in legs if leg not in pairs)


def _onward(pairs: Collection[Pair]) -> Mapping[str, list[str]]:
    onward: dict[str, list[str]] = defaultdict(list)
    for source, target in pairs:
        onward[source].append(target)
    return onward
