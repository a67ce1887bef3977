"""Clients that are not beside a server: in other languages, built from their sources and the protos
where that can be done, and the light one in an environment of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

Command = Sequence[str]

# Where Debian keeps the sources of Go packages; there is no fetching of modules in a test.
_GO_SOURCES = Path("/usr/share/gocode")
_GO_TOOLS = ("go", "protoc-gen-go", "protoc-gen-go-grpc")
_BUF = Path(sys.executable).with_name("buf")


@pytest.fixture(scope="session", params=["go", "typescript"])
def subtitle(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, repository: Path
) -> Command:
    """The program that sends a film to a server, in one of the languages."""
    language: str = request.param
    home = tmp_path_factory.mktemp(language)
    return {"go": _go, "typescript": _typescript}[language](repository, home)


@pytest.fixture(scope="session")
def alone(repository: Path) -> Path:
    """The folder of the programs of an environment that has nothing but the base package."""
    programs = repository / ".venv-client/bin"
    if not (programs / "polycue").is_file():
        pytest.skip("no environment with the light client alone: make test-clients")
    return programs


@pytest.fixture
def film(tmp_path: Path) -> Path:
    """Of several chunks."""
    path = tmp_path / "film.mkv"
    path.write_bytes(os.urandom(9_000_000))
    return path


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def _go(repository: Path, home: Path) -> Command:
    missing = [tool for tool in _GO_TOOLS if shutil.which(tool) is None]
    if missing or not (_GO_SOURCES / "src/google.golang.org/grpc").is_dir():
        pytest.skip(f"no Go with gRPC ({', '.join(missing) or _GO_SOURCES}): make test-clients")
    source = home / "src/polycue/clients/go"
    shutil.copytree(repository / "clients/go", source, ignore=shutil.ignore_patterns("gen"))
    _run([str(_BUF), "generate", str(repository / "proto")], source)
    program = home / "subtitle"
    paths = {"GO111MODULE": "off", "GOPATH": f"{home}:{_GO_SOURCES}", "GOFLAGS": ""}
    _run(["go", "vet", "."], source, **paths)
    _run(["go", "build", "-o", str(program), "."], source, **paths)
    return [str(program)]


def _typescript(repository: Path, home: Path) -> Command:
    packages = repository / "clients/typescript/node_modules"
    node = shutil.which("node")
    if node is None or not packages.is_dir():
        pytest.skip("no node, or no packages in clients/typescript: make test-clients")
    source = home / "typescript"
    made = shutil.ignore_patterns("node_modules", "dist", "gen")
    shutil.copytree(repository / "clients/typescript", source, ignore=made)
    (source / "node_modules").symlink_to(packages)
    tools = {"PATH": f"{packages / '.bin'}:{os.environ['PATH']}"}
    _run([str(_BUF), "generate", str(repository / "proto")], source, **tools)
    _run(["tsc"], source, **tools)
    return [node, str(source / "dist/main.js")]


def _run(command: Command, folder: Path, **environment: str) -> None:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **environment}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
