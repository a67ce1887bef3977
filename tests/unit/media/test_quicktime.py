import pytest

from polycue.media import quicktime


@pytest.mark.parametrize(
    "tag", ["en", "es", "de", "fr", "sv", "hr", "sr", "ga", "nl", "cs", "zh", "ro", "el", "fa"]
)
def test_a_language_that_quicktime_has_comes_back(tag: str) -> None:
    assert quicktime.tag(quicktime.code(tag)) == tag


def test_a_region_is_lost_and_the_two_norwegians_are_one() -> None:
    assert quicktime.tag(quicktime.code("pt-BR")) == "pt"
    assert quicktime.tag(quicktime.code("nb")) == "no"
