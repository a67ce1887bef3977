"""How a call ends that is not answered: its status, what stands in it, and when to try again."""

from dataclasses import dataclass
from typing import Any

import grpc
from google.rpc import status_pb2

from polycue.rpc import status
from polycue.rpc.request_id import REQUEST_ID

_PUSHBACK = "grpc-retry-pushback-ms"  # honoured by the core, Go and Java clients
_LONGEST_PUSHBACK_S = 10  # a client that waits longer without a word looks hung
_CODES = {code.value[0]: code for code in grpc.StatusCode}


@dataclass(frozen=True, slots=True)
class Refusal:
    """``delay_s`` is after how long the same call may succeed."""

    rich: status_pb2.Status
    delay_s: int | None = None

    @property
    def code(self) -> grpc.StatusCode:
        return _CODES[self.rich.code]

    async def abort(self, context: "grpc.aio.ServicerContext[Any, Any]", request_id: str) -> None:
        """Raises grpc's AbortError."""
        # abort replaces what set_trailing_metadata set, so all of it goes here.
        trailers: list[tuple[str, str | bytes]] = [
            (REQUEST_ID, request_id),
            (status.DETAILS_KEY, self.rich.SerializeToString()),
        ]
        if self.delay_s is not None and _is_short(self.delay_s, context.time_remaining()):
            trailers.append((_PUSHBACK, str(self.delay_s * 1000)))
        await context.abort(self.code, self.rich.message, trailing_metadata=tuple(trailers))


def _is_short(delay_s: int, left_s: float | None) -> bool:
    """Whether a client may wait within the call; one whose time ends meanwhile is told nothing."""
    return delay_s <= (
        _LONGEST_PUSHBACK_S if left_s is None else min(_LONGEST_PUSHBACK_S, left_s / 2)
    )
