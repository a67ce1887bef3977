from polycue.domain.cue import Cue
from polycue.domain.track import Track
from polycue.tracks import txt


def written(*cues: tuple[int, int, str]) -> str:
    return txt.write(
        Track("en", tuple(Cue(start, end, tuple(text.split("|"))) for start, end, text in cues))
    )


def test_a_sentence_has_a_line_and_a_long_pause_is_an_empty_one() -> None:
    assert (
        written(
            (0, 1000, "Bees live in|a small town."),
            (1000, 2000, "They build it"),
            (2100, 3000, "of “wax.”"),
            (5000, 6000, "Spring begins"),
            (8000, 9000, "late"),
        )
        == "Bees live in a small town.\nThey build it of “wax.”\n\nSpring begins\n\nlate\n"
    )


def test_two_speakers_in_one_cue_have_a_line_each() -> None:
    assert written((0, 1000, "- Who is it|- Me")) == "- Who is it\n- Me\n"


def test_scripts_without_spaces_are_joined_without_one() -> None:
    assert written((0, 1000, "昨日の夜は|どこへ"), (1000, 2000, "行ったの？")) == (
        "昨日の夜はどこへ行ったの？\n"
    )
    assert written((0, 1000, "어제 밤에|어디")) == "어제 밤에 어디\n"


def test_a_track_without_cues_is_an_empty_text() -> None:
    assert written() == ""
