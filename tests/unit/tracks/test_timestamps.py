import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.tracks import timestamps

HOUR_MS = 3_600_000
TIMES = st.integers(min_value=0, max_value=9_999_999 * HOUR_MS)


@given(TIMES)
def test_what_is_written_reads_back_the_same(time_ms: int) -> None:
    assert timestamps.parse(timestamps.format_srt(time_ms)) == time_ms
    assert timestamps.parse(timestamps.format_vtt(time_ms)) == time_ms
    assert timestamps.parse_vtt(timestamps.format_vtt(time_ms)) == time_ms


@given(TIMES, TIMES)
def test_times_of_equal_length_sort_as_text(one_ms: int, other_ms: int) -> None:
    one, other = timestamps.format_srt(one_ms), timestamps.format_srt(other_ms)
    if len(one) == len(other):
        assert (one < other) == (one_ms < other_ms)


@pytest.mark.parametrize(
    ("time_ms", "written"),
    [
        (0, "00:00:00,000"),
        (1_001, "00:00:01,001"),  # 1.001 * 1000 % 1000 is 0.999..., which floats print as 000
        (59_999, "00:00:59,999"),  # stable-ts prints 00:00:60.000 for 59.9996 s
        (3_599_999, "00:59:59,999"),
        (99 * HOUR_MS, "99:00:00,000"),
        (100 * HOUR_MS + 1, "100:00:00,001"),
    ],
)
def test_srt_times(time_ms: int, written: str) -> None:
    assert timestamps.format_srt(time_ms) == written
    assert timestamps.format_vtt(time_ms) == written.replace(",", ".")


def test_a_time_before_the_start_is_refused() -> None:
    with pytest.raises(ValueError, match="before the start"):
        timestamps.format_srt(-1)


@pytest.mark.parametrize(
    ("text", "time_ms"),
    [
        ("00:00:01,5", 1_500),
        ("00:00:01.05", 1_050),
        ("00:00:01", 1_000),
        ("0:0:1,000", 1_000),
        ("01:02.003", 62_003),
        ("00:00:01,0009", 1_000),
        ("00:75:00,000", 75 * 60_000),
    ],
)
def test_times_from_the_wild_are_understood(text: str, time_ms: int) -> None:
    assert timestamps.parse(text) == time_ms


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1,000",
        "a:b:c,d",
        "-00:00:01,000",
        "00:00:01,",
        "1:2:3:4,5",
        "٠٠:٠٠:٠١,٠٠٠",
        "9" * 9000,
    ],
)
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time"):
        timestamps.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "00:00:01,000",
        "00:60:00.000",
        "00:00:60.000",
        "0:01.000",
        "00:00:01.00",
        "00:00:01.0000",
        "1.000",
    ],
)
def test_webvtt_takes_exact_times_only(text: str) -> None:
    with pytest.raises(ValueError, match="not a WebVTT time"):
        timestamps.parse_vtt(text)


def test_webvtt_hours_may_be_left_out() -> None:
    assert timestamps.parse_vtt("59:59.999") == HOUR_MS - 1
