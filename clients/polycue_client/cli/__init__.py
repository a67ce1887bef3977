"""The command line, ``polycue``."""

import os
import signal
import sys


def main() -> None:
    # There is nothing to tidy up yet, and an exception anywhere in an import would be a traceback,
    # or another (grpc makes it an ImportError), or be lost. Commands that have something take over.
    signal.signal(signal.SIGINT, _leave)
    # Of a handshake that fails grpc writes lines of its own, with the source file they are from.
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")
    from polycue_client.cli.app import run

    sys.exit(run(sys.argv[1:]))


def _leave(number: int, frame: object) -> None:
    os.write(sys.stderr.fileno(), b"interrupted\n")
    os._exit(128 + number)
