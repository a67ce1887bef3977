from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from polycue.translation.routes import all_routes, best_route, missing_legs, routes

PAIRS = {("es", "en"), ("en", "de"), ("en", "fr"), ("es", "fr"), ("fr", "de"), ("it", "fr")}
LANGUAGES = st.sampled_from(["de", "en", "es", "fr", "it", "pt"])


def test_a_direct_pair_is_taken() -> None:
    assert best_route(PAIRS, "es", "fr") == ("es", "fr")


def test_of_two_pivots_english_wins_over_the_alphabet() -> None:
    pairs = {("es", "ca"), ("ca", "de"), ("es", "en"), ("en", "de")}
    assert best_route(pairs, "es", "de") == ("es", "en", "de")


def test_without_english_the_first_by_the_alphabet_is_taken() -> None:
    pairs = {("es", "pt"), ("pt", "de"), ("es", "ca"), ("ca", "de")}
    assert best_route(pairs, "es", "de") == ("es", "ca", "de")


def test_three_legs_are_the_most() -> None:
    chain = {("a", "b"), ("b", "c"), ("c", "d"), ("d", "e")}
    assert best_route(chain, "a", "d") == ("a", "b", "c", "d")
    assert best_route(chain, "a", "e") is None


def test_a_language_is_its_own_route() -> None:
    assert best_route(set(), "es", "es") == ("es",)


def test_no_way_is_none() -> None:
    assert best_route(PAIRS, "de", "es") is None


def test_all_routes_are_direct_and_pivot() -> None:
    assert all_routes({("es", "en"), ("en", "de")}) == (
        ("en", "de"),
        ("es", "en", "de"),
        ("es", "en"),
    )


def test_what_is_missing_goes_through_english() -> None:
    assert missing_legs({("en", "de")}, "fr", "de") == (("fr", "en"),)
    assert missing_legs(set(), "fr", "de") == (("fr", "en"), ("en", "de"))
    assert missing_legs(set(), "fr", "en") == (("fr", "en"),)


@given(st.sets(st.tuples(LANGUAGES, LANGUAGES)), LANGUAGES, LANGUAGES)
def test_a_route_is_a_chain_of_pairs_without_circles_in_any_order_of_them(
    pairs: set[tuple[str, str]], source: str, target: str
) -> None:
    route = best_route(pairs, source, target)
    assert route == best_route(sorted(pairs, reverse=True), source, target)
    if route is not None:
        assert route[0] == source
        assert route[-1] == target
        assert len(set(route)) == len(route)
        assert all(leg in pairs for leg in pairwise(route))


def test_the_ways_come_with_the_best_first() -> None:
    assert routes(PAIRS, "es", "de") == (
        ("es", "en", "de"),
        ("es", "fr", "de"),
        ("es", "en", "fr", "de"),
    )
    assert routes(PAIRS, "de", "es") == ()
    assert routes(PAIRS, "es", "es") == (("es",),)
