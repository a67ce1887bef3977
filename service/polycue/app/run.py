"""From settings to a server in the foreground."""

import asyncio
import contextlib
import logging
import os
import resource
import sys
from collections.abc import Callable
from importlib.metadata import version
from typing import NoReturn

from polycue import metrics, telemetry
from polycue.app.engine import Engine, open_engine
from polycue.app.sandbox import confine_media
from polycue.app.server import App
from polycue.app.stop import Stop
from polycue.app.tracing import start_tracing
from polycue.config import Settings
from polycue.engine import heap

log = telemetry.logger(__name__)


def run(
    settings: Settings,
    *,
    ready_fd: int | None,
    exit_with_stdin: bool,
    opens: Callable[..., Engine] | None = None,
) -> NoReturn:
    """Serve until told to stop, and end the process.

    ``opens`` is called in the place of ``open_engine``, for programs with an engine of their own.

    Raises:
        PolycueError: the server cannot start.
    """
    heap.keep()
    telemetry.configure(
        level=settings.log_level, log_format=settings.log_format, texts=settings.log_texts
    )
    end_tracing = start_tracing(settings)
    _open_all_files_allowed()
    confine_media(settings)
    metrics.INFO.labels(version("polycue"), settings.engine).set(1)
    preload = not exit_with_stdin if settings.preload is None else settings.preload
    engine = (opens or open_engine)(settings, preload=preload)
    try:
        app = App(settings, engine)
        asyncio.run(_serve(app, _teller(settings, ready_fd), exit_with_stdin=exit_with_stdin))
    except BaseException:
        engine.close()
        raise
    finally:
        end_tracing()
    _leave()


def _open_all_files_allowed() -> None:
    """Let connections run out later: each holds a descriptor, and without one no job can work.

    The soft limit is usually 1024, for programs that use ``select``, the hard one half a million.
    """
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _leave() -> NoReturn:
    """End without the engine's leave.

    All that is kept is kept by now. What may still run is a batch whose job was interrupted:
    nothing stops CTranslate2 in the middle of one, and both closing its model and Python's own
    way out wait seconds for it.
    """
    logging.shutdown()
    with contextlib.suppress(OSError):  # nobody reads any more
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(0)


async def _serve(app: App, on_ready: Callable[[str], None], *, exit_with_stdin: bool) -> None:
    stop = Stop()
    stop.on_signals()
    if exit_with_stdin:
        stop.on_end_of(sys.stdin.fileno())
    await app.serve(stop, on_ready=on_ready)


def _teller(settings: Settings, ready_fd: int | None) -> Callable[[str], None]:
    """Says that calls are answered: to people, and to the program that waits for it."""

    def tell(address: str) -> None:
        if settings.log_format == "json":  # then every line is to be an object
            log.info("ready", address=address, version=version("polycue"))
        else:
            sys.stderr.write(f"polycue {version('polycue')} is ready on {address}\n")
            sys.stderr.flush()
        if ready_fd is not None:
            # Whoever waited may have gone; that is no reason not to serve.
            with contextlib.suppress(BrokenPipeError), os.fdopen(ready_fd, "w") as pipe:
                pipe.write(f"{address}\n")

    return tell
