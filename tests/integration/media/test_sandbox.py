"""What a confined ffmpeg can reach; here it is told to reach for it, without our whitelists."""

import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import SandboxFailed, SandboxMissing, ToolFailed, ToolOverLimit
from polycue.media import command, sandbox, seccomp
from polycue.media.call import Call, Work

MIB = 2**20
WAIT_S = 100
SECRET = b"a neighbour's secret"

with_landlock = pytest.mark.skipif(
    not sandbox.layers()["landlock"], reason="this kernel has no Landlock"
)


@pytest.fixture
def neighbour(tmp_path: Path) -> Path:
    """A file beside the call's own."""
    path = tmp_path / "neighbour.bin"
    path.write_bytes(SECRET)
    return path


def ffmpeg(*arguments: str | Path, **allowed: object) -> bytes:
    argv = ("ffmpeg", "-v", "error", "-nostdin", *map(str, arguments))
    call = Call(argv, **allowed)  # type: ignore[arg-type]
    return command.run(call, timeout_s=WAIT_S, cancel=CancelToken()).stdout


def raw(path: str | Path) -> tuple[str | Path, ...]:
    """Arguments with which ffmpeg passes on the bytes of any file, as if they were sound."""
    return ("-f", "u8", "-ar", "8000", "-i", path, "-f", "u8", "pipe:1")


# Pictures of 96 MB.
HUGE = ("-f", "lavfi", "-i", "color=s=64x64:d=0.1", "-vf", "scale=8000:8000", "-f", "null", "-")
SILENCE = ("-f", "lavfi", "-i", "anullsrc", "-t", "1")


def test_the_files_of_a_call_are_read_and_written(neighbour: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy.bin"
    ffmpeg(*raw(neighbour)[:-1], "-y", copy, reads=(neighbour,), writes=(copy,), file_bytes=MIB)

    assert ffmpeg(*raw(neighbour), reads=(neighbour,)) == SECRET
    assert copy.read_bytes() == SECRET


@with_landlock
@pytest.mark.parametrize("path", ["/etc/passwd", "/proc/self/environ", "/proc/version"])
def test_a_file_of_the_system_is_not_read(path: str) -> None:
    with pytest.raises(ToolFailed, match="Permission denied"):
        ffmpeg(*raw(path))


@with_landlock
def test_a_file_beside_the_calls_own_is_not_read(neighbour: Path, film: Path) -> None:
    with pytest.raises(ToolFailed, match="Permission denied"):
        ffmpeg(*raw(neighbour), reads=(film,))


@with_landlock
def test_a_link_in_the_place_of_a_file_leads_no_further(neighbour: Path, tmp_path: Path) -> None:
    link, decoy = tmp_path / "link", tmp_path / "decoy"
    decoy.write_bytes(b"x")
    link.symlink_to(neighbour)

    with pytest.raises(ToolFailed, match="Permission denied"):
        ffmpeg(*raw(link), reads=(decoy,))


@with_landlock
def test_nothing_is_written_but_the_calls_own_output(neighbour: Path, tmp_path: Path) -> None:
    for path in (neighbour, tmp_path / "new.wav", Path("/tmp/new.wav")):  # noqa: S108
        with pytest.raises(ToolFailed, match="Permission denied"):
            ffmpeg(*SILENCE, "-f", "wav", "-y", path, writes=(tmp_path / "mine",), file_bytes=MIB)

    assert neighbour.read_bytes() == SECRET
    assert not (tmp_path / "new.wav").exists()


@pytest.fixture
def listening() -> Iterator[Callable[[socket.SocketKind], socket.socket]]:
    """Sockets on loopback that nobody must reach."""
    opened: list[socket.socket] = []

    def listen(kind: socket.SocketKind) -> socket.socket:
        listener = socket.socket(socket.AF_INET, kind)
        opened.append(listener)
        listener.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            listener.listen()
        listener.setblocking(False)
        return listener

    yield listen
    for listener in opened:
        listener.close()


@pytest.mark.parametrize("layer", ["landlock", "seccomp"])
def test_each_layer_alone_keeps_tcp_out(
    layer: str,
    listening: Callable[[socket.SocketKind], socket.socket],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if not sandbox.layers()[layer]:
        pytest.skip(f"this kernel has no {layer}")
    only = {name: name in {layer, "limits"} for name in sandbox.layers()}
    monkeypatch.setattr(sandbox, "layers", lambda: only)
    listener = listening(socket.SOCK_STREAM)

    with pytest.raises(ToolFailed):
        ffmpeg("-i", f"tcp://127.0.0.1:{listener.getsockname()[1]}", "-f", "null", "-")
    with pytest.raises(BlockingIOError):
        listener.accept()


def test_no_datagram_leaves(listening: Callable[[socket.SocketKind], socket.socket]) -> None:
    if not sandbox.layers()["seccomp"]:
        pytest.skip("this machine has no seccomp filter")
    listener = listening(socket.SOCK_DGRAM)

    with pytest.raises(ToolFailed, match=r"Operation not permitted|Input/output error"):
        ffmpeg(*SILENCE, "-f", "wav", f"udp://127.0.0.1:{listener.getsockname()[1]}")
    with pytest.raises(BlockingIOError):
        listener.recv(1)


@pytest.mark.skipif(not sandbox.layers()["seccomp"], reason="this machine has no seccomp filter")
def test_modes_of_files_stay_as_they_are(neighbour: Path) -> None:
    before = neighbour.stat().st_mode

    with pytest.raises(ToolFailed, match="Operation not permitted"):
        command.run(Call(("chmod", "0", str(neighbour))), timeout_s=WAIT_S, cancel=CancelToken())

    assert neighbour.stat().st_mode == before


@pytest.fixture
def budget() -> Iterator[Callable[[sandbox.Budget], None]]:
    yield sandbox.configure
    sandbox.configure(sandbox.Budget())


SetBudget = Callable[[sandbox.Budget], None]


def test_a_child_that_asks_for_too_much_memory_is_told_from_others(budget: SetBudget) -> None:
    budget(sandbox.Budget(memory_bytes=128 * MIB))
    with pytest.raises(ToolOverLimit) as caught:
        ffmpeg(*HUGE)

    assert (caught.value.kind, caught.value.limit) == ("memory", "128 MiB")


def test_a_child_that_computes_too_long_is_told_from_others(budget: SetBudget) -> None:
    budget(sandbox.Budget(cpu_s=1))
    with pytest.raises(ToolOverLimit) as caught:
        ffmpeg("-f", "lavfi", "-i", "testsrc2=s=1920x1080", "-f", "null", "-")

    assert (caught.value.kind, caught.value.limit) == ("cpu_time", "1 s")


def test_a_child_that_writes_too_much_is_told_from_others(tmp_path: Path) -> None:
    to = tmp_path / "big.wav"
    with pytest.raises(ToolOverLimit) as caught:
        ffmpeg(
            *("-f", "lavfi", "-i", "anullsrc", "-t", "60", "-y", to),
            writes=(to,),
            file_bytes=MIB,
        )

    assert (caught.value.kind, caught.value.limit) == ("file_size", "1 MiB")
    assert to.stat().st_size <= MIB


def test_a_descriptor_in_the_place_of_a_file_is_passed_on(neighbour: Path, tmp_path: Path) -> None:
    held = os.open(neighbour, os.O_RDONLY)
    name = tmp_path / "named"
    name.symlink_to(f"/proc/self/fd/{held}")
    neighbour.unlink()
    try:
        assert ffmpeg(*raw(name), reads=(name,)) == SECRET
    finally:
        os.close(held)


def test_a_child_dies_with_its_server() -> None:
    """Here a process that starts one and is then killed, as by a system short of memory."""
    script = (
        "import os, signal\n"
        "from polycue.domain.cancel import CancelToken\n"
        "from polycue.media import command\n"
        "from polycue.media.call import Call\n"
        "call = Call(('sh', '-c', 'echo $$; exec sleep 600'))\n"
        "with command.piped(call, timeout_s=60, cancel=CancelToken()) as child:\n"
        "    print(child.read_some(100).decode(), end='', flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, check=False, timeout=WAIT_S
    )
    try:
        child = os.pidfd_open(int(told.stdout))
    except ProcessLookupError:  # it has ended by now
        return
    ended = _ends(child)
    os.close(child)
    assert ended


def test_what_cannot_be_confined_is_not_started(tmp_path: Path) -> None:
    call = Call(("touch", str(tmp_path / "done")), reads=(tmp_path / "missing",))

    with pytest.raises(SandboxFailed, match="No such file"):
        command.run(call, timeout_s=WAIT_S, cancel=CancelToken())
    assert not (tmp_path / "done").exists()


@pytest.mark.skipif(not sandbox.layers()["seccomp"], reason="this kernel has no seccomp")
def test_what_fails_at_confining_itself_is_no_failure_of_ffmpegs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(seccomp, "compiled", lambda: bytes(8))  # which no kernel takes for a filter

    with pytest.raises(SandboxFailed, match="could not be confined: Invalid argument"):
        ffmpeg(*SILENCE, "-f", "null", "-")


def test_every_layer_can_be_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "layers", lambda: {"landlock": False, "seccomp": True})

    with pytest.raises(SandboxMissing, match="no landlock"):
        sandbox.require()


def test_without_landlock_the_rest_still_holds(
    neighbour: Path, monkeypatch: pytest.MonkeyPatch, budget: SetBudget
) -> None:
    there = sandbox.layers()
    monkeypatch.setattr(sandbox, "layers", lambda: {**there, "landlock": False})
    budget(sandbox.Budget(memory_bytes=128 * MIB))

    assert ffmpeg(*raw(neighbour)) == SECRET  # which is why the kernel should have it
    with pytest.raises(ToolOverLimit):
        ffmpeg(*HUGE)


def test_fonts_are_there_for_drawing_only() -> None:
    fonts = next(iter(Path("/usr/share").glob("**/*.conf")), None) or Path("/usr/share/doc")
    if not fonts.is_file():
        pytest.skip("nothing below /usr/share to try")

    assert ffmpeg(*raw(fonts), work=Work.DRAW) == fonts.read_bytes()
    if sandbox.layers()["landlock"]:
        with pytest.raises(ToolFailed, match="Permission denied"):
            ffmpeg(*raw(fonts))


def _ends(process: int) -> bool:
    end = select.poll()
    end.register(process, select.POLLIN)
    return bool(end.poll(WAIT_S * 1000))
