"""The whole job where there is no network, and the kernel's word that nobody looked for one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polycue.models.imports import import_models
from polycue.models.store import ModelStore

# The kernel counts every packet for another machine, of whatever part of whatever process.
_COUNT = """
import atexit, pathlib

@atexit.register
def tell():
    lines = pathlib.Path("/proc/net/snmp").read_text().splitlines()
    names, values = [line.split()[1:] for line in lines if line.startswith("Ip:")]
    counted = dict(zip(names, map(int, values)))
    print("packets:", counted["OutNoRoutes"] + counted["OutRequests"])
"""
_LOOK = "import socket; socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('192.0.2.1', 53))"
_WORK = "from polycue_client.cli import main; main()"
_UNSHARE = ["unshare", "--user", "--map-root-user", "--net"]


@pytest.fixture(scope="module", autouse=True)
def _may_leave_the_network() -> None:
    if subprocess.run([*_UNSHARE, "true"], capture_output=True, check=False).returncode:
        pytest.skip("this kernel lets nobody make a network of their own (user namespaces)")


def without_network(script: str, *arguments: str) -> tuple[str, int]:
    """What a script wrote, and how many packets it had for other machines."""
    command = [*_UNSHARE, sys.executable, "-c", f"{_COUNT}\n{script}", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    said, _, packets = done.stdout.rpartition("packets: ")
    return said, int(packets)


def test_whoever_looks_for_the_network_is_seen() -> None:
    assert without_network(_LOOK) == ("", 1)


def test_a_film_becomes_subtitles_without_a_look_for_the_network(
    repository: Path, tmp_path: Path
) -> None:
    models = tmp_path / "models"
    import_models(repository / "demo" / "models", ModelStore(models))
    said, packets = without_network(
        _WORK,
        *("subtitle", os.fspath(repository / "demo" / "tour.mp4"), "--translate-to", "es"),
        *("--models-dir", os.fspath(models), "-o", os.fspath(tmp_path / "out"), "--json"),
    )
    assert json.loads(said)["files"][0]["ok"]
    assert packets == 0
    assert (tmp_path / "out" / "tour.es.srt").stat().st_size > 500
