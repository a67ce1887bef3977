import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.tracing.traceparent import below, is_sampled, parsed, written

TRACES, SPANS = st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1)


@given(TRACES, SPANS, st.integers(0, 255))
def test_what_is_written_is_read_back_and_only_the_flag_for_sampling_goes_on(
    trace: int, span: int, flags: int
) -> None:
    text = written(trace, span, flags)
    assert parsed(text) == (trace, span, flags & 1)
    assert is_sampled(text) is bool(flags & 1)


@given(TRACES, SPANS, st.integers(0, 1))
def test_a_place_below_is_in_the_same_trace_and_as_much_kept(
    trace: int, span: int, flags: int
) -> None:
    text = written(trace, span, flags)
    inside = parsed(below(text))
    assert inside is not None
    assert (inside[0], inside[2]) == (trace, flags)
    assert inside[1] != span


@given(st.text())
def test_whatever_else_is_sent_is_no_place(text: str) -> None:
    assert parsed(text) is None
    assert below(text) == ""


@pytest.mark.parametrize(
    "text",
    [
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n",
    ],
)
def test_what_the_standard_forbids_is_no_place(text: str) -> None:
    assert parsed(text) is None


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert parsed("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more") is not None
