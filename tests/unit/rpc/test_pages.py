import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.api.v1 import catalog_pb2, jobs_pb2
from polycue.domain.errors import InvalidRequest
from polycue.rpc import pages

STATES = [jobs_pb2.JOB_STATE_QUEUED, jobs_pb2.JOB_STATE_RUNNING]
REQUEST = jobs_pb2.ListJobsRequest(labels={"a": "1", "b": "2"}, states=STATES)


@given(st.integers(0, 2**63 - 1))
def test_a_token_leads_back_to_where_it_was_given(position: int) -> None:
    token = pages.token(REQUEST, position)
    assert pages.position(REQUEST, token) == position


@given(st.integers(2**63, 2**64 - 1))
def test_a_token_that_leads_past_all_numbers_is_refused(position: int) -> None:
    with pytest.raises(InvalidRequest):
        pages.position(REQUEST, pages.token(REQUEST, position))


def test_size_and_token_may_change_from_page_to_page() -> None:
    token = pages.token(REQUEST, 7)
    next_page = jobs_pb2.ListJobsRequest()
    next_page.CopyFrom(REQUEST)
    next_page.page_size, next_page.page_token = 3, token
    assert pages.position(next_page, token) == 7


def test_a_token_is_good_for_its_own_filter_only() -> None:
    token = pages.token(REQUEST, 7)
    for other in (
        jobs_pb2.ListJobsRequest(),
        jobs_pb2.ListJobsRequest(labels={"a": "1"}, states=STATES),
        jobs_pb2.ListJobsRequest(labels={"a": "1", "b": "2"}, states=STATES[1:]),
    ):
        with pytest.raises(InvalidRequest, match="other fields"):
            pages.position(other, token)


def test_a_token_is_good_for_its_own_list_only() -> None:
    token = pages.token(jobs_pb2.ListJobsRequest(), 7)
    with pytest.raises(InvalidRequest):
        pages.position(catalog_pb2.ListModelsRequest(), token)


@given(st.text(min_size=1))
def test_what_is_no_token_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        pages.position(REQUEST, text)
    assert caught.value.field == "page_token"


@given(st.lists(st.integers(), max_size=30), st.integers(1, 10))
def test_pages_together_are_the_list(values: list[int], size: int) -> None:
    request, found, token = catalog_pb2.ListModelsRequest(), list[int](), ""
    while True:
        shown, token = pages.page(values, request, size, token)
        found += shown
        if not token:
            break
        assert len(shown) == size
    assert found == values


def test_a_page_has_a_size() -> None:
    assert [pages.page_size(n) for n in (0, 1, 1000, 5000)] == [50, 1, 1000, 1000]
    with pytest.raises(InvalidRequest):
        pages.page_size(-1)
