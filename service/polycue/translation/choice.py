"""Which of several translations to show: the best that there is time to read."""

from collections.abc import Callable, Sequence

from polycue.domain.translation import Hypothesis

# How far from the best a score may be. Of the demo packages, whose translations are known to be
# right, the next ones lie 2.4 or more behind and are wrong (docs/discussions.md).
_MARGIN = 1.0
_OVER = 1.1  # of the room, which is a reader's ease and not a wall (AppTek at IWSLT 2022: 10 %)


def preferred(
    hypotheses: Sequence[Hypothesis], room: float, length: Callable[[str], float]
) -> Hypothesis:
    """The one to show of at least one; ``room`` is the length there is time to read.

    That is the best if it fits. Otherwise it is, of those hardly worse, the best that fits, else
    the shortest.
    """
    ranked = sorted(hypotheses, key=lambda h: -h.score)
    near = [h for h in ranked if h.score >= ranked[0].score - _MARGIN]
    fitting = (h for h in near if fits(h.text, room, length))
    return next(fitting, None) or min(near, key=lambda h: length(h.text))


def fits(text: str, room: float, length: Callable[[str], float]) -> bool:
    return length(text) <= _OVER * room
