"""A server of one's own for the length of a command, on a private unix socket."""

import contextlib
import importlib.util
import os
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from polycue_client.cli.exits import ExitCode
from polycue_client.cli.folders import private_folder
from polycue_client.cli.interruption import Interruption
from polycue_client.errors import ServerUnreachable

READY_WITHIN_S = 60.0  # importing the engines from a cold disk takes longest
# Its jobs have let go of ffmpeg by then. A model may still be at its last batch, which cannot be
# stopped and which nobody wants.
STOP_WITHIN_S = 3.0
LONGEST_SOCKET_BYTES = 107  # sun_path holds 108 with its closing NUL (unix(7))
LONGEST_MEDIA_S = 7 * 24 * 3600  # a server's limit protects others; here nobody else waits
STDERR_TAIL_BYTES = 4096

_OF_OTHERS = re.compile(
    r"POLYCUE_(TOKEN.*|TLS.*|CLIENT_.*|(ADMIN|METRICS)_LISTEN|MAX_TENANT_.*|(DATABASE|FILES)_URL)"
)
_ERROR = re.compile(r"^Error: (.*)", re.MULTILINE | re.DOTALL)  # below it may stand more lines


class NotStarted(Exception):
    """The embedded server ended before it was ready, because of what it was asked to be.

    ``exit_code`` is its own: 1, or 2 where a flag was wrong.
    """

    def __init__(self, message: str, exit_code: ExitCode) -> None:
        super().__init__(message)
        self.exit_code = exit_code


class EmbeddedServer:
    """A running server process and the folders it lives in."""

    def __init__(self, process: subprocess.Popen[bytes], address: str, log: Path) -> None:
        self._process = process
        self._log = log
        self.address = address

    def __repr__(self) -> str:
        state = "running" if self._process.poll() is None else "ended"
        return f"EmbeddedServer({self.address}, {state})"

    def obituary(self) -> str | None:
        """Why it ended, from what it wrote last; None while it runs."""
        code = self._process.poll()
        return None if code is None else _obituary(code, self._log)


@contextlib.contextmanager
def embedded_server(
    flags: Sequence[str],
    file_roots: Sequence[Path],
    interruption: Interruption,
    *,
    data_dir: Path | None = None,
    program: Sequence[str] = (sys.executable, "-m", "polycue"),
) -> Iterator[EmbeddedServer]:
    """Start a server that may read files below ``file_roots``, and stop it with the block.

    Its jobs are gone with it, but for those in a ``data_dir`` of the caller's, which stays.

    However that is left, no process and no folder stays behind. A signal ends a server that is not
    ready yet; one that is ready is left to the caller at the first, and killed at the second.

    Raises:
        NotStarted: it said why it cannot be as ``flags`` want it.
        ServerUnreachable: it did not come up; its last words are in the message.
    """
    if importlib.util.find_spec("ctranslate2") is None:
        raise ServerUnreachable(
            "the server part of polycue is not installed here; get it with: "
            "pip install 'polycue[service]', or name a server with --server"
        )
    with private_folder() as data, _socket_folder(data) as sockets:
        address = f"unix:{sockets / 'server.sock'}"
        log = data / "server.log"
        argv = [
            *program,
            *(f"--listen={address}", "--insecure", "--exit-with-stdin"),
            *(f"--data-dir={data_dir or data / 'data'}", "--log-level=warning"),
            f"--max-job-media-s={LONGEST_MEDIA_S}",
            *(f"--file-root={root}" for root in file_roots),
            *flags,
        ]
        with _running(argv, log, interruption) as process:
            yield EmbeddedServer(process, address, log)


@contextlib.contextmanager
def _running(
    argv: Sequence[str], log: Path, interruption: Interruption
) -> Iterator[subprocess.Popen[bytes]]:
    ready, tell_ready = os.pipe()
    try:
        with log.open("wb") as stderr:
            process = subprocess.Popen(
                [*argv, f"--ready-fd={tell_ready}"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                pass_fds=[tell_ready],
                env=_own_environment(),
                start_new_session=True,  # Ctrl-C is ours to handle: the job is cancelled first
            )
    finally:
        os.close(tell_ready)  # so that the pipe ends when the server does
    waiting = True
    interruption.on_signal(lambda times: process.kill() if waiting or times > 1 else None)
    try:
        with open(ready, "rb", buffering=0) as pipe:
            _wait_until_ready(pipe.fileno(), process, log)
        waiting = False
        yield process
    finally:
        _stop(process)


def _own_environment() -> dict[str, str]:
    """What the user set, but for what other servers share, how they are reached, and by whom.

    A server of one's own on a shared database would take up the jobs of strangers.
    """
    return {name: value for name, value in os.environ.items() if not _OF_OTHERS.fullmatch(name)}


def _wait_until_ready(ready: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    line = b""
    while not line.endswith(b"\n"):
        readable, _, _ = select.select([ready], [], [], max(deadline - time.monotonic(), 0))
        if not readable:
            raise ServerUnreachable(
                f"the embedded server was not ready within {READY_WITHIN_S:g} s"
            )
        data = os.read(ready, 4096)
        if not data:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(STOP_WITHIN_S)
            process.kill()  # does nothing to one that has ended, as all but a broken one have
            raise _stillbirth(process.wait(), log)
        line += data


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the process, at the latest by killing it."""
    try:
        if process.stdin:
            process.stdin.close()  # --exit-with-stdin
        process.wait(STOP_WITHIN_S)
    except subprocess.TimeoutExpired:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(STOP_WITHIN_S)
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


def _stillbirth(code: int, log: Path) -> NotStarted | ServerUnreachable:
    # A server ends as a command does. A crash of Python's is 1 as well, but says no "Error: ".
    reason = _ERROR.search(_last_words(log))
    if reason and code in (ExitCode.SOME_FAILED, ExitCode.USAGE):
        return NotStarted(reason[1], ExitCode(code))
    return ServerUnreachable(_obituary(code, log))


def _obituary(code: int, log: Path) -> str:
    tail = _last_words(log)
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with {code}"
    return f"the embedded server {how}" + (f":\n{tail}" if tail else "")


def _last_words(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(file.seek(0, os.SEEK_END) - STDERR_TAIL_BYTES, 0))
        return file.read().decode("utf-8", "replace").strip()


@contextlib.contextmanager
def _socket_folder(data: Path) -> Iterator[Path]:
    """``data`` where the socket's path fits there, else a folder with a shorter name."""
    if _holds_socket(data):
        yield data
        return
    for parent in ("/tmp", "/var/tmp", "/dev/shm"):  # noqa: S108  # in a folder of our own there
        if os.access(parent, os.W_OK | os.X_OK):
            with private_folder(Path(parent)) as folder:
                yield folder
                return
    raise ServerUnreachable(
        f"{data} is too long a path for a unix socket; set TMPDIR to a shorter one"
    )


def _holds_socket(folder: Path) -> bool:
    """Short enough for the kernel, and of characters that gRPC does not read as URI syntax."""
    path = os.fsencode(folder / "server.sock")
    return len(path) <= LONGEST_SOCKET_BYTES and re.fullmatch(rb"[\w./-]+", path) is not None
