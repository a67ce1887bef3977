"""A name server of a test's own: one name, whose addresses change as the test likes."""

import socket
import struct
import threading
from types import TracebackType
from typing import Self

WAIT_S = 60
_A = 1
_HEAD = struct.Struct("!HHHHHH")
_ANSWER = 0x8580  # an authority's, without an error


class Names:
    """Answers on loopback; each answer holds for no time at all."""

    name = "polycue.test"

    def __init__(self, *addresses: str) -> None:
        self.addresses = addresses
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._answer_all, name="names")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"", self._socket.getsockname())
        self._thread.join(WAIT_S)
        self._socket.close()

    def target(self, port: int) -> str:
        """For gRPC: the name at this port, as this server knows it."""
        return f"dns://127.0.0.1:{self._socket.getsockname()[1]}/{self.name}:{port}"

    def _answer_all(self) -> None:
        while True:
            question, asker = self._socket.recvfrom(512)
            if not question:
                return
            self._socket.sendto(self._answer(question), asker)

    def _answer(self, question: bytes) -> bytes:
        number, *_ = _HEAD.unpack_from(question)
        end = question.index(b"\0", _HEAD.size) + 5  # behind the name, its type and its class
        (kind,) = struct.unpack_from("!H", question, end - 4)
        addresses = self.addresses if kind == _A else ()
        records = b"".join(
            struct.pack("!HHHIH", 0xC00C, _A, 1, 0, 4) + socket.inet_aton(address)
            for address in addresses
        )
        head = _HEAD.pack(number, _ANSWER, 1, len(addresses), 0, 0)
        return head + question[_HEAD.size : end] + records
