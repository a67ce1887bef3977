"""The dynamic programme against every way there is."""

from itertools import pairwise, product

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from polycue.sync.path import Toll, best_path

OFFSETS = np.array([-3000, -1000, 0, 500], dtype=np.int64)
nats = st.floats(-5, 5, width=32)
rows = st.lists(st.tuples(nats, nats, nats, nats), min_size=1, max_size=5)
tolls = st.builds(Toll, st.floats(0, 4), st.integers(0, 4000), st.floats(0, 3))


def worth(way: tuple[int, ...], found: list[tuple[float, ...]], asked: list[Toll]) -> float:
    total = sum(row[column] for row, column in zip(found, way, strict=True))
    for (one, other), toll in zip(pairwise(way), asked[1:], strict=True):
        if one != other:
            total -= toll.nats
            if OFFSETS[one] - OFFSETS[other] > toll.gap_ms:
                total -= toll.back_nats
    return total


@given(rows, st.lists(tolls, min_size=5, max_size=5))
def test_no_way_is_worth_more_than_the_one_found(
    found: list[tuple[float, ...]], asked: list[Toll]
) -> None:
    asked = asked[: len(found)]
    path = best_path([np.array(row, np.float32) for row in found], asked, OFFSETS)
    best = max(worth(way, found, asked) for way in product(range(4), repeat=len(found)))
    assert abs(path.worth - best) < 1e-3
    assert abs(worth(tuple(path.columns), found, asked) - best) < 1e-3
