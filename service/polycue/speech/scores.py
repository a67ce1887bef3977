"""How exactly scores are told."""

_PLACES = 4


def told(score: float) -> float:
    """A score to as many places as it has a meaning.

    Those behind are of the order in which a processor adds up, which for some is another one with
    other neighbours in the batch: a film would have other bytes each time.
    """
    return round(score, _PLACES)
