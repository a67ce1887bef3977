"""Sources of other hosts, from real servers on loopback."""

import hashlib
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trustme

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    Cancelled,
    PolycueError,
    SourceRefused,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SourceUnusable,
)
from polycue.jobs.inputs.addresses import Resolve
from polycue.jobs.inputs.elsewhere import Elsewhere
from polycue.jobs.inputs.rules import SourceRules, on_host
from polycue.jobs.inputs.web import Web
from support.web import (
    Answer,
    Request,
    Site,
    breaks_off,
    cut_off,
    in_turn,
    never_ends,
    says,
    sends,
    site,
)

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
DATA = bytes(range(256)) * 1000
LIVE = CancelToken()


def at(*addresses: str) -> Resolve:
    """Every name is there."""

    async def resolve(host: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


AT_HOME = at("127.0.0.1")


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="module")
def trust(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


Serve = Callable[[dict[str, Answer]], Site]


@pytest.fixture
def serve(authority: trustme.CA) -> Iterator[Serve]:
    """Begin to serve as films.example."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("films.example", "*.films.example").configure_cert(tls)
    with ExitStack() as stack:
        yield lambda answers: stack.enter_context(site(answers, tls))


@pytest.fixture
def fetch(tmp_path: Path, trust: ssl.SSLContext) -> Callable[..., bytes]:
    """Fetch a path of a site by its name, under rules that may be changed."""

    def fetch(
        server: Site,
        path: str,
        *,
        host: str = "films.example",
        resolve: Resolve = AT_HOME,
        cancel: CancelToken = LIVE,
        **changes: Any,
    ) -> bytes:
        port = server.server_address[1]
        hosts = (f"films.example:{port}", f"*.films.example:{port}")
        rules = SourceRules(hosts=hosts, networks=LOOPBACK, max_bytes=len(DATA), timeout_s=60)
        rules = replace(rules, **changes)
        web = Web(rules, tls=trust, resolve=resolve, pauses_s=(0, 0))
        place = on_host(f"https://{host}:{port}{path}", "uri", rules)
        film = tmp_path / str(len(list(tmp_path.iterdir())))
        digest = web.fetch(place, "uri", film, cancel, rules.max_bytes)
        data = film.read_bytes()
        assert digest == hashlib.sha256(data).hexdigest()
        return data

    return fetch


Fetch = Callable[..., bytes]


def came(folder: Path) -> int:
    """How many bytes were stored."""
    return sum(path.stat().st_size for path in folder.iterdir())


def test_a_file_comes_whole(serve: Serve, fetch: Fetch) -> None:
    films = serve({"/a.mkv?key=1": sends(DATA)})
    assert fetch(films, "/a.mkv?key=1") == DATA
    assert films.asked == [f"films.example:{films.server_address[1]}/a.mkv?key=1"]


def test_without_a_word_of_the_operator_no_private_network_is_entered(
    serve: Serve, fetch: Fetch
) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    for addresses in (["127.0.0.1"], ["::ffff:127.0.0.1"], ["93.184.215.14", "127.0.0.1"]):
        with pytest.raises(SourceRefused, match="does not enter") as caught:
            fetch(films, "/a.mkv", resolve=at(*addresses), networks=())
        assert "127" not in str(caught.value)
    assert films.asked == []


def test_a_name_is_asked_once_and_what_was_checked_is_connected_to(
    serve: Serve, fetch: Fetch
) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    answers = [["127.0.0.1"], ["10.0.0.1"]]  # as a name does that is bound anew at once

    async def rebound(host: str, port: int) -> Sequence[str]:
        return answers.pop(0)

    assert fetch(films, "/a.mkv", resolve=rebound) == DATA
    assert answers == [["10.0.0.1"]]


def test_the_next_address_is_tried_where_one_takes_no_connection(
    serve: Serve, fetch: Fetch
) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    assert fetch(films, "/a.mkv", resolve=at("127.0.0.2", "127.0.0.1")) == DATA


def test_redirects_are_followed_to_hosts_that_are_allowed(serve: Serve, fetch: Fetch) -> None:
    films = serve({"/b.mkv": sends(DATA)})
    port = films.server_address[1]
    films.answers["/a.mkv"] = says(302, Location="/c.mkv")
    films.answers["/c.mkv"] = says(307, Location=f"https://cdn.films.example:{port}/b.mkv")
    assert fetch(films, "/a.mkv") == DATA
    assert films.asked[-1] == f"cdn.films.example:{port}/b.mkv"


@pytest.mark.parametrize(
    ("location", "error"),
    [
        ("https://elsewhere.example/b.mkv", SourceRefused),
        ("http://films.example/b.mkv", SourceRefused),
        ("https://films.example/b.mkv", SourceRefused),  # another port
        ("https://u:p@films.example/b.mkv", PolycueError),
        ("file:///etc/passwd", PolycueError),
        ("https://films.example:x/", SourceUnreachable),
        ("/a.mkv", SourceRefused),  # in a circle
    ],
)
def test_redirects_lead_nowhere_else(
    serve: Serve, fetch: Fetch, location: str, error: type[PolycueError]
) -> None:
    films = serve({"/a.mkv": says(302, Location=location)})
    with pytest.raises(error):
        fetch(films, "/a.mkv")
    assert len(films.asked) <= 6


def test_a_redirect_into_a_private_network_is_refused(serve: Serve, fetch: Fetch) -> None:
    films = serve({})
    port = films.server_address[1]
    films.answers["/a.mkv"] = says(301, Location=f"https://inside.films.example:{port}/b.mkv")

    async def resolve(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"] if host == "films.example" else ["169.254.169.254"]

    with pytest.raises(SourceRefused, match="does not enter"):
        fetch(films, "/a.mkv", resolve=resolve)


def test_a_file_that_is_announced_too_large_does_not_begin(
    serve: Serve, fetch: Fetch, tmp_path: Path
) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    with pytest.raises(SourceTooLarge) as caught:
        fetch(films, "/a.mkv", max_bytes=len(DATA) - 1)
    assert caught.value.limit == len(DATA) - 1
    assert came(tmp_path) == 0


def test_a_file_that_never_ends_is_left_at_the_limit(
    serve: Serve, fetch: Fetch, tmp_path: Path
) -> None:
    films = serve({"/a.mkv": never_ends})
    with pytest.raises(SourceTooLarge):
        fetch(films, "/a.mkv")
    assert 0 < came(tmp_path) <= len(DATA)


def test_all_that_one_job_fetches_is_bounded_together(
    serve: Serve, trust: ssl.SSLContext, tmp_path: Path
) -> None:
    films = serve({"/a.mkv": sends(DATA), "/b.mkv": sends(DATA)})
    host = f"films.example:{films.server_address[1]}"
    rules = SourceRules(hosts=(host,), networks=LOOPBACK, max_bytes=len(DATA) * 3 // 2)
    place = Elsewhere(rules, Web(rules, tls=trust, resolve=AT_HOME), None)
    bench = place.bench(tmp_path, LIVE)
    assert place.bring(f"https://{host}/a.mkv", "uri", bench).path.read_bytes() == DATA
    with pytest.raises(SourceTooLarge):
        place.bring(f"https://{host}/b.mkv", "uri", bench)


def test_nothing_is_unpacked_on_the_way(serve: Serve, fetch: Fetch, tmp_path: Path) -> None:
    films = serve({"/bomb.mkv": sends(bytes(100), Content_Encoding="gzip")})
    with pytest.raises(SourceUnusable, match="compressed"):
        fetch(films, "/bomb.mkv")
    assert came(tmp_path) == 0


def test_what_broke_off_goes_on_where_it_was(serve: Serve, fetch: Fetch) -> None:
    broken = breaks_off(DATA)
    films = serve({"/a.mkv": in_turn(broken, broken, breaks_off(DATA, parts=1))})
    assert fetch(films, "/a.mkv") == DATA
    assert len(films.asked) == 3


def test_what_is_another_file_by_then_comes_from_its_beginning(serve: Serve, fetch: Fetch) -> None:
    other = DATA[::-1]
    films = serve({"/a.mkv": in_turn(breaks_off(DATA), sends(other, ETag='"2"'))})
    assert fetch(films, "/a.mkv") == other


def test_a_host_that_sends_another_part_is_not_believed(serve: Serve, fetch: Fetch) -> None:
    half, end = len(DATA) // 2, f"{len(DATA) - 1}/{len(DATA)}"
    for wrong in (
        {"Content-Range": f"bytes 5-{end}"},
        {"Content-Range": "all of it"},
        {"Content-Range": f"bytes {'1' * 5000}-{end}"},  # more digits than Python reads
        {"Content-Range": f"bytes {half}-{end}", "ETag": '"2"'},
    ):
        films = serve({"/a.mkv": in_turn(breaks_off(DATA), says(206, **wrong))})
        with pytest.raises(SourceUnusable, match="another part"):
            fetch(films, "/a.mkv")


def test_a_tag_that_cannot_be_sent_back_is_none(serve: Serve, fetch: Fetch) -> None:
    films = serve({"/a.mkv": in_turn(breaks_off(DATA, tag='"\xe9"'), sends(DATA))})
    with pytest.raises(SourceUnreachable):
        fetch(films, "/a.mkv")
    assert fetch(films, "/a.mkv") == DATA


def test_a_host_that_breaks_off_again_and_again_is_given_up(serve: Serve, fetch: Fetch) -> None:
    films = serve({"/a.mkv": breaks_off(DATA)})
    with pytest.raises(SourceUnreachable):
        fetch(films, "/a.mkv")
    assert len(films.asked) == 3


@pytest.fixture
def stalled() -> Iterator[tuple[Answer, threading.Event]]:
    """An answer that begins and does not go on, and what is set once it has begun."""
    begun, over = threading.Event(), threading.Event()

    def answer(request: Request) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(bytes(10))
        begun.set()
        over.wait()

    yield answer, begun
    over.set()


def test_a_cancel_ends_a_fetch_that_stands_still(
    serve: Serve, fetch: Fetch, stalled: tuple[Answer, threading.Event]
) -> None:
    answer, begun = stalled
    films, token = serve({"/a.mkv": answer}), CancelToken()

    def cancel() -> None:
        begun.wait()
        token.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(Cancelled):
        fetch(films, "/a.mkv", cancel=token)
    canceller.join()


def test_a_cancel_ends_the_wait_for_a_name(
    serve: Serve, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    from polycue.jobs.inputs.addresses import resolve

    films, token, over = serve({}), CancelToken(), threading.Event()

    def hangs(*_: object, **__: object) -> list[object]:
        token.cancel()
        over.wait()
        return []

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    with pytest.raises(Cancelled):
        fetch(films, "/a.mkv", resolve=resolve, cancel=token)
    over.set()


def test_a_fetch_that_was_cancelled_before_asks_nobody(serve: Serve, fetch: Fetch) -> None:
    films, token = serve({"/a.mkv": sends(DATA)}), CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        fetch(films, "/a.mkv", cancel=token)
    assert films.asked == []


def test_a_fetch_has_its_time(
    serve: Serve, fetch: Fetch, stalled: tuple[Answer, threading.Event]
) -> None:
    films = serve({"/a.mkv": stalled[0]})
    with pytest.raises(SourceTooSlow) as caught:
        fetch(films, "/a.mkv", timeout_s=0.2)
    assert caught.value.limit_s == 0.2


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (says(404), SourceUnusable),
        (says(401), SourceUnusable),
        (says(206), SourceUnusable),
        (says(503), SourceUnreachable),
        (says(429), SourceUnreachable),
        (cut_off, SourceUnreachable),
    ],
    ids=["404", "401", "206", "503", "429", "cut off"],
)
def test_what_a_host_does_not_give_is_told_apart(
    serve: Serve, fetch: Fetch, answer: Answer, error: type[PolycueError]
) -> None:
    films = serve({"/a.mkv?secret": answer})
    with pytest.raises(error, match=r"films\.example") as caught:
        fetch(films, "/a.mkv?secret")
    assert "secret" not in str(caught.value)


def test_a_host_that_is_not_who_it_says_is_not_believed(serve: Serve, fetch: Fetch) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    port = films.server_address[1]
    with pytest.raises(SourceUnusable, match="certificate"):
        fetch(films, "/a.mkv", host="other.example", hosts=(f"*:{port}",))
    assert films.asked == []


def test_a_host_that_is_not_there_is_unreachable(serve: Serve, fetch: Fetch) -> None:
    films = serve({})
    with pytest.raises(SourceUnreachable):
        fetch(films, "/a.mkv", resolve=at("127.0.0.2"))
    with pytest.raises(SourceUnreachable, match="no address"):
        fetch(films, "/a.mkv", resolve=at())


def test_proxies_of_the_environment_are_not_asked(
    serve: Serve, fetch: Fetch, monkeypatch: pytest.MonkeyPatch
) -> None:
    films = serve({"/a.mkv": sends(DATA)})
    with site({}) as proxy:
        for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.server_address[1]}")
        assert fetch(films, "/a.mkv") == DATA
        assert proxy.asked == []
