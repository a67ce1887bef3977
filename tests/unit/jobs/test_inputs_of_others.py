"""Which hosts, buckets and addresses may be read, before anything is asked of them."""

import ipaddress
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import InvalidRequest, SourceRefused
from polycue.jobs.inputs.addresses import may_be_reached
from polycue.jobs.inputs.elsewhere import Elsewhere
from polycue.jobs.inputs.rules import InBucket, OnHost, SourceRules, place_of
from polycue.jobs.inputs.web import Web

HOSTS = ("films.example", "*.cdn.example", "studio.example:8443")
RULES = SourceRules(
    hosts=HOSTS, buckets=("films", "shared/public/"), own_bucket="films/polycue", plain_http=False
)


@pytest.mark.parametrize(
    "uri",
    [
        "https://films.example/a.mkv",
        "https://FILMS.example./a.mkv",
        "HTTPS://films.example:443/a.mkv?signed=1#t=3",
        "https://a.cdn.example/",
        "https://a.b.cdn.example/x/y.mkv",
        "https://studio.example:8443/a.mkv",
    ],
)
def test_hosts_that_are_named_may_be_read(uri: str) -> None:
    assert isinstance(place_of(uri, "uri", RULES), OnHost)


@pytest.mark.parametrize(
    "uri",
    [
        "https://example/a.mkv",
        "https://xfilms.example/a.mkv",
        "https://films.example.evil.example/a.mkv",
        "https://films.example:8443/a.mkv",
        "https://cdn.example/a.mkv",
        "https://xcdn.example/a.mkv",
        "https://studio.example/a.mkv",
        "https://127.0.0.1/a.mkv",
        "https://[::1]/a.mkv",
        "https://2130706433/a.mkv",
        "http://films.example/a.mkv",
        "https://fılms.example/a.mkv",  # a dotless i
        "s3://others/a.mkv",
        "s3://films/polycue/uploads/x",  # where the server keeps what others sent
        "s3://films/poly%63ue/uploads/x",
        "s3://shared/private/a.mkv",
        "s3://shared/publicity.mkv",
    ],
)
def test_nothing_else_may_be_read(uri: str) -> None:
    with pytest.raises(SourceRefused):
        place_of(uri, "uri", RULES)


@pytest.mark.parametrize(
    "uri",
    [
        "https:",
        "https://",
        "https:///a.mkv",
        "https://user:word@films.example/a.mkv",
        "https://films.example@evil.example/a.mkv",
        "https://evil.example\\@films.example/a.mkv",
        "https://films.example:99999/a.mkv",
        "https://films.exa\nmple/a.mkv",
        "https://films.example/a b.mkv",
        "ftp://films.example/a.mkv",
        "gopher://films.example/",
        "concat:https://films.example/a|file:///etc/passwd",
        "subfile,,start,0,end,64,,:/etc/passwd",
        "s3://films",
        "s3://films/",
        "s3://films/a?versionId=1",
        "s3://films/a%3FversionId=1",
        "s3://films/a/../polycue/uploads/x",
        "s3://films//polycue/uploads/x",
        "s3://films/./polycue/uploads/x",
        "s3://UPPER/a",
        "s3:///a",
    ],
)
def test_what_is_no_url_of_a_file_is_malformed(uri: str) -> None:
    with pytest.raises(InvalidRequest):
        place_of(uri, "uri", RULES)


def test_plain_http_is_for_operators_who_want_it() -> None:
    rules = SourceRules(hosts=("films.example", "*"), plain_http=True)
    assert isinstance(place_of("http://films.example/a.mkv", "uri", rules), OnHost)
    assert isinstance(place_of("https://whoever.example/a.mkv", "uri", rules), OnHost)
    with pytest.raises(SourceRefused):
        place_of("http://films.example:8080/a.mkv", "uri", rules)


def test_a_bucket_is_read_by_its_key() -> None:
    place = place_of("s3://films/2026/a%20film.mkv", "uri", RULES)
    assert place == InBucket("films", "2026/a film.mkv")


def test_the_file_is_named_after_the_end_of_its_path() -> None:
    elsewhere = Elsewhere(RULES, Web(RULES), None)
    for uri, name in {
        "https://films.example/x/a%20film.mkv?signed=1": "a film.mkv",
        "https://films.example/": "media",
        "https://films.example/x/..": "media",
        "https://films.example/%2e%2e%2fetc%2fpasswd": "passwd",
        "s3://films/2026/a.mkv": "a.mkv",
    }.items():
        assert elsewhere.name_of(uri, "uri") == name


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    for uri in (text, f"https://{text}", f"https://films.example/{text}", f"s3://films/{text}"):
        with suppress(InvalidRequest):
            place_of(uri, "uri", RULES)


PRIVATE = """
    0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 169.254.169.254 172.16.0.1 192.0.0.1 192.0.2.1
    168.63.129.16 192.0.0.192 192.88.99.1 192.168.1.1 198.18.0.1 203.0.113.1 224.0.0.1
    239.255.255.255 240.0.0.1 255.255.255.255
    :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::7f00:1 64:ff9b:1::1 100::1 2001::1
    2001:db8::1 3fff::1 2002:7f00:1::1 fc00::1 fd00::1 fe80::1 fe80::1%eth0 fec0::1 ff02::1 4000::1
"""


@pytest.mark.parametrize("address", PRIVATE.split())
def test_addresses_that_are_not_public_are_not_connected_to(address: str) -> None:
    assert not may_be_reached(address, ())


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:4700::1111", "2a00:1450::1"])
def test_public_addresses_are(address: str) -> None:
    assert may_be_reached(address, ())


def test_networks_the_operator_names_are_and_no_others() -> None:
    allowed = [ipaddress.ip_network("10.1.0.0/16"), ipaddress.ip_network("fd00:1::/32")]
    assert may_be_reached("10.1.9.9", allowed)
    assert may_be_reached("fd00:1::9", allowed)
    for address in ("10.2.0.1", "fd00:2::1", "::ffff:10.1.9.9"):
        assert not may_be_reached(address, allowed)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_never_reached_in_disguise(address: ipaddress.IPv4Address) -> None:
    number = int(address)
    for disguise in (0xFFFF << 32, 0, 0x64FF9B << 96):
        assert not may_be_reached(str(ipaddress.IPv6Address(disguise | number)), ())
    assert not may_be_reached(str(ipaddress.IPv6Address(0x2002 << 112 | number << 80)), ())
