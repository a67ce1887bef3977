"""Messages between the server and its engine child: pickles on a socket, arrays beside them."""

import pickle
import socket
import struct
import threading
from contextlib import suppress
from typing import Any

from polycue.engine.backends.processes.arena import Arena, ArenaView, Place

_HEAD = struct.Struct("<QI")  # bytes of the pickle, number of arrays
_PLACE = struct.Struct("<qQ")  # of one array: where it begins in the arena, its bytes
_FOLLOWS = -1  # a beginning: on the socket, after the pickle
_SEND_TIMEOUT = struct.pack("@ll", 30, 0)  # a timeval; of no progress at all, not of a message
_BUFFER_BYTES = 2**20  # a second of sound is 64 KB; the kernel's own 208 KB mean more waking up


class Wire:
    """One end of a socket between two processes that trust each other.

    Any thread may send; one thread receives. Arrays lie in an arena that both have, where there is
    one and room in it. Else they follow as they lie in memory: nothing copies them but the kernel,
    once on each side.
    """

    def __init__(
        self, end: socket.socket, *, arena: Arena | None = None, theirs: ArenaView | None = None
    ) -> None:
        """Ours is the ``arena`` that we send by way of, and is closed with the wire."""
        self._socket, self._arena, self.theirs = end, arena, theirs
        self._sending = threading.Lock()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIMEOUT)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)

    def send(self, message: object, number: int | None = None) -> None:
        """Send the whole message; under a ``number`` its arrays are in the arena until ``free``.

        Raises:
            OSError: the other end is gone, or has read nothing for half a minute.
            Exception: the message cannot be pickled; nothing was sent.
        """
        arrays: list[pickle.PickleBuffer] = []
        body = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
        views = [array.raw() for array in arrays]
        places = self._put(number, views)
        following = [] if places else views
        places = places or [Place(_FOLLOWS, view.nbytes) for view in views]
        head = _HEAD.pack(len(body), len(views)) + b"".join(_PLACE.pack(*place) for place in places)
        with self._sending:
            self._socket.sendall(head + body)
            for view in following:
                self._socket.sendall(view)

    def free(self, number: int) -> None:
        """The other end reads no array any more that was sent under this number."""
        if self._arena is not None:
            self._arena.free(number)

    def receive(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other end is gone.
            OSError: this end was closed.
        """
        body_size, count = _HEAD.unpack(self._exactly(_HEAD.size))
        places = self._exactly(count * _PLACE.size)
        body = self._exactly(body_size)
        arrays = [self._array(Place(*place)) for place in _PLACE.iter_unpack(places)]
        return pickle.loads(body, buffers=arrays)  # noqa: S301 - our own program wrote it

    def hang_up(self) -> None:
        """Let both ends know that nothing more comes, whoever waits for it; from any thread."""
        with suppress(OSError):  # the other end was faster
            self._socket.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Only in the thread that receives, or when there is none: the descriptor is let go."""
        self.hang_up()
        with self._sending:
            self._socket.close()
        if self._arena is not None:
            self._arena.close()

    def _put(self, number: int | None, arrays: list[memoryview]) -> list[Place] | None:
        if number is None or self._arena is None or not arrays:
            return None
        return self._arena.put(number, arrays)

    def _array(self, place: Place) -> memoryview | bytearray:
        if place.start == _FOLLOWS:
            return self._exactly(place.size)
        if self.theirs is None:
            raise LookupError("an arena was not given to us")
        return self.theirs.array(place)

    def _exactly(self, size: int) -> bytearray:
        data = bytearray(size)
        with memoryview(data) as view:
            done = 0
            while done < size:
                read = self._socket.recv_into(view[done:], 0, socket.MSG_WAITALL)
                if not read:
                    raise EOFError
                done += read
        return data
