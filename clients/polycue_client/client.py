"""The synchronous client. ``polycue_client.aio`` has the same for asyncio."""

from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from functools import wraps
from inspect import signature
from types import GenericAlias, TracebackType
from typing import Any, Concatenate, Self, get_args

import grpc

from polycue_client.methods import Methods
from polycue_client.retry import Retry
from polycue_client.wire import channel
from polycue_client.wire.blocking import BlockingLine, Item, each, run
from polycue_client.wire.line import Given, Result
from polycue_client.wire.security import Access, Tls


def connect(
    target: str,
    *,
    timeout_s: float = 30.0,
    clip_timeout_s: float = 600.0,
    retry: Retry | None = None,
    token: str = "",
    tls: Tls | bool = False,
    token_in_the_clear: bool = False,
) -> "Polycue":
    """A client for the server at ``target``: ``localhost:50051``, ``unix:/run/polycue.sock``.

    Several that share their jobs are a name with all their addresses, or a list of numbers:
    ``10.0.0.1:50051,10.0.0.2:50051``. Each is used in turn, and one that is lost is done without.
    Nothing is sent before the first call. ``timeout_s`` bounds each call but those that transcribe
    a clip, which have ``clip_timeout_s``, and those that watch, upload or download: they last as
    long as they make headway, and survive a connection that breaks as ``retry`` says. ``token``
    is what the server knows the caller by. Without ``tls`` nothing is encrypted, and a token goes
    to this machine only, unless ``token_in_the_clear``.

    Raises:
        ValueError: the token would cross a network in the clear, or a list holds names, or is one
            of servers with TLS and without a name for their certificates.
        OSError: a file of ``tls`` cannot be read.
    """
    access = Access(target, token, tls, token_in_the_clear)
    wire = access.channel(grpc.secure_channel, grpc.insecure_channel, channel.options())
    return Polycue(wire, timeout_s=timeout_s, clip_timeout_s=clip_timeout_s, retry=retry or Retry())


def _blocking(
    method: Callable[Concatenate[Methods, Given], Coroutine[Any, Any, Result]],
) -> Callable[Concatenate["Polycue", Given], Result]:
    """The method with the same parameters, over when it returns."""

    @wraps(method)
    def call(self: "Polycue", /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        return run(method(self._methods, *args, **kwargs))

    return call


def _iterating(
    method: Callable[Concatenate[Methods, Given], AsyncGenerator[Item]],
) -> Callable[Concatenate["Polycue", Given], Generator[Item]]:
    """The method with the same parameters, for an ordinary ``for``."""

    @wraps(method)
    def call(self: "Polycue", /, *args: Given.args, **kwargs: Given.kwargs) -> Generator[Item]:
        return each(method(self._methods, *args, **kwargs))

    shown = signature(method)  # by help(), which would else speak of an asynchronous generator
    generator = GenericAlias(Generator, get_args(shown.return_annotation))
    call.__signature__ = shown.replace(return_annotation=generator)  # type: ignore[attr-defined]
    return call


class Polycue:
    """A connection to a server: the whole API in one object. Threads may share one.

    Every method raises ``PolycueClientError``. Closing it, or leaving its ``with`` block, ends the
    calls in progress, but no job. What the methods do is said, and done, in ``methods``.
    """

    def __init__(
        self, wire: grpc.Channel, *, timeout_s: float, clip_timeout_s: float, retry: Retry
    ) -> None:
        self._wire, self._line = wire, BlockingLine()
        self._methods = Methods(
            self._line, wire, timeout_s=timeout_s, clip_timeout_s=clip_timeout_s, retry=retry
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._wire.close()

    def interrupt(self) -> None:
        """End what takes long, from another thread or the handler of a signal.

        Watching, uploading, downloading and transcribing raise ``CallCancelled``, now and from now
        on; other calls still work, so that jobs can be cancelled and uploads removed. A program
        that goes on after Ctrl-C has its handler do this: KeyboardInterrupt may come within grpc,
        which can then wait for ever in ``close`` (seen with grpcio 1.85.1).
        """
        self._line.interrupt()

    # What the server can do
    server_info = _blocking(Methods.server_info)
    models = _blocking(Methods.models)
    pairs = _blocking(Methods.pairs)
    presets = _blocking(Methods.presets)

    # Clips and subtitle texts, within one call
    transcribe = _blocking(Methods.transcribe)
    stream_transcribe = _iterating(Methods.stream_transcribe)
    translate_subtitles = _blocking(Methods.translate_subtitles)
    convert_subtitles = _blocking(Methods.convert_subtitles)
    convert_file = _blocking(Methods.convert_file)
    lint_subtitles = _blocking(Methods.lint_subtitles)

    # Uploads
    upload = _blocking(Methods.upload)
    get_upload = _blocking(Methods.get_upload)
    delete_upload = _blocking(Methods.delete_upload)

    # Jobs
    subtitle = _blocking(Methods.subtitle)
    sync = _blocking(Methods.sync)
    create_job = _blocking(Methods.create_job)
    get_job = _blocking(Methods.get_job)
    jobs = _iterating(Methods.jobs)
    watch = _iterating(Methods.watch)
    wait = _blocking(Methods.wait)
    cancel = _blocking(Methods.cancel)
    resume = _blocking(Methods.resume)
    delete = _blocking(Methods.delete)

    # Results
    read = _blocking(Methods.read)
    download_into = _blocking(Methods.download_into)
    download = _blocking(Methods.download)
