"""Files of other hosts, fetched over HTTPS so that no host gets us to talk to another one.

Each address a name has is checked, and the one that was checked is connected to: a name that means
something else a moment later changes nothing. Redirects are checked as the first URL was.
"""

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    Cancelled,
    SourceRefused,
    SourceTooLarge,
    SourceTooSlow,
    SourceUnreachable,
    SourceUnusable,
)
from polycue.jobs.files.local import storage_errors
from polycue.jobs.inputs.addresses import Resolve, may_be_reached, resolve
from polycue.jobs.inputs.rules import OnHost, SourceRules, on_host

_MOST_REDIRECTS = 5
_ADDRESSES_TRIED = 3
_RESOLVE_S, _CONNECT_S, _SILENT_S = 10, 10, 30
_REDIRECTS = {301, 302, 303, 307, 308}
_MAY_PASS = {408, 425, 429, 500, 502, 503, 504}
_HEADERS = {"User-Agent": "polycue", "Accept": "*/*", "Accept-Encoding": "identity"}

T = TypeVar("T")


class Web:
    """Safe to use from several threads.

    ``tls`` says whose certificates are trusted; without it the usual ones, or those that
    ``SSL_CERT_FILE`` names.
    """

    def __init__(
        self, rules: SourceRules, *, tls: ssl.SSLContext | None = None, resolve: Resolve = resolve
    ) -> None:
        self._rules, self._resolve, self._own_tls = rules, resolve, tls

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._own_tls or httpx.create_ssl_context()

    def fetch(
        self, place: OnHost, field: str, path: Path, cancel: CancelToken, most_bytes: int
    ) -> str:
        """Store a file at ``path``; returns its SHA-256, in hex. Blocks.

        Raises:
            SourceRefused: it, or where it redirects to, may not be read.
            SourceUnusable: the host does not give it to us, and will not.
            SourceUnreachable: it may do so another time.
            SourceTooLarge: it has more than ``most_bytes``.
            SourceTooSlow: it did not come in its time.
            StorageFull: there is no room for it.
            Cancelled: at once when the flag is set.
        """
        return _run(self._fetch(place, field, path, most_bytes), cancel)

    async def _fetch(self, place: OnHost, field: str, path: Path, most_bytes: int) -> str:
        limit_s = self._rules.timeout_s
        try:
            async with asyncio.timeout(limit_s):
                for _ in range(_MOST_REDIRECTS + 1):
                    async with self._answer(place, field) as response:
                        if response.status_code not in _REDIRECTS:
                            _check(place, response, most_bytes)
                            return await _save(place, response, path, most_bytes)
                        place = self._next(place, response, field)
        except TimeoutError as error:
            raise SourceTooSlow(place.host, limit_s) from error
        raise SourceRefused(field, f"redirects more than {_MOST_REDIRECTS} times")

    @asynccontextmanager
    async def _answer(self, place: OnHost, field: str) -> AsyncIterator[httpx.Response]:
        timeout = httpx.Timeout(_SILENT_S, connect=_CONNECT_S)
        transport = httpx.AsyncHTTPTransport(verify=self._tls)  # and no proxy of the environment's
        async with httpx.AsyncClient(
            transport=transport, trust_env=False, timeout=timeout, headers=_HEADERS
        ) as client:
            try:
                response = await self._first_answer(client, place, field)
                async with _closing(response):
                    yield response
            except httpx.HTTPError as error:
                raise _ours(place, error) from error

    async def _first_answer(
        self, client: httpx.AsyncClient, place: OnHost, field: str
    ) -> httpx.Response:
        """The answer of the first of the host's addresses that takes a connection."""
        *others, last = await self._addresses(place, field)
        for address in others:
            with suppress(httpx.ConnectError, httpx.ConnectTimeout):
                return await client.send(_request(client, place, address), stream=True)
        return await client.send(_request(client, place, last), stream=True)

    async def _addresses(self, place: OnHost, field: str) -> Sequence[str]:
        try:
            async with asyncio.timeout(_RESOLVE_S):
                found = await self._resolve(place.host, place.port)
        except OSError as error:  # and so is a timeout
            raise SourceUnreachable(place.host, "its address cannot be found") from error
        if not found:
            raise SourceUnreachable(place.host, "it has no address")
        if not all(may_be_reached(address, self._rules.networks) for address in found):
            raise SourceRefused(field, f"{place.host} is in a network this server does not enter")
        return tuple(dict.fromkeys(found))[:_ADDRESSES_TRIED]

    def _next(self, place: OnHost, response: httpx.Response, field: str) -> OnHost:
        url = place.url.join(response.headers.get("Location", ""))
        return on_host(str(url), field, self._rules)


def _check(place: OnHost, response: httpx.Response, most_bytes: int) -> None:
    if response.status_code in _MAY_PASS:
        raise SourceUnreachable(place.host, f"it answers {response.status_code}")
    if response.status_code != httpx.codes.OK:
        raise SourceUnusable(place.host, f"it answers {response.status_code}")
    if response.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise SourceUnusable(place.host, "it sends the file compressed, unasked")
    announced = response.headers.get("Content-Length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        raise SourceTooLarge(place.host, most_bytes)


async def _save(place: OnHost, response: httpx.Response, path: Path, most_bytes: int) -> str:
    digest, size_bytes = hashlib.sha256(), 0
    with storage_errors("the job's input"), path.open("xb") as file:
        async for data in _pieces(place, response):
            size_bytes += len(data)
            if size_bytes > most_bytes:
                raise SourceTooLarge(place.host, most_bytes)
            file.write(data)
            digest.update(data)
    return digest.hexdigest()


async def _pieces(place: OnHost, response: httpx.Response) -> AsyncIterator[bytes]:
    try:
        async for data in response.aiter_raw():
            yield data
    except OSError as error:  # of the connection, such as a record that TLS finds tampered with
        raise SourceUnreachable(place.host, "the connection broke") from error


def _request(client: httpx.AsyncClient, place: OnHost, address: str) -> httpx.Request:
    """Ask the address, in the name of the host: certificates are checked against that."""
    return client.build_request(
        "GET",
        place.url.copy_with(host=address, fragment=None),
        headers={"Host": place.url.netloc.decode("ascii")},
        extensions={"sni_hostname": place.host},
    )


@asynccontextmanager
async def _closing(response: httpx.Response) -> AsyncIterator[None]:
    try:
        yield
    finally:
        await response.aclose()


def _ours(place: OnHost, error: httpx.HTTPError) -> SourceUnusable | SourceUnreachable:
    cause: BaseException | None = error
    while cause:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return SourceUnusable(place.host, "its certificate is not one this server trusts")
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, httpx.TimeoutException):
        return SourceUnreachable(place.host, "it does not answer")
    return SourceUnreachable(place.host, "the connection broke, or there is none")


def _run(work: Coroutine[Any, Any, T], cancel: CancelToken) -> T:
    """Do asynchronous work in this thread until it is done or cancelled."""

    async def watched() -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None  # noqa: S101 - we are in one

        def stop() -> None:
            with suppress(RuntimeError):  # the loop is closed: the work has ended by itself
                loop.call_soon_threadsafe(task.cancel)

        forget = cancel.on_cancel(stop)
        try:
            return await work
        finally:
            forget()

    try:
        return asyncio.run(watched())
    except asyncio.CancelledError:
        raise Cancelled from None
