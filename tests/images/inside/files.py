"""What is in an image and what is not: run in it by ``walls.py``."""

import errno
import importlib
import importlib.metadata
import json
import os
import re
import shutil
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from images.inside.saying import BROUGHT, ORDER, expect, fine, run

_LOADER = next(Path("/lib64").glob("ld-linux-*.so.*"), Path("/lib/ld-linux-aarch64.so.1"))
_INSTALLERS = ("apt", "apt-get", "dpkg", "gcc", "perl", "pip", "pip3", "strip")
_SHELLS = ("bash", "dash", "sh")


def _status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def walls() -> None:
    """That the settings are as hard as they were meant to be."""
    status = _status()
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        expect(int(status[kind], 16) == 0, f"{kind} is {status[kind]}")
    expect(status["NoNewPrivs"] == "1", "new privileges may be had")
    user, named = os.getuid(), int(ORDER["user"].partition(":")[0])
    expect(named not in {0, user}, f"this is user {user}, and the image names {named}")
    for folder in ("/", "/opt/polycue", "/usr/share/polycue"):
        try:
            Path(folder, "written").touch()
        except OSError as error:
            expect(error.errno == errno.EROFS, f"{folder}: {error}")
        else:
            expect(False, f"{folder} can be written to")
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    except OSError as error:
        expect(error.errno == errno.ENETUNREACH, f"there is a network: {error}")
    fine(f"user {user} (the image names {named}), no capability, read-only root, no network")


def nothing_to_spare() -> None:
    absent = _INSTALLERS if ORDER["target"] == "ray" else (*_INSTALLERS, *_SHELLS)
    found = [name for name in absent if shutil.which(name, path="/bin:/usr/bin:/sbin:/usr/sbin")]
    expect(not found, f"there are {found}")
    privileged = [str(path) for path in _files() if path.stat().st_mode & stat.S_ISUID]
    expect(not privileged, f"these run as their owner: {privileged}")
    expect(not list(Path("/opt").glob("**/av")), "PyAV is there")
    fine(f"none of {', '.join(absent)}; nothing that runs as its owner; no PyAV")


def libraries() -> None:
    """Every program and library finds the libraries that it asks for."""
    asked = [path for path in _files() if _is_elf(path)]
    problems = []
    for path in asked:
        done = subprocess.run([_LOADER, "--list", path], capture_output=True, text=True)
        problems += re.findall(r".*(?:not found|cannot open).*", done.stdout + done.stderr)
    expect(not problems, "\n".join(problems))
    fine(f"all of {len(asked)} programs and libraries find those they ask for")


def _is_elf(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _files() -> Iterator[Path]:
    for top in ("/usr", "/opt"):
        for folder, _, names in os.walk(top):
            paths = (Path(folder, name) for name in names)
            yield from (path for path in paths if path.is_file() and not path.is_symlink())


def extras() -> None:
    """What needs a database, a bucket or a collector is there, as far as it goes without."""
    for module in ("psycopg", "psycopg_pool", "s3fs", "ttconv.imsc.reader"):
        importlib.import_module(module)
    exporter = importlib.import_module("opentelemetry.exporter.otlp.proto.grpc.trace_exporter")
    session = importlib.import_module("botocore.session").get_session()
    for service in ("s3", "sts", "sso", "sso-oidc"):  # the last three say who one is
        session.create_client(
            service,
            "eu-west-1",
            aws_access_key_id="nobody",
            aws_secret_access_key="nothing",  # noqa: S106
        )
    fine(f"PostgreSQL, S3 and who one is there, TTML, {exporter.__name__.partition('.')[0]}")


def bill() -> None:
    """The bill of materials has all that is here, each with the hash that the lock has."""
    told = json.loads(Path("/usr/share/polycue/sbom.json").read_text())
    parts = {part["purl"].partition("?")[0]: part for part in told["components"]}
    here = {
        f"pkg:pypi/{each.metadata['Name'].lower().replace('_', '-')}@{each.version}"
        for each in importlib.metadata.distributions(path=[ORDER["site"]])
    }
    expect(here == {purl for purl in parts if purl.startswith("pkg:pypi/")}, "PyPI's are others")
    names = {path.name for path in Path("/var/lib/dpkg/status.d").iterdir()}
    debian = {part["name"] for purl, part in parts.items() if purl.startswith("pkg:deb/")}
    expect(names == debian, f"Debian's are others: {names ^ debian}")
    locks = "".join(path.read_text() for path in (BROUGHT / "locks").iterdir())
    unknown = [
        purl
        for purl, part in parts.items()
        if part["name"] != "polycue" and part["hashes"][0]["content"] not in locks
    ]
    expect(not unknown, f"no lock has the hash of {unknown}")
    fine(f"the bill of materials: {len(here)} of Python's packages and {len(debian)} of Debian's")
    fine("each of them with a hash that a lock has")


def doctor() -> None:
    said = run("polycue", "doctor", wanted=0 if "models" in ORDER else 1)
    missing = [line for line in said.splitlines() if line.startswith("✗")]
    expected = [] if "models" in ORDER else ["✗ recognisers"]
    expect([line.partition(":")[0] for line in missing] == expected, said)
    fine("polycue doctor misses nothing but models" if missing else "polycue doctor: all is well")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        globals()[name]()
