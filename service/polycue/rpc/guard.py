"""What stands around every call: request id, log line, errors to status, and the door.

The rules here each cost somebody a bug (grpc.aio 1.85): text of an unknown exception reaches the
client; a CancelledError that nobody asked for leaves the client without any status for ever; a
broad ``except`` swallows ``abort``; a cancelled generator ends in another task.
"""

import asyncio
import time
import traceback
import urllib.parse
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
    Mapping,
)
from contextlib import AsyncExitStack, aclosing, asynccontextmanager
from typing import Any, TypeAlias

import grpc
from google.protobuf.message import DecodeError

from polycue import metrics, telemetry
from polycue.domain.errors import Cancelled, InvalidRequest, PolycueError, ReaderStalled
from polycue.rpc import status
from polycue.rpc.access.door import Door
from polycue.rpc.refusal import Refusal
from polycue.rpc.request_id import REQUEST_ID, request_id_of
from polycue.rpc.tenant import acting_for
from polycue.rpc.traced import call_span, end_call

_OURS = "/polycue."
_LARGE_BYTES = 64 * 1024
_REFUSALS = {"UNAUTHENTICATED", "RESOURCE_EXHAUSTED", "UNAVAILABLE"}

log = telemetry.logger(__name__)

# Quoted: grpc's classes are generic for type checkers only.
Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Answer = Callable[[Any, Any], Awaitable[Any]]
Stream = Callable[[Any, Any], AsyncGenerator[Any]]
Parse = Callable[[bytes], Any]


class Guard(grpc.aio.ServerInterceptor):
    """Wraps the handlers of our services; health and reflection stay as they are.

    A call whose client takes nothing for ``reader_idle_s`` is ended.
    """

    def __init__(self, door: Door, *, reader_idle_s: float) -> None:
        self._door, self._reader_idle_s = door, reader_idle_s
        self._parsing = asyncio.Lock()

    async def intercept_service(
        self,
        continuation: "Callable[[grpc.HandlerCallDetails], Awaitable[Handler | None]]",
        handler_call_details: grpc.HandlerCallDetails,
    ) -> "Handler | None":
        handler = await continuation(handler_call_details)
        method = handler_call_details.method
        if handler is None or not method.startswith(_OURS):
            return handler
        behaviour, make = _shape(handler)
        one = not handler.request_streaming
        if handler.response_streaming:
            behaviour = server_stream(behaviour, idle_s=self._reader_idle_s)
        # No deserializer: what grpc raises for bytes that are no message would be beyond our reach.
        guarded: Handler = make(
            self._guarded(behaviour, method, handler.request_deserializer or bytes, one=one),
            response_serializer=handler.response_serializer,
        )
        return guarded

    def _guarded(self, behaviour: Answer, method: str, parse: Parse, *, one: bool) -> Answer:
        async def answer(messages: AsyncIterable[bytes], context: Context) -> Any:
            async with self._watch(method.strip("/"), context, messages, one=one) as came:
                if isinstance(came, bytes):
                    return await behaviour(await self._parsed(came, parse), context)
                return await behaviour(_all_parsed(came, parse), context)

        async def run(messages: AsyncIterable[bytes], context: Context) -> Any:
            try:
                return await answer(messages, context)
            except grpc.aio.AbortError as error:
                raise _without_frames(error) from None

        return run

    async def _parsed(self, data: bytes, parse: Parse) -> Any:
        """The request. Large ones in turn, and after each as much time for all others.

        Four MiB of tiny fields take a tenth of a second, and a caller may send a hundred of them.
        """
        if len(data) < _LARGE_BYTES:
            return _parsed(data, parse)
        async with self._parsing:
            began_s = time.perf_counter()
            try:
                return _parsed(data, parse)
            finally:
                await asyncio.sleep(time.perf_counter() - began_s)

    @asynccontextmanager
    async def _watch(
        self, path: str, context: Context, messages: AsyncIterable[bytes], *, one: bool
    ) -> "AsyncIterator[bytes | AsyncIterable[bytes]]":
        """Give the call its id, let it in, and turn whatever it raises into its status.

        What it sends, the ``one`` message or all, is taken in only once we know who is calling.
        """
        method = path.rpartition("/")[2]
        request_id, began_s = request_id_of(context), time.perf_counter()
        context.set_trailing_metadata(((REQUEST_ID, request_id),))
        ended, refusal = {"code": "OK"}, None
        async with AsyncExitStack() as held:
            with (
                telemetry.bound(request_id=request_id),
                call_span(path, context, request_id) as span,
            ):
                try:
                    self._door.gate.require_open()
                    tenant = ended["tenant"] = self._door.tenant_of(context)
                    came = await _only(messages) if one else messages
                    held.enter_context(self._door.gate.enter())
                    await held.enter_async_context(self._door.place(method, tenant))
                    with acting_for(tenant):
                        yield came
                except grpc.aio.AbortError:
                    ended["code"] = str(context.code())
                    raise
                except (asyncio.CancelledError, Cancelled):
                    task = asyncio.current_task()
                    if task is not None and task.cancelling():
                        ended["code"] = "CANCELLED"  # by the client, or by its deadline
                        raise
                    log.exception("work was cancelled and nobody asked for it", method=method)
                    refusal = Refusal(status.internal_status(request_id))
                except PolycueError as error:
                    ended["reason"] = status.reason_of(error)
                    refusal = Refusal(status.status_of(error), status.retry_after_s(error))
                except Exception:
                    log.exception("a call failed for a reason nobody foresaw", method=method)
                    refusal = Refusal(status.internal_status(request_id))
                finally:
                    if refusal:
                        ended["code"] = refusal.code.name
                    end_call(span, ended)
                    _tell(method, context, time.perf_counter() - began_s, ended)
            if refusal:
                # Waits until the client takes it; one that does not keeps its place.
                await refusal.abort(context, request_id)


def _tell(method: str, context: Context, took_s: float, ended: Mapping[str, str]) -> None:
    """Count the call and write its line: never what it said, or by which token it came."""
    metrics.CALLS.labels(method, ended["code"]).observe(took_s)
    if ended["code"] in _REFUSALS:
        metrics.CALLS_REFUSED.labels(ended.get("reason", "")).inc()
    peer = urllib.parse.unquote(context.peer())
    log.info("call", method=method, peer=peer, ms=round(took_s * 1000), **ended)


def server_stream(behaviour: Stream, *, idle_s: float) -> Answer:
    """An async generator as a coroutine that writes: its ``finally`` then runs in the call's task.

    Left to grpc, a generator cancelled in the middle of a write is closed later, in another task.

    Raises:
        ReaderStalled: a message could not be written for ``idle_s``.
    """

    async def run(request: Any, context: Context) -> None:
        async with aclosing(behaviour(request, context)) as messages:
            async for message in messages:
                try:
                    async with asyncio.timeout(idle_s):
                        await context.write(message)
                except TimeoutError as error:
                    raise ReaderStalled(idle_s) from error

    return run


def _parsed(data: bytes, parse: Parse) -> Any:
    try:
        return parse(data)
    except DecodeError as error:
        raise InvalidRequest("request", "its bytes are no message of this method") from error


async def _all_parsed(messages: AsyncIterable[bytes], parse: Parse) -> AsyncIterator[Any]:
    async for data in messages:
        yield _parsed(data, parse)


def _without_frames(error: grpc.aio.AbortError) -> grpc.aio.AbortError:
    """What ended a call, without what the call had in its hands.

    grpc keeps the error with the call, and its frames keep the call: a circle in which each refused
    request, of up to four MiB, waited for Python's collector, which counts objects and not bytes.
    """
    traceback.clear_frames(error.__traceback__)
    error.__context__ = None
    return error.with_traceback(None)


async def _only(messages: AsyncIterable[bytes]) -> bytes:
    async for data in messages:
        return data
    raise InvalidRequest("request", "did not come")


def _shape(handler: Handler) -> tuple[Any, Callable[..., Any]]:
    """The handler's function, and what makes a handler that answers in the same shape.

    All take a stream of messages, which is the same to a client: where there is to be one, grpc
    would read it, four MiB of anybody's, before it asks us.
    """
    match handler.request_streaming, handler.response_streaming:
        case False, False:
            return handler.unary_unary, grpc.stream_unary_rpc_method_handler
        case False, True:
            return handler.unary_stream, grpc.stream_stream_rpc_method_handler
        case True, False:
            return handler.stream_unary, grpc.stream_unary_rpc_method_handler
        case _:
            return handler.stream_stream, grpc.stream_stream_rpc_method_handler
