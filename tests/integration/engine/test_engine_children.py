"""Real child processes that abort, hang and are killed; their models are fakes."""

import contextlib
import logging
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polycue import metrics, telemetry
from polycue.domain.cancel import CancelToken
from polycue.domain.chunk import Recognised
from polycue.domain.errors import (
    DeviceUnavailable,
    Draining,
    EngineDied,
    ModelDamaged,
    OutOfMemory,
    PoisonChunk,
    RecognitionFailed,
)
from polycue.domain.translation import Hypothesis, Search
from polycue.engine.backends.backend import Backend, Host
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from polycue.engine.batch_done import BatchDone
from polycue.engine.batching.batcher import Batcher
from polycue.tracing.parts import Noted
from polycue.translation.packages import Package
from support.asking import ask
from support.children import arena_bytes, arenas
from support.fragile import PROGRAM, SEVERAL, Do, Untimely, long_passage, passage
from support.told import telling

PATIENCE_S = 60.0
CPU = Choose("cpu", "int8", 0, 1)


@contextlib.contextmanager
def supervised(
    *program: str, pace: Pace | None = None, check: Callable[[Path], None] = lambda folder: None
) -> Iterator[Supervisor]:
    pace = pace or Pace(factor=20, least_s=60)
    supervisor = Supervisor(CPU, pace, begin=beginning(program or PROGRAM), check=check)
    try:
        yield supervisor
    finally:
        ended = supervisor.child
        supervisor.close()
        if ended:
            ended.wait(PATIENCE_S)  # until its files and memory are let go; a close is less patient


@pytest.fixture(scope="module")
def supervisor() -> Iterator[Supervisor]:
    """One for all, as in life: what a test does to its child must not harm the next one."""
    with supervised() as shared:
        yield shared


@pytest.fixture
def host(supervisor: Supervisor) -> Host:
    return supervised_host([supervisor], "auto")


@pytest.fixture
def backend(host: Host, tmp_path: Path) -> Iterator[Backend]:
    (opened,) = host.open_recogniser(tmp_path, "fragile")
    yield opened
    opened.close()


@pytest.fixture
def batcher(backend: Backend) -> Iterator[Batcher]:
    with contextlib.closing(Batcher([backend])) as batcher:
        yield batcher


def pid_of(supervisor: Supervisor) -> int:
    assert supervisor.child is not None
    return supervisor.child.pid


def end(supervisor: Supervisor) -> None:
    """Kill the child while it is idle, and wait until it is known."""
    child = supervisor.child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait(PATIENCE_S)
    assert not child.alive


def diary(folder: Path) -> list[str]:
    return (folder / "diary").read_text().splitlines()


def gone(pid: int) -> bool:
    """Wait for the end of a process that need not be a child of ours."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        poll = select.poll()
        poll.register(handle, select.POLLIN)
        return bool(poll.poll(PATIENCE_S * 1000))
    finally:
        os.close(handle)


def met(folder: Path, *, again: bool = True) -> int:
    """Wait until a chunk is at work in the child; the child's process id."""
    pid = int((folder / "begun").read_text())
    if not again:
        (folder / "begun").unlink()
    return pid


def start(found: Recognised) -> int:
    return found.facts.start_ms


def test_a_batch_comes_back_in_order_and_the_model_stays_loaded(
    backend: Backend, tmp_path: Path
) -> None:
    for _ in range(2):
        assert list(map(start, backend.run([passage(3), passage(5)]))) == [3, 5]
    assert diary(tmp_path) == ["load fragile", "run 3 5", "run 3 5"]


def test_a_large_batch_is_heard_as_its_rows_are_one_by_one(backend: Backend) -> None:
    rows = [long_passage(n) for n in range(16)]
    heard = backend.run(rows)
    assert heard == [found for row in rows for found in backend.run([row])]
    assert len({found.words for found in heard}) == len(rows)


def test_batches_leave_nothing_in_the_memory_that_is_shared_with_a_child(tmp_path: Path) -> None:
    before = arenas()
    with supervised() as supervisor:
        (backend,) = supervised_host([supervisor], "auto").open_recogniser(tmp_path, "fragile")
        pid = pid_of(supervisor)
        batch = [long_passage(n) for n in range(4)]
        failing = passage(1, Do.RAISE)
        for _ in range(3):
            backend.run(batch)
            with pytest.raises(RecognitionFailed):
                backend.run([*batch[1:], failing])
        carried = sum(row.features.nbytes for row in batch)
        assert carried <= arena_bytes(pid) < 1.1 * carried
        assert arenas() == before + 1
        with pytest.raises(EngineDied):
            backend.run([*batch, passage(1, Do.ABORT)])
        child = supervisor.child
        assert child
        child.wait(PATIENCE_S)
        assert arenas() == before
        assert backend.run(batch[:1])
        assert arena_bytes(pid_of(supervisor)) < carried / 2
    assert arenas() == before


@pytest.mark.parametrize("threads", [0, 1])
def test_a_machine_that_has_no_threads_left_starts_no_child_and_loses_nothing_by_trying(
    threads: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    start, left = threading.Thread.start, iter(range(threads))

    def start_if_it_may(thread: threading.Thread) -> None:
        if next(left, None) is None:
            raise RuntimeError("can't start new thread")
        start(thread)

    before = arenas(), len(os.listdir("/proc/self/fd"))
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", start_if_it_may)
        with pytest.raises(DeviceUnavailable, match="can't start new thread"):
            Supervisor(CPU, Pace(factor=20, least_s=60), begin=beginning(PROGRAM))
    assert (arenas(), len(os.listdir("/proc/self/fd"))) == before


def test_a_batch_that_nobody_waits_for_any_more_leaves_nothing_behind(tmp_path: Path) -> None:
    for name in ("begun", "go"):
        os.mkfifo(tmp_path / name)
    before = arenas()
    with supervised() as supervisor:
        opened = supervised_host([supervisor], "auto").open_recogniser(tmp_path, "fragile")
        with contextlib.closing(Batcher(opened)) as batcher:
            for n in range(3):
                token = CancelToken()
                given_up = ask(batcher, long_passage(n, Do.WAIT), cancel=token)
                pid = met(tmp_path)
                token.cancel()
                (tmp_path / "go").write_text("go")
                given_up.exception(PATIENCE_S)
                ask(batcher, long_passage(n), cancel=CancelToken()).result(PATIENCE_S)
        assert pid_of(supervisor) == pid
        assert arena_bytes(pid) < 1.1 * long_passage(0).features.nbytes
    assert arenas() == before


def test_an_error_of_the_model_is_the_same_on_this_side(
    supervisor: Supervisor, backend: Backend
) -> None:
    pid = pid_of(supervisor)
    with pytest.raises(RecognitionFailed, match="it was told to") as failed:
        backend.run([passage(7, Do.RAISE)])
    assert (failed.value.start_ms, failed.value.reason) == (7, "it was told to")
    with pytest.raises(OutOfMemory):  # the only one of CUDA's errors that leaves it fit for work
        backend.run([passage(7, Do.SWELL)])
    assert pid_of(supervisor) == pid


def test_an_error_nobody_foresaw_is_told_and_its_traceback_is_in_the_log(
    backend: Backend, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(RuntimeError, match="ZeroDivisionError: nobody foresaw it"):
        backend.run([passage(7, Do.SURPRISE)])
    (record,) = (r for r in caplog.records if r.name == "polycue.engine.child")
    assert record.levelno == logging.ERROR
    assert "in _obey" in record.getMessage()


def test_a_line_of_the_child_says_for_whom_it_worked(backend: Backend) -> None:
    with (
        telling("polycue.engine.child") as told,
        telemetry.bound(request_ids=["r1", "r2"], jobs=["j1"]),
        pytest.raises(RuntimeError),
    ):
        backend.run([passage(7, Do.SURPRISE)])
    assert told.wait_for("broke down") == {"request_ids": ["r1", "r2"], "jobs": ["j1"]}


def test_a_child_says_what_a_batch_consisted_of_also_where_it_failed(
    supervisor: Supervisor, backend: Backend
) -> None:
    notes = Noted()
    began_ns = notes.now_ns()
    with notes.here():
        backend.run([passage(1)])
        with pytest.raises(RecognitionFailed):
            backend.run([passage(2, Do.RAISE)])
    assert [(one.name, one.failed) for one in notes.parts] == [
        *(("obey", ""), ("obey", "RecognitionFailed"))
    ]
    first, second = notes.parts
    assert began_ns <= first.began_ns <= first.ended_ns <= second.began_ns
    assert second.ended_ns <= notes.now_ns()
    assert {one.facts["process.pid"] for one in notes.parts} == {pid_of(supervisor)}


def test_an_answer_that_cannot_travel_or_be_read_keeps_nobody_waiting(
    supervisor: Supervisor, backend: Backend
) -> None:
    with pytest.raises(RuntimeError, match="pickle"):
        backend.run([passage(7, Do.UNSENDABLE)])
    with pytest.raises(EngineDied, match=r"cannot be read: .*Stranger"):
        backend.run([passage(7, Do.STRANGE)])
    assert backend.run([passage(7)])
    assert supervisor.child
    with Noted().here(), pytest.raises(EngineDied, match="cannot be read"):
        supervisor.child.do(Untimely(), within_s=PATIENCE_S)
    assert backend.run([passage(7)])


@pytest.mark.parametrize(
    ("deed", "cause"),
    [(Do.ABORT, "SIGABRT"), (Do.FAULT, "SIGSEGV"), (Do.BREAK, "CUDA failed with error")],
)
def test_a_chunk_that_ends_two_children_fails_by_itself(
    batcher: Batcher, tmp_path: Path, deed: Do, cause: str
) -> None:
    for fifo in ("begun", "go"):
        os.mkfifo(tmp_path / fifo)
    live = CancelToken()
    first = ask(batcher, passage(0, Do.WAIT), cancel=live)
    met(tmp_path)
    results = [
        ask(batcher, passage(n, deed if n == 2 else Do.HEAR), cancel=live) for n in (1, 2, 3)
    ]
    (tmp_path / "go").write_text("")  # all that came meanwhile is the next batch
    assert start(first.result(PATIENCE_S)) == 0
    assert start(results[0].result(PATIENCE_S)) == 1
    assert start(results[2].result(PATIENCE_S)) == 3
    with pytest.raises(PoisonChunk, match="2 ms") as failed:
        results[1].result(0)
    assert cause in failed.value.cause
    assert [line for line in diary(tmp_path) if line.startswith("run")] == [
        *("run 0", "run 1 2 3", "run 1", "run 2", "run 3")
    ]


def test_a_child_killed_in_the_middle_of_a_batch_costs_its_callers_nothing(
    supervisor: Supervisor, batcher: Batcher, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "begun")
    result = ask(batcher, passage(4, Do.MEET_ONCE), cancel=CancelToken())
    pid = met(tmp_path, again=False)
    os.kill(pid, signal.SIGKILL)
    assert start(result.result(PATIENCE_S)) == 4
    assert pid_of(supervisor) != pid
    assert diary(tmp_path) == ["load fragile", "run 4", "load fragile", "run 4"]


def test_a_child_killed_with_several_batches_at_work_costs_none_of_their_callers_anything(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    done: list[BatchDone] = []
    with several(supervisor, tmp_path, done) as (batcher, meet):
        results = [ask(batcher, passage(n, Do.MEET_ONCE), cancel=CancelToken()) for n in (1, 2, 3)]
        meet(3)
        os.kill(pid_of(supervisor), signal.SIGKILL)
        assert [start(result.result(PATIENCE_S)) for result in results] == [1, 2, 3]
    runs = [line for line in diary(tmp_path) if line.startswith("run")]
    assert sorted(runs[:3]) == sorted(runs[3:]) == ["run 1", "run 2", "run 3"]
    assert {batch.worker for batch in done if batch.failed} == {0, 1, 2}
    assert sum(len(batch.rows) for batch in done if not batch.failed) == 3


def test_of_several_batches_at_work_only_the_chunk_at_fault_fails(
    supervisor: Supervisor, tmp_path: Path
) -> None:
    with several(supervisor, tmp_path, []) as (batcher, meet):
        innocent = [ask(batcher, passage(n, Do.MEET_ONCE), cancel=CancelToken()) for n in (1, 2)]
        meet(2)
        poison = ask(batcher, passage(3, Do.ABORT), cancel=CancelToken())
        with pytest.raises(PoisonChunk, match="3 ms"):
            poison.result(PATIENCE_S)
        assert [start(result.result(PATIENCE_S)) for result in innocent] == [1, 2]


@contextlib.contextmanager
def several(
    supervisor: Supervisor, folder: Path, done: list[BatchDone]
) -> Iterator[tuple[Batcher, Callable[[int], None]]]:
    """A batcher whose child works on three batches at once, and what waits until so many have met.

    They hang then, and would be heard in another child.
    """
    fifo = folder / "begun"
    os.mkfifo(fifo)
    (backend,) = supervised_host([supervisor], "auto").open_recogniser(folder, SEVERAL)

    def meet(count: int) -> None:
        pids = str(pid_of(supervisor)) * count
        with fifo.open("r+b", buffering=0) as pipe:  # which so is never at its end
            met = b""
            while len(met) < len(pids):
                met += pipe.read(len(pids))
        assert met == pids.encode()
        fifo.unlink()

    with contextlib.closing(Batcher([backend], note=done.append)) as batcher:
        yield batcher, meet


def test_who_was_at_work_beside_a_poison_chunk_is_not_taken_for_its_like(
    host: Host, batcher: Batcher, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    os.mkfifo(other / "begun")
    with contextlib.closing(Batcher(host.open_recogniser(other, "other"))) as beside:
        innocent = ask(beside, passage(1, Do.MEET_ONCE), cancel=CancelToken())
        met(other, again=False)
        poison = ask(batcher, passage(2, Do.ABORT), cancel=CancelToken())
        with pytest.raises(PoisonChunk):
            poison.result(PATIENCE_S)
        assert start(innocent.result(PATIENCE_S)) == 1


def test_a_child_that_hangs_is_ended_at_its_deadline(tmp_path: Path) -> None:
    def hung() -> float:
        restarts = "polycue_engine_restarts_total"
        return metrics.REGISTRY.get_sample_value(restarts, {"reason": "hung"}) or 0.0

    before = hung()
    pace = Pace(factor=20, least_s=1)
    for _ in range(40):  # it learns how fast this device is
        pace.took("fragile", 1, 0)
    with supervised(pace=pace) as supervisor:
        host = supervised_host([supervisor], "auto")
        (backend,) = host.open_recogniser(tmp_path, "fragile")
        pid = pid_of(supervisor)
        with pytest.raises(EngineDied, match="no answer within 1 s"):
            backend.run([passage(1, Do.HANG)])
        assert hung() == before + 1
        assert gone(pid)
        assert not host.up()
        host.restore()
        assert host.up()
        # Whether it had begun is the machine's affair.
        assert [line for line in diary(tmp_path) if line != "run 1"] == ["load fragile"] * 2


def test_a_child_that_ends_while_nothing_is_asked_of_it_is_replaced(
    supervisor: Supervisor, host: Host, backend: Backend
) -> None:
    backend.run([passage(1)])
    end(supervisor)
    assert not host.up()
    assert backend.run([passage(1)])
    assert host.up()


def test_a_model_that_does_not_load_says_why_and_leaves_the_child_alone(
    supervisor: Supervisor, host: Host, tmp_path: Path
) -> None:
    pid = pid_of(supervisor)
    with pytest.raises(ModelDamaged, match="'damaged' is damaged"):
        host.open_recogniser(tmp_path, "damaged")
    with pytest.raises(DeviceUnavailable, match="out of memory"):
        host.open_recogniser(tmp_path, "too-large")
    assert pid_of(supervisor) == pid


def test_a_model_that_ends_its_child_at_loading_is_not_tried_at_once_and_others_go_on(
    host: Host, backend: Backend, tmp_path: Path
) -> None:
    for _ in range(2):
        with pytest.raises(DeviceUnavailable, match="SIGABRT") as refused:
            host.open_recogniser(tmp_path, "aborts")
        assert refused.value.retry_after_s == 1
    assert backend.run([passage(1)])
    assert diary(tmp_path).count("load aborts") == 2  # with nothing beside it the second time


def test_a_model_whose_child_ends_under_others_while_it_loads_is_loaded_again(
    host: Host, backend: Backend, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    os.mkfifo(other / "begun")
    opened: list[Backend] = []

    def load() -> None:
        opened.extend(host.open_recogniser(other, "meets"))

    loading = threading.Thread(target=load)
    loading.start()
    met(other, again=False)
    with pytest.raises(EngineDied):
        backend.run([passage(1, Do.ABORT)])
    loading.join(PATIENCE_S)
    assert opened[0].run([passage(2)])
    opened[0].close()


@pytest.fixture
def other(tmp_path: Path) -> Path:
    """A second model's folder, in which a loading or a chunk can be met and let go on."""
    folder = tmp_path / "other"
    folder.mkdir()
    for name in ("begun", "go"):
        os.mkfifo(folder / name)
    return folder


def test_batches_run_while_another_model_loads_in_the_same_child(
    host: Host, backend: Backend, other: Path
) -> None:
    with ThreadPoolExecutor() as pool:
        loading = pool.submit(host.open_recogniser, other, "waits")
        met(other)
        assert backend.run([passage(1)])
        (other / "go").write_text("")
        (second,) = loading.result(PATIENCE_S)
    assert second.run([passage(2)])
    second.close()


def test_a_model_loads_while_another_is_at_work_in_the_same_child(
    host: Host, tmp_path: Path, other: Path
) -> None:
    (busy,) = host.open_recogniser(other, "fragile")
    with ThreadPoolExecutor() as pool:
        working = pool.submit(busy.run, [passage(1, Do.WAIT)])
        met(other)
        (second,) = host.open_recogniser(tmp_path, "second")
        assert second.run([passage(2)])
        (other / "go").write_text("")
        assert start(working.result(PATIENCE_S)[0]) == 1
    for one in (busy, second):
        one.close()


def test_a_model_that_was_changed_is_loaded_into_no_other_child(tmp_path: Path) -> None:
    def check(folder: Path) -> None:
        if (folder / "changed").exists():
            raise ModelDamaged("fragile", "its hash is another")

    with supervised(check=check) as supervisor:
        host = supervised_host([supervisor], "auto")
        (backend,) = host.open_recogniser(tmp_path, "fragile")
        backend.run([passage(1)])
        (tmp_path / "changed").touch()
        end(supervisor)
        with pytest.raises(ModelDamaged, match="its hash is another"):
            backend.run([passage(1)])
        assert not host.up()


def test_a_child_that_does_not_start_is_an_unavailable_device() -> None:
    with (
        pytest.raises(DeviceUnavailable, match="exited with status 3"),
        supervised("-c", "raise SystemExit(3)"),
    ):
        pass


def test_children_that_end_again_and_again_with_nothing_done_are_started_no_more(
    tmp_path: Path,
) -> None:
    with supervised() as supervisor:
        host = supervised_host([supervisor], "auto")
        (backend,) = host.open_recogniser(tmp_path, "fragile")
        for _ in range(3):
            with pytest.raises(EngineDied):
                backend.run([passage(1, Do.ABORT)])
        with pytest.raises(DeviceUnavailable, match="3 times with nothing done") as refused:
            backend.run([passage(1)])
        assert refused.value.retry_after_s
        with pytest.raises(DeviceUnavailable):
            host.restore()
        assert not host.up()


def test_texts_are_translated_there_and_those_that_end_it_fail_for_good(
    host: Host, backend: Backend, tmp_path: Path
) -> None:
    package = Package("en", "es", "1.0", tmp_path)
    assert host.texts.translate(package, ["yes"], Search()) == [(Hypothesis("YES", 0.0),)]
    assert host.texts.measure(package, ["yes", "I said yes"]) == [1, 3]
    with pytest.raises(EngineDied):
        host.texts.translate(package, ["no", "abort"], Search())
    with pytest.raises(EngineDied, match="a translation from en to es: SIGABRT"):
        host.texts.translate_alone(package, "abort", Search())
    assert host.texts.translate(package, ["no"], Search()) == [(Hypothesis("NO", 0.0),)]
    lines = [line for line in diary(tmp_path) if "fragile" not in line]
    assert lines == [
        *("load texts", "translate 1", "translate 2"),
        *("load texts", "translate 1", "load texts", "translate 1"),
    ]


def test_a_package_that_was_let_go_is_checked_and_loaded_again(tmp_path: Path) -> None:
    checked: list[str] = []
    with supervised(check=lambda folder: checked.append(folder.name)) as supervisor:
        host = supervised_host([supervisor], "auto")
        packages = []
        for target in ("es", "de"):
            (tmp_path / target).mkdir()
            packages.append(Package("en", target, "1.0", tmp_path / target))
        for package in (*packages, *packages):
            host.texts.translate(package, ["yes"], Search())
        host.texts.forget(packages[0])
        for package in packages:
            host.texts.translate(package, ["yes"], Search())
    assert checked == ["es", "de", "es"]
    loaded = ["load texts", "translate 1", "translate 1"]
    assert diary(tmp_path / "es") == [*loaded, "forget texts", "load texts", "translate 1"]
    assert diary(tmp_path / "de") == [*loaded, "translate 1"]


def test_a_cancelled_caller_is_not_heard_again(batcher: Batcher, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    cancel = CancelToken()
    result = ask(batcher, passage(4, Do.MEET), cancel=cancel)
    pid = met(tmp_path)
    cancel.cancel()
    os.kill(pid, signal.SIGKILL)
    assert result.exception(PATIENCE_S) is not None
    assert [line for line in diary(tmp_path) if line.startswith("run")] == ["run 4"]


def test_closing_ends_a_child_whatever_it_does(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "begun")
    with supervised() as supervisor:
        host = supervised_host([supervisor], "auto")
        batcher = Batcher(host.open_recogniser(tmp_path, "fragile"))
        result = ask(batcher, passage(1, Do.MEET), cancel=CancelToken())
        pid = met(tmp_path)
        host.close()
        with pytest.raises(Draining):
            result.result(PATIENCE_S)
        assert gone(pid)
        batcher.close()


def test_a_freed_model_is_freed_there_and_not_loaded_into_the_next_child(
    supervisor: Supervisor, host: Host, tmp_path: Path
) -> None:
    (backend,) = host.open_recogniser(tmp_path, "fragile")
    backend.run([passage(1)])
    backend.close()
    end(supervisor)
    host.restore()
    assert diary(tmp_path)[:2] == ["load fragile", "run 1"]
    assert diary(tmp_path)[2:] in ([], ["forget fragile"])


def test_ctrl_c_and_sigterm_are_the_servers_and_not_the_childs(
    supervisor: Supervisor, backend: Backend
) -> None:
    pid = pid_of(supervisor)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        os.kill(pid, number)
    assert backend.run([passage(1)])
    assert pid_of(supervisor) == pid
    assert os.getsid(pid) == pid


def test_where_memory_runs_out_the_kernel_takes_the_child_before_the_server(
    supervisor: Supervisor, backend: Backend
) -> None:
    scores = [
        Path(f"/proc/{pid}/oom_score_adj").read_text() for pid in (pid_of(supervisor), "self")
    ]
    assert int(scores[0]) > int(scores[1])


def test_a_child_gets_neither_secrets_nor_files_of_the_server(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("POLYCUE_DATABASE_URL", "postgres://me:secret@db")
    for like_one_passed_on in ("NVIDIA_API_KEY", "LANGSMITH_API_KEY", "HOMEBREW_TOKEN"):
        monkeypatch.setenv(like_one_passed_on, "secret")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    monkeypatch.setenv("ORT_DISABLE_TELEMETRY", "1")
    with (tmp_path / "private").open("w") as private:
        os.set_inheritable(private.fileno(), True)
        before = len(os.listdir("/proc/self/fd"))
        with supervised() as supervisor:
            child = Path(f"/proc/{pid_of(supervisor)}")
            environment = (child / "environ").read_bytes()
            assert b"secret" not in environment
            for passed_on in (b"CUDA_VISIBLE_DEVICES=1", b"ORT_DISABLE_TELEMETRY=1"):
                assert passed_on in environment
            files = [os.readlink(place) for place in (child / "fd").iterdir()]
            assert sorted(kind.partition(":")[0] for kind in files) == [
                *("/dev/null", "/dev/null", "/memfd", "/memfd", "pipe", "socket")
            ]  # of the memory that it shares with the server, and of that mapped
        assert len(os.listdir("/proc/self/fd")) == before


def test_what_a_child_gets_by_default_gives_way_to_what_the_server_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    defaults = {"CUDA_CACHE_PATH": "/kept", "CUDA_CACHE_MAXSIZE": "1"}
    monkeypatch.delenv("CUDA_CACHE_MAXSIZE", raising=False)
    monkeypatch.setenv("CUDA_CACHE_PATH", "/elsewhere")
    pace = Pace(factor=20, least_s=60)
    with contextlib.closing(
        Supervisor(CPU, pace, begin=beginning(PROGRAM, defaults))
    ) as supervisor:
        environment = Path(f"/proc/{pid_of(supervisor)}/environ").read_bytes()
    assert b"CUDA_CACHE_PATH=/elsewhere" in environment
    assert b"CUDA_CACHE_MAXSIZE=1" in environment


_ORPHAN = """
import sys, threading
from pathlib import Path
from polycue import telemetry
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose
from support.fragile import PROGRAM, Do, passage

telemetry.configure(level="error", log_format="console")
pace = Pace(factor=20, least_s=60)
supervisor = Supervisor(Choose("cpu", "int8", 0, 1), pace, begin=beginning(PROGRAM))
host = supervised_host([supervisor], "auto")
(backend,) = host.open_recogniser(Path(sys.argv[1]), "fragile")
print(supervisor.child.pid, flush=True)
if sys.argv[2]:
    backend.run([passage(1, Do.MEET)])
threading.Event().wait()
"""


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "hung"])
def test_a_child_does_not_outlive_its_server(tmp_path: Path, busy: bool) -> None:
    os.mkfifo(tmp_path / "begun")
    program = [sys.executable, "-c", _ORPHAN, str(tmp_path), "busy" if busy else ""]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env=_with_path()) as server:
        assert server.stdout is not None
        pid = met(tmp_path) if busy else int(server.stdout.readline())
        server.kill()
    assert gone(pid)


def _with_path() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
