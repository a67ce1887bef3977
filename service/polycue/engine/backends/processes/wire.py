"""Messages between the server and its engine child: pickles on a socket, arrays beside them."""

import pickle
import socket
import struct
import threading
from contextlib import suppress
from typing import Any

_HEAD = struct.Struct("<QI")  # bytes of the pickle, number of arrays
_SIZE = struct.Struct("<Q")  # bytes of one array
_SEND_TIMEOUT = struct.pack("@ll", 30, 0)  # a timeval; of no progress at all, not of a message
_BUFFER_BYTES = 2**20  # a second of sound is 64 KB; the kernel's own 208 KB mean more waking up


class Wire:
    """One end of a socket between two processes that trust each other.

    Any thread may send; one thread receives. Arrays travel as they lie in memory: nothing copies
    them but the kernel, once on each side.
    """

    def __init__(self, end: socket.socket) -> None:
        self._socket = end
        self._sending = threading.Lock()
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, _SEND_TIMEOUT)
        end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER_BYTES)

    def send(self, message: object) -> None:
        """Send the whole message.

        Raises:
            OSError: the other end is gone, or has read nothing for half a minute.
            Exception: the message cannot be pickled; nothing was sent.
        """
        arrays: list[pickle.PickleBuffer] = []
        body = pickle.dumps(message, protocol=5, buffer_callback=arrays.append)
        views = [array.raw() for array in arrays]
        sizes = b"".join(_SIZE.pack(view.nbytes) for view in views)
        with self._sending:
            self._socket.sendall(_HEAD.pack(len(body), len(views)) + sizes + body)
            for view in views:
                self._socket.sendall(view)

    def receive(self) -> Any:
        """The next message.

        Raises:
            EOFError: the other end is gone.
            OSError: this end was closed.
        """
        body_size, count = _HEAD.unpack(self._exactly(_HEAD.size))
        sizes = self._exactly(count * _SIZE.size)
        body = self._exactly(body_size)
        arrays = [self._exactly(size) for (size,) in _SIZE.iter_unpack(sizes)]
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
