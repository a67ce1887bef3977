"""The runner, with small programs in the place of ffmpeg."""

import os
import resource
import select
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, ToolFailed, ToolKilled, ToolMissing, ToolTimedOut
from polycue.media import command, sandbox
from polycue.media.call import Call
from polycue.media.tail import MAX_LINE_BYTES, MAX_STDERR_BYTES
from support.counted import Counted

LONG_S = 60.0


def shell(script: str) -> Call:
    return Call(("sh", "-c", script))


@contextmanager
def started(script: str, cancel: CancelToken | None = None) -> Iterator[tuple[command.Piped, int]]:
    """A child that first prints the id of its own process, and that id."""
    call = shell(f"echo $$; {script}")
    with command.piped(call, timeout_s=LONG_S, cancel=cancel or CancelToken()) as child:
        line = b""
        while not line.endswith(b"\n"):
            line += child.read(1)
        yield child, int(line)


@pytest.fixture
def _no_seccomp(monkeypatch: pytest.MonkeyPatch) -> None:
    """A kernel that cannot keep a child from starting others."""
    there = sandbox.layers()
    monkeypatch.setattr(sandbox, "layers", lambda: {**there, "seccomp": False})


def is_running(pid: int) -> bool:
    """Whether a process is still at work shortly after it was killed; a zombie is not."""
    try:
        process = os.pidfd_open(pid)
    except ProcessLookupError:
        return False
    try:
        end = select.poll()
        end.register(process, select.POLLIN)
        return not end.poll(60_000)
    finally:
        os.close(process)


def test_the_output_of_a_command_that_ends_well_comes_back() -> None:
    completed = command.run(shell("echo out; echo err >&2"), timeout_s=LONG_S, cancel=CancelToken())

    assert completed == command.Completed(b"out\n", "err\n")


def test_a_failure_tells_the_status_and_the_end_of_stderr() -> None:
    with pytest.raises(ToolFailed) as caught:
        command.run(shell("echo why >&2; exit 69"), timeout_s=LONG_S, cancel=CancelToken())

    assert caught.value.returncode == 69
    assert caught.value.stderr_tail == "why\n"


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(ToolMissing, match="ffmpeg-of-the-moon"):
        command.run(Call(("ffmpeg-of-the-moon",)), timeout_s=LONG_S, cancel=CancelToken())


def test_a_command_that_runs_too_long_is_killed() -> None:
    with pytest.raises(ToolTimedOut, match=r"stopped after 0\.1 s"):
        command.run(Call(("sleep", "60")), timeout_s=0.1, cancel=CancelToken())


def test_a_command_that_shuts_its_output_and_stays_is_killed() -> None:
    with pytest.raises(ToolTimedOut):
        command.run(shell("exec sleep 60 >&- 2>&-"), timeout_s=0.2, cancel=CancelToken())


def test_output_without_end_is_a_failure_and_no_memory() -> None:
    with pytest.raises(ToolFailed, match="wrote more than 16777216 bytes"):
        command.run(Call(("yes",)), timeout_s=LONG_S, cancel=CancelToken())


def test_of_stderr_without_end_the_last_64_kib_are_kept_and_every_line_is_seen() -> None:
    lines: list[str] = []
    script = "i=0; while [ $i -lt 20000 ]; do echo line $i >&2; i=$((i+1)); done"
    with command.piped(
        shell(script), timeout_s=LONG_S, cancel=CancelToken(), on_line=lines.append
    ) as child:
        tail = child.finish()

    assert len(tail) == MAX_STDERR_BYTES
    assert tail.endswith("line 19999\n")
    assert lines == [f"line {i}" for i in range(20_000)]


def test_a_line_without_end_is_cut() -> None:
    lines: list[str] = []
    script = "printf '%01000000d\\nlast' 0 >&2"
    with command.piped(
        shell(script), timeout_s=LONG_S, cancel=CancelToken(), on_line=lines.append
    ) as child:
        child.finish()

    assert [line[:4] for line in lines] == ["0000", "last"]
    assert len(lines[0]) == MAX_LINE_BYTES


def test_output_is_read_in_the_portions_asked_for() -> None:
    call = shell("printf abcdefg")
    with command.piped(call, timeout_s=LONG_S, cancel=CancelToken()) as child:
        portions = [child.read(3), child.read(3), child.read(3), child.read(3)]
        child.finish()

    assert portions == [b"abc", b"def", b"g", b""]


def test_output_that_is_there_need_not_be_waited_for() -> None:
    with started("printf ab; exec sleep 60") as (child, _):
        assert child.read_some(100) == b"ab"


def test_a_child_has_no_input_and_no_environment_but_the_path(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FFREPORT", "file=/tmp/leak")

    completed = command.run(shell("pwd; exec env"), timeout_s=LONG_S, cancel=CancelToken())

    names = {line.partition("=")[0] for line in completed.stdout.decode().splitlines()}
    assert names <= {"PATH", "PWD", "SHLVL", "_", "/"}  # the shell adds its own
    assert "/" in names


@pytest.mark.skipif(not sandbox.layers()["seccomp"], reason="this machine has no seccomp filter")
def test_a_child_starts_no_others() -> None:
    with pytest.raises(ToolFailed, match="Cannot fork"):
        command.run(shell("sleep 60 & wait"), timeout_s=LONG_S, cancel=CancelToken())


@pytest.mark.usefixtures("_no_seccomp")
def test_leaving_early_ends_the_child_and_all_it_started() -> None:
    with started("sleep 60 & echo $!; wait") as (child, pid):
        grandchild = int(child.read_some(100))

    assert not is_running(pid)
    assert not is_running(grandchild)


@pytest.mark.usefixtures("_no_seccomp")
def test_helpers_that_outlive_a_command_are_ended_with_it() -> None:
    completed = command.run(
        shell("sleep 60 >/dev/null 2>&1 & echo $!"), timeout_s=LONG_S, cancel=CancelToken()
    )

    assert not is_running(int(completed.stdout))


def test_an_error_in_the_block_ends_the_child() -> None:
    block = started("exec sleep 60")
    _, pid = block.__enter__()

    assert not block.__exit__(KeyError, KeyError(), None)
    assert not is_running(pid)


def test_cancelling_from_another_thread_ends_a_read() -> None:
    cancel = CancelToken()
    with started("exec sleep 60", cancel) as (child, pid):
        threading.Thread(target=cancel.cancel).start()
        with pytest.raises(Cancelled):
            child.read(1)
        assert not is_running(pid)


def test_what_a_cancelled_child_left_is_not_taken_for_the_whole() -> None:
    cancel = CancelToken()
    with started("printf abc; exec sleep 60", cancel) as (child, _):
        assert child.read(1) == b"a"
        cancel.cancel()
        with pytest.raises(Cancelled):
            child.read(1)
        with pytest.raises(Cancelled):
            child.finish()


def test_a_cancelled_call_starts_nothing(tmp_path: Path) -> None:
    cancel = CancelToken()
    cancel.cancel()

    with pytest.raises(Cancelled):
        command.run(Call(("touch", str(tmp_path / "done"))), timeout_s=LONG_S, cancel=cancel)

    assert not (tmp_path / "done").exists()


def test_cancelling_after_the_end_reaches_nobody() -> None:
    cancel = CancelToken()
    with started("true", cancel) as (child, _):
        child.finish()
        cancel.cancel()

    assert "ended with 0" in repr(child)


def test_a_child_shows_its_state() -> None:
    with started("exec sleep 60") as (child, _):
        assert repr(child) == "Piped(sh: running)"

    assert repr(child) == "Piped(sh: ended with -9)"


def open_files() -> Counter[str]:
    """Pipes and rules among them. Sockets are those of other tests, whose threads come and go."""
    found = Counter[str]()
    for descriptor in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # the one that lists them
            found[os.readlink(f"/proc/self/fd/{descriptor}")] += 1
    return Counter({name: n for name, n in found.items() if not name.startswith(_OF_OTHERS)})


_OF_OTHERS = ("socket:", "anon_inode:[event")


def test_no_file_stays_open_behind_a_command() -> None:
    before = open_files()

    for _ in range(3):
        command.run(Call(("true",)), timeout_s=LONG_S, cancel=CancelToken())
        with pytest.raises(ToolFailed):
            command.run(Call(("false",)), timeout_s=LONG_S, cancel=CancelToken())

    assert open_files() <= before


@pytest.mark.usefixtures("_no_seccomp")  # which lets nobody be killed, oneself included
def test_a_child_that_was_killed_is_started_once_more(tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    script = f"if [ -s {flag} ]; then echo fine; else echo x > {flag}; kill -9 $$; fi"
    call = Call(("sh", "-c", script), reads=(), writes=(flag,), file_bytes=100)

    assert command.run(call, timeout_s=LONG_S, cancel=CancelToken()).stdout == b"fine\n"


@pytest.mark.usefixtures("_no_seccomp")
def test_a_child_that_is_killed_again_and_again_is_given_up() -> None:
    counted = Counted()
    with pytest.raises(ToolKilled) as caught:
        command.run(shell("kill -9 $$"), timeout_s=LONG_S, cancel=CancelToken())

    assert caught.value.returncode == -9
    assert counted("ffmpeg_ended_total", work="look", outcome="killed") == 2


def test_a_flood_of_complaints_takes_no_memory() -> None:
    zero = Path("/dev/zero")
    call = Call(("sh", "-c", "exec head -c 300000000 /dev/zero >&2"), reads=(zero,))
    before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    command.run(call, timeout_s=LONG_S, cancel=CancelToken())

    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kb < 50_000
