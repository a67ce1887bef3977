"""The embedded server's life, played by small programs that take the same flags."""

import json
import os
import select
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from polycue_client.cli import embedded
from polycue_client.cli.embedded import NotStarted, embedded_server
from polycue_client.cli.interruption import Interruption
from polycue_client.cli.workplace import file_uri, roots_of
from polycue_client.errors import ServerUnreachable

# Says it is ready and waits for the end of its stdin; leaves word of what it was given.
PREAMBLE = """
import json, os, signal, sys
flags = [word.partition("=") for word in sys.argv[2:]]
values = {name: value for name, _, value in flags}
with open(sys.argv[1], "w") as note:
    json.dump({"pid": os.getpid(), "argv": sys.argv[2:]}, note)
def be_ready():
    os.write(int(values["--ready-fd"]), values["--listen"].encode() + b"\\n")
"""
WELL_BEHAVED = PREAMBLE + "be_ready(); sys.stdin.read()"
DIES_AT_ONCE = PREAMBLE + "sys.exit('no ffmpeg on the PATH')"
DIES_LATER = PREAMBLE + "be_ready(); sys.exit('out of memory')"
NEVER_READY = PREAMBLE + "sys.stdin.read()"
IMMORTAL = PREAMBLE + "signal.signal(signal.SIGTERM, signal.SIG_IGN); be_ready(); signal.pause()"


class Program:
    """A stand-in for ``python -m polycue`` and what it noted."""

    def __init__(self, folder: Path, code: str) -> None:
        self._note = folder / "note.json"
        self.argv = [sys.executable, "-c", code, str(self._note)]

    @property
    def pid(self) -> int:
        pid = json.loads(self._note.read_text())["pid"]
        assert isinstance(pid, int)
        return pid

    @property
    def flags(self) -> list[str]:
        return list(json.loads(self._note.read_text())["argv"])

    @property
    def alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that stands for /tmp."""
    folder = tmp_path_factory.mktemp("t")
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


@pytest.fixture
def calm() -> Interruption:
    """Nobody presses Ctrl-C."""
    return Interruption()


def test_it_takes_up_no_jobs_that_other_servers_share(
    tmp_path: Path, temporary: Path, calm: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYCUE_DATABASE_URL", "postgresql://a-service/polycue")
    monkeypatch.setenv("POLYCUE_FILES_URL", "s3://of-a-service")
    monkeypatch.setenv("POLYCUE_MODELS_DIR", "/models")
    note = tmp_path / "environment"
    code = PREAMBLE + (
        f"open({str(note)!r}, 'w').write(json.dumps(dict(os.environ)));be_ready(); sys.stdin.read()"
    )
    with embedded_server([], [], calm, program=Program(tmp_path, code).argv):
        found = {name for name in json.loads(note.read_text()) if name.startswith("POLYCUE_")}
    assert "POLYCUE_MODELS_DIR" in found
    assert not found & {"POLYCUE_DATABASE_URL", "POLYCUE_FILES_URL"}


def test_it_is_gone_when_the_block_ends(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    program = Program(tmp_path, WELL_BEHAVED)
    with embedded_server([], [], calm, program=program.argv) as server:
        assert program.alive
        assert server.obituary() is None
        (folder,) = temporary.iterdir()
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not program.alive
    assert list(temporary.iterdir()) == []


def test_it_is_told_what_it_may_read_and_how_to_run(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    program = Program(tmp_path, WELL_BEHAVED)
    with embedded_server(
        ["--device=cpu"], [Path("/a b"), Path("/c")], calm, program=program.argv
    ) as it:
        flags = program.flags
        assert f"--listen={it.address}" in flags
    assert {"--file-root=/a b", "--file-root=/c", "--device=cpu", "--exit-with-stdin"} <= set(flags)
    assert "--insecure" in flags


def test_it_is_gone_when_the_block_fails(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    program = Program(tmp_path, WELL_BEHAVED)
    with (
        pytest.raises(KeyboardInterrupt),
        embedded_server([], [], calm, program=program.argv),
    ):
        raise KeyboardInterrupt
    assert not program.alive
    assert list(temporary.iterdir()) == []


def test_its_last_words_are_told_when_it_does_not_come_up(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    program = Program(tmp_path, DIES_AT_ONCE)
    with (
        pytest.raises(ServerUnreachable, match="ended with 1:\nno ffmpeg on the PATH"),
        embedded_server([], [], calm, program=program.argv),
    ):
        pytest.fail("it was ready")
    assert list(temporary.iterdir()) == []


@pytest.mark.parametrize("code", [1, 2])
def test_one_that_refuses_its_settings_says_why_and_nothing_else(
    tmp_path: Path, temporary: Path, calm: Interruption, code: int
) -> None:
    said = "Usage: python -m polycue [OPTIONS]\n\nError: no such device\nbut two others\n"
    refuses = PREAMBLE + f"sys.stderr.write({said!r}); sys.exit({code})"
    with (
        pytest.raises(NotStarted) as caught,
        embedded_server([], [], calm, program=Program(tmp_path, refuses).argv),
    ):
        pytest.fail("it was ready")
    assert str(caught.value) == "no such device\nbut two others"
    assert caught.value.exit_code == code


def test_its_last_words_are_told_when_it_dies_later(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    program = Program(tmp_path, DIES_LATER)
    with embedded_server([], [], calm, program=program.argv) as server:
        os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
        assert server.obituary() == "the embedded server ended with 1:\nout of memory"


def test_one_that_is_never_ready_is_given_up(
    tmp_path: Path, temporary: Path, calm: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "READY_WITHIN_S", 0.3)
    program = Program(tmp_path, NEVER_READY)
    with (
        pytest.raises(ServerUnreachable, match=r"was not ready within 0\.3 s"),
        embedded_server([], [], calm, program=program.argv),
    ):
        pytest.fail("it was ready")
    assert list(temporary.iterdir()) == []


def test_one_that_hangs_up_without_being_ready_is_given_up(
    tmp_path: Path, temporary: Path, calm: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_WITHIN_S", 0.1)
    hangs_up = PREAMBLE + "os.close(int(values['--ready-fd'])); signal.pause()"
    program = Program(tmp_path, hangs_up)
    with (
        pytest.raises(ServerUnreachable, match="killed by SIGKILL"),
        embedded_server([], [], calm, program=program.argv),
    ):
        pytest.fail("it was ready")
    assert not program.alive
    assert list(temporary.iterdir()) == []


def test_one_that_does_not_stop_is_killed(
    tmp_path: Path, temporary: Path, calm: Interruption, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_WITHIN_S", 0.1)
    program = Program(tmp_path, IMMORTAL)
    with embedded_server([], [], calm, program=program.argv) as server:
        pass
    assert not program.alive
    assert "ended" in repr(server)
    assert list(temporary.iterdir()) == []


def test_a_signal_ends_one_that_is_not_ready_yet(tmp_path: Path, temporary: Path) -> None:
    program = Program(tmp_path, PREAMBLE + "os.kill(os.getppid(), signal.SIGINT); sys.stdin.read()")
    with (
        Interruption() as interruption,
        pytest.raises(ServerUnreachable, match="killed by SIGKILL"),
        embedded_server([], [], interruption, program=program.argv),
    ):
        pytest.fail("it was ready")
    assert (interruption.times, interruption.exit_code) == (1, 130)
    assert list(temporary.iterdir()) == []


def test_a_second_signal_kills_one_that_is_slow_to_stop(
    tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedded, "STOP_WITHIN_S", 60)  # the signal comes before, however late
    handles = (
        "signal.signal(signal.SIGTERM, signal.SIG_IGN); be_ready(); sys.stdin.read();"
        "os.kill(os.getppid(), signal.SIGTERM); signal.pause()"
    )
    program = Program(tmp_path, PREAMBLE + handles)
    with Interruption() as interruption:
        with embedded_server([], [], interruption, program=program.argv):
            signal.raise_signal(signal.SIGTERM)  # the first; the second while it stops
        assert (interruption.times, interruption.exit_code) == (2, 143)
    assert not program.alive
    assert list(temporary.iterdir()) == []


def test_without_the_service_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, temporary: Path, calm: Interruption
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with (
        pytest.raises(ServerUnreachable, match=r"pip install 'polycue\[service\]'"),
        embedded_server([], [], calm),
    ):
        pytest.fail("it was started")


@pytest.mark.parametrize("name", ["x" * 120, "with space", "50%25", "#?"], ids=str)
def test_a_folder_that_no_socket_fits_into_is_used_for_data_only(
    tmp_path: Path, calm: Interruption, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    # A unix socket's path has at most 107 bytes, and gRPC reads its target as a URI.
    folder = tmp_path / name
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    program = Program(tmp_path, WELL_BEHAVED)
    with embedded_server([], [], calm, program=program.argv) as server:
        path = server.address.removeprefix("unix:")
        assert len(os.fsencode(path)) <= 107
        assert not path.startswith(str(folder))
        assert any(flag.startswith(f"--data-dir={folder}/") for flag in program.flags)
    assert not Path(path).parent.exists()  # /tmp has folders of other tests, which come and go
    assert list(folder.iterdir()) == []


def test_it_does_not_outlive_a_killed_command_nor_does_its_folder_for_long(
    tmp_path: Path, temporary: Path, calm: Interruption
) -> None:
    # Nothing can be put away after SIGKILL; the server sees the end of its stdin and goes. Its
    # folder goes when the next one is started; the folders of those that live and of others stay.
    program = Program(tmp_path, WELL_BEHAVED)
    code = (
        "import signal, sys\n"
        "from polycue_client.cli.embedded import embedded_server\n"
        "from polycue_client.cli.interruption import Interruption\n"
        f"with embedded_server([], [], Interruption(), program={program.argv!r}):\n"
        "    print('ready', flush=True)\n"
        "    signal.pause()\n"
    )
    command = subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    with command:
        assert command.stdout
        assert command.stdout.readline() == "ready\n"
        server = os.pidfd_open(program.pid)
        command.send_signal(signal.SIGKILL)
    try:
        ended, _, _ = select.select([server], [], [], 60)
    finally:
        os.close(server)
    assert ended
    (orphan,) = temporary.iterdir()
    somebody_elses = temporary / "polycue-notes"
    somebody_elses.mkdir()
    argv = Program(tmp_path, WELL_BEHAVED).argv
    with embedded_server([], [], calm, program=argv), embedded_server([], [], calm, program=argv):
        assert not orphan.exists()
        assert len(list(temporary.iterdir())) == 3
    assert list(temporary.iterdir()) == [somebody_elses]


def test_files_are_named_by_their_folders_real_path(tmp_path: Path) -> None:
    real = tmp_path / "real"
    real.mkdir()
    (real / "fi lm#1.mp4").touch()
    (tmp_path / "link").symlink_to(real)
    linked = tmp_path / "link" / "fi lm#1.mp4"
    assert file_uri(linked) == f"file://{real}/fi%20lm%231.mp4"
    assert roots_of([linked]) == [real]


def test_a_link_to_a_film_elsewhere_may_be_followed(tmp_path: Path) -> None:
    for name in ("shelf", "store"):
        (tmp_path / name).mkdir()
    (tmp_path / "store" / "x.mp4").touch()
    link = tmp_path / "shelf" / "film.mp4"
    link.symlink_to(tmp_path / "store" / "x.mp4")
    assert file_uri(link).endswith("/shelf/film.mp4")
    assert roots_of([link]) == [tmp_path / "shelf", tmp_path / "store"]
