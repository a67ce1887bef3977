from collections.abc import Callable

import pytest

from polycue.domain.errors import AudioStreamNotFound, NoAudioStream
from polycue.domain.media import AudioChoice, Media, Stream, StreamKind
from polycue.media.streams import choose_audio, describe

Make = Callable[..., Stream]
MakeMedia = Callable[..., Media]

AUDIO = StreamKind.AUDIO


@pytest.fixture
def film(make_stream: Make, make_media: MakeMedia) -> Media:
    """A picture, a commentary that is marked as the default, English, and Brazilian Portuguese."""
    return make_media(
        make_stream(StreamKind.VIDEO, "h264"),
        make_stream(
            AUDIO,
            "aac",
            language="en",
            title="Director's Commentary",
            dispositions=frozenset({"default"}),
        ),
        make_stream(AUDIO, "ac3", language="en", channels=6),
        make_stream(AUDIO, "aac", language="pt-BR", dispositions=frozenset({"dub"})),
    )


def test_a_commentary_is_skipped_even_where_it_is_the_default(film: Media) -> None:
    assert choose_audio(film, AudioChoice()).ordinal == 1


def test_the_default_stream_is_taken_before_an_earlier_one(
    make_stream: Make, make_media: MakeMedia
) -> None:
    film = make_media(
        make_stream(AUDIO, "aac"), make_stream(AUDIO, "aac", dispositions=frozenset({"default"}))
    )

    assert choose_audio(film, AudioChoice()).ordinal == 1


@pytest.mark.parametrize(
    "disposition", ["comment", "visual_impaired", "descriptions"], ids=lambda name: name
)
def test_a_stream_marked_as_talk_about_the_film_is_skipped(
    make_stream: Make, make_media: MakeMedia, disposition: str
) -> None:
    film = make_media(
        make_stream(AUDIO, "aac", dispositions=frozenset({"default", disposition})),
        make_stream(AUDIO, "aac"),
    )

    assert choose_audio(film, AudioChoice()).ordinal == 1


@pytest.mark.parametrize(
    "title",
    [
        "Commentary by the director",
        "Audiokommentar",
        "Comentários",
        "Audio Description",
        "AD",
        "Descriptive Video Service",
        "Audiodescripción",
        "Hörfilm",
        "For the visually impaired",
    ],
    ids=lambda title: title,
)
def test_a_stream_titled_as_talk_about_the_film_is_skipped(
    make_stream: Make, make_media: MakeMedia, title: str
) -> None:
    film = make_media(make_stream(AUDIO, "aac", title=title), make_stream(AUDIO, "aac"))

    assert choose_audio(film, AudioChoice()).ordinal == 1


@pytest.mark.parametrize("title", ["Stereo", "Main", "Madrid cut", "Original (5.1)"])
def test_other_titles_are_the_film_itself(
    make_stream: Make, make_media: MakeMedia, title: str
) -> None:
    film = make_media(make_stream(AUDIO, "aac", title=title), make_stream(AUDIO, "aac"))

    assert choose_audio(film, AudioChoice()).ordinal == 0


def test_a_commentary_is_taken_where_there_is_nothing_else(
    make_stream: Make, make_media: MakeMedia
) -> None:
    film = make_media(make_stream(AUDIO, "aac", title="Commentary"))

    assert choose_audio(film, AudioChoice()).ordinal == 0


def test_a_stream_is_found_by_its_number(film: Media) -> None:
    assert choose_audio(film, AudioChoice(ordinal=2)).language == "pt-BR"


def test_a_commentary_is_taken_when_its_number_is_asked_for(film: Media) -> None:
    assert choose_audio(film, AudioChoice(ordinal=0)).title == "Director's Commentary"


def test_a_commentary_is_taken_when_its_title_is_asked_for(film: Media) -> None:
    assert choose_audio(film, AudioChoice(title="COMMENTARY")).ordinal == 0


def test_a_language_is_not_fulfilled_by_its_commentary(film: Media) -> None:
    assert choose_audio(film, AudioChoice(language="en")).ordinal == 1


@pytest.mark.parametrize("language", ["pt", "pt-BR", "pt-PT"])
def test_a_language_is_found_in_any_region(film: Media, language: str) -> None:
    assert choose_audio(film, AudioChoice(language=language)).ordinal == 2


def test_the_region_asked_for_comes_before_others(make_stream: Make, make_media: MakeMedia) -> None:
    film = make_media(
        make_stream(AUDIO, "aac", language="pt"), make_stream(AUDIO, "aac", language="pt-BR")
    )

    assert choose_audio(film, AudioChoice(language="pt-BR")).ordinal == 1


@pytest.mark.parametrize(
    ("choice", "wanted"),
    [
        (AudioChoice(ordinal=7), "number 7"),
        (AudioChoice(language="ja"), "in ja"),
        (AudioChoice(title="isolated"), "titled 'isolated'"),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    film: Media, choice: AudioChoice, wanted: str
) -> None:
    with pytest.raises(AudioStreamNotFound, match=wanted) as caught:
        choose_audio(film, choice)

    assert caught.value.available == (
        'audio 0 (en, aac, "Director\'s Commentary", default)',
        "audio 1 (en, ac3, 5.1)",
        "audio 2 (pt-BR, aac, dub)",
    )


def test_a_silent_film_has_no_stream_to_choose(make_stream: Make, make_media: MakeMedia) -> None:
    with pytest.raises(NoAudioStream):
        choose_audio(make_media(make_stream(StreamKind.VIDEO, "h264")), AudioChoice())


def test_a_hostile_title_is_described_in_printable_text(make_stream: Make) -> None:
    assert describe(make_stream(AUDIO, "aac", title="a\n\x1b[31mb")).isprintable()
