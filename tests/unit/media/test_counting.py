import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import ToolFailed, ToolTimedOut
from polycue.media import command
from polycue.media.call import Call, Work
from support.counted import Counted, now

LONG_S = 60.0


def shell(script: str, work: Work = Work.SOUND) -> Call:
    return Call(("sh", "-c", script), work)


def test_a_child_counts_by_what_it_was_for_and_how_it_ended() -> None:
    counted = Counted()
    command.run(shell("true"), timeout_s=LONG_S, cancel=CancelToken())
    with pytest.raises(ToolFailed):
        command.run(shell("exit 3", Work.COPY), timeout_s=LONG_S, cancel=CancelToken())
    with pytest.raises(ToolTimedOut):
        command.run(shell("exec sleep 60", Work.LOOK), timeout_s=0.05, cancel=CancelToken())
    assert counted("ffmpeg_ended_total", work="sound", outcome="done") == 1
    assert counted("ffmpeg_ended_total", work="copy", outcome="failed") == 1
    assert counted("ffmpeg_ended_total", work="look", outcome="timed_out") == 1
    assert counted("ffmpeg_seconds_count", work="sound") == 1
    assert counted("ffmpeg_seconds_sum", work="look") >= 0.05


def test_one_that_nobody_wants_any_more_was_stopped() -> None:
    counted, running = Counted(), now("ffmpeg_running")
    with command.piped(
        shell("while :; do echo y; done"), timeout_s=LONG_S, cancel=CancelToken()
    ) as child:
        assert child.read(2) == b"y\n"
        assert now("ffmpeg_running") == running + 1
    assert now("ffmpeg_running") == running
    assert counted("ffmpeg_ended_total", work="sound", outcome="stopped") == 1


def test_one_that_ran_into_a_limit_is_told_from_one_that_failed() -> None:
    counted = Counted()
    script = "echo 'Cannot allocate memory' >&2; exit 1"
    with pytest.raises(ToolFailed):
        command.run(shell(script, Work.PICTURES), timeout_s=LONG_S, cancel=CancelToken())
    assert counted("ffmpeg_ended_total", work="pictures", outcome="over_limit") == 1


def test_what_it_took_of_the_processors_counts() -> None:
    counted = Counted()
    burn = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done"
    command.run(shell(burn, Work.DRAW), timeout_s=LONG_S, cancel=CancelToken())
    assert 0 < counted("ffmpeg_cpu_seconds_total", work="draw") < LONG_S
