"""Files of other hosts, fetched over HTTPS so that no host gets us to talk to another one.

Each address a name has is checked, and the one that was checked is connected to: a name that means
something else a moment later changes nothing. Redirects are checked as the first URL was.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import (
    Cancelled,
    SourceRefused,
    SourceTooSlow,
    SourceUnreachable,
    SourceUnusable,
)
from polycue.jobs.inputs.addresses import Resolve, may_be_reached, resolve
from polycue.jobs.inputs.download import Download
from polycue.jobs.inputs.rules import OnHost, SourceRules, on_host

_MOST_REDIRECTS = 5
_ADDRESSES_TRIED = 3
_PAUSES_S = (1.0, 5.0, 15.0)  # before what broke off is gone on with
_RESOLVE_S, _CONNECT_S, _SILENT_S = 10, 10, 30
_REDIRECTS = {301, 302, 303, 307, 308}
_HEADERS = {"User-Agent": "polycue", "Accept": "*/*", "Accept-Encoding": "identity"}

T = TypeVar("T")


class Web:
    """Safe to use from several threads.

    ``tls`` says whose certificates are trusted; without it the usual ones, or those that
    ``SSL_CERT_FILE`` names.
    """

    def __init__(
        self,
        rules: SourceRules,
        *,
        tls: ssl.SSLContext | None = None,
        resolve: Resolve = resolve,
        pauses_s: Sequence[float] = _PAUSES_S,
    ) -> None:
        self._rules, self._resolve, self._own_tls = rules, resolve, tls
        self._pauses_s = tuple(pauses_s)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return self._own_tls or httpx.create_ssl_context()

    def fetch(
        self, place: OnHost, field: str, path: Path, cancel: CancelToken, most_bytes: int
    ) -> str:
        """Store a file at ``path``; returns its SHA-256, in hex. Blocks.

        Where the connection breaks, it goes on at the byte where it was, if the host can do so.

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
        with path.open("xb") as file:
            download = Download(file, most_bytes)
            try:
                async with asyncio.timeout(limit_s):
                    await self._persist(place, field, download)
            except TimeoutError as error:
                raise SourceTooSlow(place.host, limit_s) from error
        return download.sha256

    async def _persist(self, place: OnHost, field: str, download: Download) -> None:
        for pause_s in self._pauses_s:
            try:
                return await self._follow(place, field, download)
            except SourceUnreachable:
                if not download.goes_on:
                    raise
            await asyncio.sleep(pause_s)
        return await self._follow(place, field, download)

    async def _follow(self, place: OnHost, field: str, download: Download) -> None:
        """Ask, there and where that leads."""
        for _ in range(_MOST_REDIRECTS + 1):
            async with self._answer(place, field, download.headers()) as response:
                if response.status_code not in _REDIRECTS:
                    return await download.take(place, response)
                place = self._next(place, response, field)
        raise SourceRefused(field, f"redirects more than {_MOST_REDIRECTS} times")

    @asynccontextmanager
    async def _answer(
        self, place: OnHost, field: str, headers: Mapping[str, str]
    ) -> AsyncIterator[httpx.Response]:
        timeout = httpx.Timeout(_SILENT_S, connect=_CONNECT_S)
        transport = httpx.AsyncHTTPTransport(verify=self._tls)  # and no proxy of the environment's
        async with httpx.AsyncClient(
            transport=transport,
            trust_env=False,
            timeout=timeout,
            headers={**_HEADERS, **headers},
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
