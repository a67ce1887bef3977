"""Where the work is done: on a server that was named, or on an embedded one."""

import contextlib
import os
import shlex
import urllib.parse
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from polycue.api.v1 import media_pb2
from polycue_client.cli.embedded import EmbeddedServer, embedded_server
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.servers import ServerChoice
from polycue_client.client import Polycue, connect
from polycue_client.drafts import wire_name
from polycue_client.errors import (
    Details,
    PolycueClientError,
    ResourceExhausted,
    ServerUnreachable,
)
from polycue_client.retry import Retry
from polycue_client.transfers import Progress

# A server that restarts is waited for. An embedded one that is gone does not come back.
PATIENCE = Retry()
NO_PATIENCE = Retry(attempts=3)


def patience(say: Callable[[str], None], waits: Retry | None = None) -> Retry:
    """Waits for a server that restarts, and says so once each time."""

    def tell(error: PolycueClientError) -> None:
        if isinstance(error, ResourceExhausted):
            say(f"the server is busy, waiting: {error.message}")
        elif isinstance(error, ServerUnreachable):
            say("the server does not answer; it may be restarting, waiting ...")

    return replace(waits or PATIENCE, on_wait=tell)


class Workplace:
    """A client, and the way files get to its server.

    To an embedded server a file's address is enough; to any other it is uploaded, and the upload
    removed when its job is done.
    """

    def __init__(
        self,
        client: Polycue,
        name: str,
        embedded: EmbeddedServer | None,
        models_dir: Path | None = None,
        roots: Sequence[Path] = (),
    ) -> None:
        """``roots`` are the folders that an embedded server may read."""
        self.client = client
        self._name, self._embedded, self._models_dir = name, embedded, models_dir
        self._roots = roots

    def __repr__(self) -> str:
        return f"Workplace({self._embedded or self._name})"

    @property
    def is_embedded(self) -> bool:
        return self._embedded is not None

    def reads(self, path: Path) -> bool:
        """Whether the server reads the file where it is."""
        if not (self._embedded and _is_utf8(path)):
            return False
        return any(path.resolve().is_relative_to(root) for root in self._roots)

    @contextlib.contextmanager
    def source(self, path: Path, progress: Progress) -> Iterator[media_pb2.MediaSource]:
        if self.reads(path):
            yield media_pb2.MediaSource(uri=file_uri(path))
            return
        upload = self.client.upload(path, filename=wire_name(path), progress=progress)
        try:
            yield media_pb2.MediaSource(upload=upload.name)
        finally:
            # It expires anyway; what went wrong before matters more than this.
            with contextlib.suppress(PolycueClientError):
                self.client.delete_upload(upload.name)

    def at_home(self, error: PolycueClientError) -> PolycueClientError:
        """The error with a command that works here, where it names one that gets a model."""
        command = error.metadata.get("command", "")
        if not (command and self._models_dir):
            return error
        here = f"{command} --models-dir {shlex.quote(str(self._models_dir))}"
        details = Details(
            error.reason,
            {**error.metadata, "command": here},
            error.violations,
            error.retry_after_s,
        )
        return type(error)(
            error.message.replace(command, here), status=error.status, details=details
        )

    def unreachable(self, error: ServerUnreachable, job: str = "") -> ServerUnreachable:
        """The error with what is known here about its cause, and about the way back to ``job``."""
        if self._embedded:
            return ServerUnreachable(self._embedded.obituary() or error.message)
        message = f"no server answers at {self._name}: {error.message}"
        if job:  # a server that stops still finishes what it can, and remembers it
            command = f"polycue --server {shlex.quote(self._name)} jobs fetch {job}"
            message += f"\n  once it is back, see what became of {job} with: {command}"
        return ServerUnreachable(message)


@contextlib.contextmanager
def workplace(
    choice: ServerChoice,
    roots: Sequence[Path],
    interruption: Interruption,
    say: Callable[[str], None],
    *,
    flags: Sequence[str] = (),
    waits: Retry | None = None,
    data_dir: Path | None = None,
) -> Iterator[Workplace]:
    """A signal ends what takes long there; ``say`` tells that a server is waited for.

    An embedded one may read what lies below ``roots``, and has these ``flags`` besides those that
    were chosen; what it is to remember for another time is in ``data_dir``.

    Raises:
        ServerUnreachable: nobody answers, or no server can be started.
    """
    if choice.server:
        with connect(choice.server, retry=patience(say, waits), **choice.keywords()) as client:
            interruption.on_signal(lambda times: client.interrupt())
            place = Workplace(client, choice.server, None)
            try:
                client.server_info()
            except ServerUnreachable as error:
                raise place.unreachable(error) from error
            yield place
        return
    with (
        embedded_server(
            [*choice.flags(), *flags], roots, interruption, data_dir=data_dir
        ) as embedded,
        connect(embedded.address, retry=NO_PATIENCE) as client,
    ):
        interruption.on_signal(lambda times: client.interrupt())
        yield Workplace(client, embedded.address, embedded, choice.models_dir, roots)


def roots_of(files: Sequence[Path]) -> list[Path]:
    """The folders an embedded server must be allowed to read: the files', and their links' ends."""
    folders = {folder for f in files for folder in (f.resolve().parent, f.parent.resolve())}
    return sorted(folders)


def file_uri(path: Path) -> str:
    """``file:///films/%C3%A9t%C3%A9.mp4``. Links in the folders are resolved, in the name not."""
    return "file://" + urllib.parse.quote(os.fsencode(path.parent.resolve() / path.name))


def _is_utf8(path: Path) -> bool:
    """Whether the path fits into a protobuf string."""
    try:
        str(path.resolve()).encode()
    except UnicodeEncodeError:  # undecodable bytes are lone surrogates in Python
        return False
    return True
