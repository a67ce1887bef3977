"""Two devices with a real child each, whose models are fakes; what one cannot do the other does."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from polycue import metrics
from polycue.domain.errors import DeviceUnavailable, ModelDamaged, PoisonChunk
from polycue.domain.translation import Hypothesis, Search
from polycue.engine.backends.backend import Host
from polycue.engine.backends.processes.process import beginning
from polycue.engine.backends.supervised.host import supervised_host
from polycue.engine.backends.supervised.pace import Pace
from polycue.engine.backends.supervised.supervisor import Supervisor
from polycue.engine.backends.supervised.work import Choose, Load, ModelSpec
from polycue.translation.packages import Package
from support.fragile import PROGRAM, Do, passage

PATIENCE_S = 60.0
# A child that does not start where a file "gone" lies beside the program.
MORTAL = """
import pathlib, runpy, sys
if (pathlib.Path(__file__).parent / "gone").exists():
    sys.exit(3)
runpy.run_path({program!r}, run_name="__main__")
"""


def supervisor(index: int, program: Path | None = None) -> Supervisor:
    choose = Choose("cpu", "int8", index, threads=1, workers=1, sharing=2)
    return Supervisor(
        choose,
        Pace(factor=20, least_s=60),
        begin=beginning((str(program),) if program else PROGRAM),
    )


@pytest.fixture
def supervisors(tmp_path: Path) -> Iterator[list[Supervisor]]:
    (tmp_path / "program").mkdir()
    program = tmp_path / "program" / "mortal.py"
    program.write_text(MORTAL.format(program=PROGRAM[0]))
    both = [supervisor(0), supervisor(1, program)]
    yield both
    for one in both:
        one.close()


@pytest.fixture
def host(supervisors: list[Supervisor]) -> Iterator[Host]:
    host = supervised_host(supervisors, "auto")
    yield host
    host.close()


def pid_of(supervisor: Supervisor) -> int:
    assert supervisor.child is not None
    return supervisor.child.pid


def kill(supervisor: Supervisor) -> None:
    child = supervisor.child
    assert child is not None
    os.kill(child.pid, signal.SIGKILL)
    child.wait(PATIENCE_S)


def is_up(device: str) -> float | None:
    return metrics.REGISTRY.get_sample_value("polycue_engine_up", {"device": device})


def all_back(host: Host) -> bool:
    """Whether all devices come back where a server asks for its health, each as others are up."""
    for _ in host.devices:
        mended()
        host.up()
    mended()
    return all(is_up(device.label) for device in host.devices)


def mended() -> None:
    for thread in threading.enumerate():
        if thread.name == "mending":
            thread.join(PATIENCE_S)


def runs(folder: Path) -> list[str]:
    return [line for line in (folder / "diary").read_text().splitlines() if line.startswith("run")]


def test_a_model_is_loaded_on_each_and_each_takes_batches_of_its_own(
    host: Host, tmp_path: Path
) -> None:
    assert [device.label for device in host.devices] == ["cpu", "cpu:1"]
    backends = host.open_recogniser(tmp_path, "fragile")
    assert len(backends) == 2
    for number, backend in enumerate(backends):
        assert backend.run([passage(number)])
    assert (tmp_path / "diary").read_text().splitlines() == [
        *("load fragile", "load fragile", "run 0", "run 1")
    ]


def test_a_device_that_dies_takes_nothing_from_the_other_and_comes_back_by_itself(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    own, _ = host.open_recogniser(tmp_path, "fragile")
    living = supervisors[1].child
    kill(supervisors[0])
    assert host.up()
    assert own.run([passage(1)])
    assert supervisors[1].child is living
    assert all_back(host)
    assert own.run([passage(2)])


def test_a_device_that_does_not_come_back_leaves_its_work_to_the_other_for_good(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    _, own = host.open_recogniser(tmp_path, "fragile")
    (tmp_path / "program" / "gone").touch()
    kill(supervisors[1])
    for number in range(3):
        assert own.run([passage(number)])
        assert host.up()
    assert (is_up("cpu"), is_up("cpu:1")) == (1, 0)
    (tmp_path / "program" / "gone").unlink()
    assert all_back(host)


def test_without_any_device_health_says_so_and_callers_hear_why(
    supervisors: list[Supervisor], tmp_path: Path
) -> None:
    host = supervised_host(supervisors[1:], "auto")
    (backend,) = host.open_recogniser(tmp_path, "fragile")
    (tmp_path / "program" / "gone").touch()
    kill(supervisors[1])
    assert not host.up()
    with pytest.raises(DeviceUnavailable, match="status 3"):
        backend.run([passage(1)])
    with pytest.raises(DeviceUnavailable, match="status 3"):
        host.restore()


def test_a_poison_chunk_ends_a_child_of_each_and_fails_by_itself(
    host: Host, tmp_path: Path
) -> None:
    own, other = host.open_recogniser(tmp_path, "fragile")
    with contextlib.suppress(Exception):
        own.run([passage(5, Do.ABORT)])
    with pytest.raises(PoisonChunk):
        own.run_alone(passage(5, Do.ABORT))
    assert all_back(host)
    assert own.run([passage(6)])
    assert other.run([passage(7)])


def test_a_model_that_loads_on_one_device_only_is_served_from_there(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    (tmp_path / "program" / "gone").touch()
    kill(supervisors[1])
    first, second = host.open_recogniser(tmp_path, "fragile")
    assert first.run([passage(1)])
    assert second.run([passage(2)])
    (tmp_path / "program" / "gone").unlink()
    assert all_back(host)
    assert runs(tmp_path) == ["run 1", "run 2"]


def test_a_model_that_a_device_has_no_room_for_keeps_no_other_from_it(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    _, small = host.open_recogniser(tmp_path, "fragile")
    lacking = Load(ModelSpec(tmp_path, "too-large", supervisors[1].device))
    with pytest.raises(DeviceUnavailable, match="out of memory"):
        supervisors[1].load(lacking)
    supervisors[1].want(lacking)
    assert supervisors[1].up
    pid = pid_of(supervisors[1])
    kill(supervisors[0])
    assert small.run([passage(1)])
    assert pid_of(supervisors[1]) == pid


def test_a_model_that_one_device_has_no_room_for_is_served_by_the_others(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    for backend in host.open_recogniser(tmp_path, "too-large@cpu:1"):
        assert backend.run([passage(1)])
    assert host.up()
    assert all(supervisor.up for supervisor in supervisors)
    assert (tmp_path / "diary").read_text().count("load") == 2  # nor is it tried there again


def test_where_a_device_lacks_a_model_its_workers_bring_back_another_that_had_it(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    _, lacking = host.open_recogniser(tmp_path, "too-large@cpu:1")
    kill(supervisors[0])
    assert lacking.run([passage(1)])


def test_a_model_that_is_damaged_on_one_device_stays_on_none(host: Host, tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged):
        host.open_recogniser(tmp_path, "damaged@cpu:1")
    assert sorted((tmp_path / "diary").read_text().splitlines()) == [
        *("forget damaged@cpu:1", "load damaged@cpu:1", "load damaged@cpu:1")
    ]
    assert host.up()


def test_a_damaged_model_is_damaged_on_all(host: Host, tmp_path: Path) -> None:
    with pytest.raises(ModelDamaged):
        host.open_recogniser(tmp_path, "damaged")


def test_texts_are_translated_where_a_device_is_up(
    host: Host, supervisors: list[Supervisor], tmp_path: Path
) -> None:
    package = Package("en", "es", "1.0", tmp_path)
    (tmp_path / "program" / "gone").touch()
    for lost in ((), supervisors[1:]):
        for one in lost:
            kill(one)
        assert host.texts.translate(package, ["yes"], Search()) == [(Hypothesis("YES", 0.0),)]
    host.texts.forget(package)
