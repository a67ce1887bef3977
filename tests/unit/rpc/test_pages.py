import base64
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.api.v1 import catalog_pb2, jobs_pb2
from polycue.domain.errors import InvalidRequest
from polycue.rpc import pages

STATES = [jobs_pb2.JOB_STATE_QUEUED, jobs_pb2.JOB_STATE_RUNNING]
REQUEST = jobs_pb2.ListJobsRequest(labels={"a": "1", "b": "2"}, states=STATES)
PAIRS = catalog_pb2.ListTranslationPairsRequest(source_language_code="en")
TOKENS = pages.PageTokens("one database")
positions = st.integers(0, 2**63 - 1)


@given(positions, st.text(), st.text())
def test_a_sealed_token_leads_back_to_where_it_was_given(
    position: int, tenant: str, secret: str
) -> None:
    token = pages.PageTokens(secret).seal(tenant, REQUEST, position)
    assert pages.PageTokens(secret).open(tenant, REQUEST, token) == position


@given(positions)
def test_a_sealed_token_does_not_tell_where_it_leads(position: int) -> None:
    first, second = (TOKENS.seal("news", REQUEST, position) for _ in range(2))
    assert first != second
    hidden = [base64.urlsafe_b64decode(token)[12:20] for token in (first, second)]
    assert len({*hidden, struct.pack(">Q", position)}) == 3


@given(positions, st.integers(0, 35), st.integers(1, 255))
def test_a_sealed_token_with_any_byte_changed_is_refused(
    position: int, index: int, flips: int
) -> None:
    packed = bytearray(base64.urlsafe_b64decode(TOKENS.seal("news", REQUEST, position)))
    assert len(packed) == 36
    packed[index] ^= flips
    refused_by_seal(REQUEST, base64.urlsafe_b64encode(packed).decode())


def test_a_sealed_token_is_good_for_its_own_tenant_and_database_only() -> None:
    token = TOKENS.seal("news", REQUEST, 7)
    refused_by_seal(REQUEST, token, tenant="films")
    refused_by_seal(REQUEST, token, tokens=pages.PageTokens("another database"))


def test_a_sealed_token_is_good_for_its_own_filter_and_list_only() -> None:
    token = TOKENS.seal("news", REQUEST, 7)
    refused_by_seal(jobs_pb2.ListJobsRequest(), token)
    refused_by_seal(jobs_pb2.ListJobsRequest(labels={"a": "1"}, states=STATES), token)
    refused_by_seal(jobs_pb2.ListJobsRequest(labels={"a": "1", "b": "2"}, states=STATES[1:]), token)
    token = TOKENS.seal("news", jobs_pb2.ListJobsRequest(), 7)
    with pytest.raises(InvalidRequest):
        TOKENS.open("news", catalog_pb2.ListModelsRequest(), token)


def test_size_and_token_may_change_from_page_to_page() -> None:
    token = TOKENS.seal("news", REQUEST, 7)
    next_page = jobs_pb2.ListJobsRequest()
    next_page.CopyFrom(REQUEST)
    next_page.page_size, next_page.page_token = 3, token
    assert TOKENS.open("news", next_page, token) == 7
    _, token = pages.page([1, 2], PAIRS, 1, "")
    sized = catalog_pb2.ListTranslationPairsRequest(source_language_code="en", page_size=3)
    assert pages.page([1, 2], sized, 3, token) == ([2], "")


@given(st.text(min_size=1))
def test_what_is_no_token_is_refused(text: str) -> None:
    refused_by_seal(REQUEST, text)
    with pytest.raises(InvalidRequest) as caught:
        pages.page([1, 2], PAIRS, 1, text)
    assert caught.value.field == "page_token"


def test_a_token_of_a_whole_list_is_good_for_its_own_filter_and_list_only() -> None:
    _, token = pages.page([1, 2], PAIRS, 1, "")
    for other in (catalog_pb2.ListTranslationPairsRequest(), catalog_pb2.ListModelsRequest()):
        with pytest.raises(InvalidRequest, match="other fields"):
            pages.page([1, 2], other, 1, token)


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


def refused_by_seal(
    request: jobs_pb2.ListJobsRequest,
    token: str,
    *,
    tenant: str = "news",
    tokens: pages.PageTokens = TOKENS,
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        tokens.open(tenant, request, token)
    assert caught.value.field == "page_token"
