"""The command line, ``polycue``."""

import sys


def main() -> None:
    from polycue_client.cli.app import run

    sys.exit(run(sys.argv[1:]))
