from collections.abc import Callable

import numpy as np
import pytest

from polycue.domain.media import Media, Stream, StreamKind
from polycue.domain.notice import NoticeReason
from polycue.media.complaints import Complaints
from polycue.media.downmix import Downmix
from polycue.media.verdict import Heard, is_credible, judge, promised_ms

Make = Callable[..., Stream]
MakeMedia = Callable[..., Media]


@pytest.fixture
def verdict(make_stream: Make, make_media: MakeMedia) -> Callable[..., set[NoticeReason]]:
    def hear(
        *,
        decoded_ms: int,
        start_ms: int = 0,
        cut_short: bool = False,
        promised: int | None = 10_000,
    ) -> set[NoticeReason]:
        film = make_media(
            make_stream(StreamKind.VIDEO, "h264"),
            make_stream(StreamKind.AUDIO, "aac", duration_ms=promised),
        )
        complaints, downmix = Complaints(), Downmix()
        complaints.cut_short = cut_short
        downmix.mono(np.sin(np.arange(16_000, dtype=np.float32)).reshape(-1, 1))
        heard = Heard(film, film.streams[1], start_ms, decoded_ms, complaints, downmix)
        return {notice.reason for notice in judge(heard)}

    return hear


Verdict = Callable[..., set[NoticeReason]]


def test_sound_as_long_as_promised_is_fine(verdict: Verdict) -> None:
    assert verdict(decoded_ms=9_990) == set()
    assert verdict(decoded_ms=10_020) == set()


def test_sound_that_ends_early_is_cut_short(verdict: Verdict) -> None:
    assert verdict(decoded_ms=8_900) == {NoticeReason.TRUNCATED_MEDIA}


def test_a_little_is_enough_where_the_demuxer_says_so(verdict: Verdict) -> None:
    assert verdict(decoded_ms=9_700) == set()
    assert verdict(decoded_ms=9_700, cut_short=True) == {NoticeReason.TRUNCATED_MEDIA}


def test_a_late_start_is_not_a_missing_end(verdict: Verdict) -> None:
    assert verdict(start_ms=3_000, decoded_ms=7_000) == set()


def test_without_a_promise_only_the_demuxer_can_say_so(verdict: Verdict) -> None:
    assert verdict(decoded_ms=4_000, promised=None) == set()
    assert verdict(decoded_ms=4_000, promised=None, cut_short=True) == {
        NoticeReason.TRUNCATED_MEDIA
    }


def test_much_more_sound_than_promised_is_a_broken_clock(verdict: Verdict) -> None:
    assert verdict(decoded_ms=11_400) == set()
    assert verdict(decoded_ms=11_600) == {NoticeReason.DISCONTINUITY}


def test_a_length_that_is_reckoned_from_the_bit_rate_is_no_promise(
    make_stream: Make, make_media: MakeMedia
) -> None:
    song = make_media(make_stream(StreamKind.AUDIO, "mp3", duration_ms=1_000), container="mp3")

    assert promised_ms(song, song.streams[0]) is None


def test_the_length_of_a_film_is_not_that_of_its_sound(
    make_stream: Make, make_media: MakeMedia
) -> None:
    sound = make_stream(StreamKind.AUDIO, "aac")
    film = make_media(make_stream(StreamKind.VIDEO, "h264"), sound)
    song = make_media(sound)

    assert promised_ms(film, film.streams[1]) is None
    assert promised_ms(song, song.streams[0]) == 10_000


def test_a_length_without_bytes_behind_it_is_not_believed(make_media: MakeMedia) -> None:
    film = make_media()  # of 100 kB

    assert is_credible(film, 1_000_000)
    assert not is_credible(film, 4_294_967_000)
