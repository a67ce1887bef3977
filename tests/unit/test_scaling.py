"""The model of benchmarks/scaling: nothing is lost in it, and nothing is made up."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polycue.jobs.job import Job, JobState, move, new_id
from polycue.testing.store import MemoryJobs
from scaling.cluster import Cluster
from scaling.costs import Costs, Design, Device, like_published
from scaling.events import Clock, Server, WaitingRoom
from scaling.load import LOADS, FilmAsked, Load
from scaling.queue import Jobs
from scaling.readings import Waited, jain, percentile

COSTS = Costs(
    sound_core_s=0.0015,
    features_core_s=0.004,
    film_start_s=0.3,
    row_python_s=0.0001,
    chunk_python_s=0.002,
    layout_python_s=0.003,
    hand_over_s=0.01,
    commit_s=0.003,
    commits_at_once=2,
    claim_s=0.005,
    row_bytes=1_000_000,
    link_bytes_a_second=1e9,
)
DEVICE = Device("made up", 4, 0.02, 0.01, 0.001, "a test")
DESIGN = Design("made up", replicas=2, gpus=2, cores=4, jobs=3, credits_bytes=256 << 20)
FOR_EVER = 1e6


def films(lengths: Sequence[int], every_s: float = 0.1, tenants: int = 2) -> list[FilmAsked]:
    return [
        FilmAsked(number, number * every_s, f"tenant {number % tenants}", chunks)
        for number, chunks in enumerate(lengths)
    ]


def ran(
    asked: Sequence[FilmAsked],
    design: Design = DESIGN,
    costs: Costs = COSTS,
    device: Device = DEVICE,
    *,
    seed: int = 0,
    until_s: float = FOR_EVER,
) -> Cluster:
    cluster = Cluster(design, device, costs, seed)
    cluster.run(asked, until_s=until_s)
    return cluster


LENGTHS = st.lists(st.integers(1, 30), min_size=1, max_size=12)
DESIGNS = st.builds(
    Design,
    st.just("any"),
    replicas=st.integers(1, 3),
    gpus=st.integers(1, 4),
    cores=st.integers(1, 4),
    jobs=st.integers(1, 4),
    credits_bytes=st.sampled_from([8 << 20, 1 << 30]),
    remote=st.booleans(),
)


@settings(max_examples=10)
@given(lengths=LENGTHS, design=DESIGNS, doubtful=st.sampled_from([0.0, 0.3]))
def test_every_chunk_is_heard_once_and_the_doubtful_ones_once_more(
    lengths: list[int], design: Design, doubtful: float
) -> None:
    cluster = ran(films(lengths), design, replace(COSTS, doubtful_share=doubtful))
    found = cluster.readings
    assert cluster.unfinished == 0
    assert found.sound_s == pytest.approx(sum(film.sound_s for film in films(lengths)))
    assert found.rows >= sum(lengths)
    assert (found.rows == sum(lengths)) or doubtful
    assert all(node.hall.now().bytes == 0 for node in cluster.nodes)
    assert all(node.credits.held == 0 for node in cluster.nodes)


@settings(max_examples=10)
@given(lengths=LENGTHS, design=DESIGNS)
def test_nothing_is_busier_than_it_can_be(lengths: list[int], design: Design) -> None:
    cluster = ran(films(lengths, every_s=0.01), design)
    assert 0 < cluster.readings.busy_share <= 1
    ended_s = cluster.readings.last_s
    assert all(wait_s >= 0 for wait_s in cluster.readings.row_waits_s)
    for node in cluster.nodes:
        for server in (node.cores, node.interpreter, node.link):
            assert server.busy_s <= server.at_once * (ended_s + 60)


def test_a_device_never_works_faster_than_its_batches_allow() -> None:
    full_s = DEVICE.batch_s([1] * DEVICE.rows)
    cluster = ran(films([40] * 6), replace(DESIGN, replicas=1, gpus=1))
    assert cluster.readings.last_s >= cluster.readings.rows / DEVICE.rows * full_s


def test_the_same_seed_gives_the_same_figures_and_another_one_others() -> None:
    one, same, other = (
        ran(films([20, 5, 30, 12]), seed=seed).readings.row_waits_s for seed in (1, 1, 2)
    )
    assert one == same
    assert one != other


def test_twice_the_gpus_do_films_enough_in_half_the_time() -> None:
    many = films([30] * 16, every_s=0.0)
    costs = replace(COSTS, sound_core_s=0.0001)
    one = ran(many, replace(DESIGN, replicas=1, gpus=1, jobs=16), costs).readings.last_s
    two = ran(many, replace(DESIGN, replicas=1, gpus=2, jobs=16), costs).readings.last_s
    assert two == pytest.approx(one / 2, rel=0.15)


def test_equal_films_of_one_tenant_are_done_as_they_came() -> None:
    cluster = Cluster(replace(DESIGN, replicas=1, jobs=1), DEVICE, COSTS)
    begun: list[str] = []

    def noted(at_s: float, rows: Sequence[Waited]) -> None:
        begun.extend(row.order.caller.request for row in rows)

    cluster.readings.batch_begun = noted  # type: ignore[method-assign]
    cluster.run(films([4] * 6, tenants=1), until_s=FOR_EVER)
    assert list(dict.fromkeys(begun)) == [str(number) for number in range(6)]


def test_tenants_who_wait_get_equal_shares_however_many_films_they_have() -> None:
    crowd = [FilmAsked(n, 0.0, "many" if n % 10 else "one", 40) for n in range(60)]
    ready = replace(COSTS, sound_core_s=0.0001, film_start_s=0.0)
    cluster = ran(crowd, replace(DESIGN, replicas=1, jobs=8), ready, until_s=4.0)
    got = Counter[str]()
    for second in cluster.readings.got().values():
        got.update(second)
    assert got["one"] == pytest.approx(got["many"], rel=0.25)  # one is alone in its first second
    assert (cluster.fairness() or 0) > 0.9


def test_a_slow_interpreter_is_what_is_busy_and_the_gpus_are_not() -> None:
    slow = replace(COSTS, chunk_python_s=0.2)
    cluster = ran(films([30] * 12, every_s=0.0), replace(DESIGN, replicas=1), slow, until_s=30.0)
    loads = cluster.loads()
    assert loads["driver's interpreter"] > 0.95
    assert cluster.readings.busy_share < 0.3


@settings(max_examples=25)
@given(
    st.lists(
        st.one_of(st.sampled_from(["put a", "put b", "put c", "claim"]), st.integers(0, 5)),
        max_size=40,
    )
)
def test_jobs_are_claimed_in_the_order_of_the_real_store(steps: list[str | int]) -> None:
    """``put`` lets a job wait, a number ends one of those at work."""
    store, model = MemoryJobs(), Jobs()
    at_work: list[tuple[FilmAsked, object]] = []
    for number, step in enumerate(steps):
        if isinstance(step, int):
            if at_work:
                asked, lease = at_work.pop(step % len(at_work))
                store.end(lease, lambda job: move(job, JobState.FAILED, now_ms=1))  # type: ignore[arg-type]
                model.ended(asked)
        elif step == "claim":
            claimed = store.claim("one", lease_ms=60_000, max_attempts=5)
            taken = model.claim()
            assert (claimed and int(claimed[0].spec)) == (taken and taken.number)
            if claimed and taken:
                at_work.append((taken, claimed[1]))
        else:
            tenant = step[-1]
            job = Job(new_id(), tenant, spec=str(number).encode(), created_ms=0, ttl_ms=10**9)
            store.create(job, max_queued=100)
            model.put(FilmAsked(number, 0.0, tenant, 1))


def test_a_server_serves_who_came_first_and_no_more_at_once_than_it_can() -> None:
    clock = Clock()
    server, ended = Server(clock, "two", 2), list[tuple[int, float]]()
    for number, work_s in enumerate([3.0, 1.0, 1.0, 2.0]):
        server.ask(work_s, lambda number=number: ended.append((number, clock())))  # type: ignore[misc]
    clock.run()
    assert ended == [(1, 1.0), (2, 2.0), (0, 3.0), (3, 4.0)]
    assert server.busy_s == 7.0


def test_who_waits_for_work_is_called_in_turn_or_goes_when_its_time_is_up() -> None:
    clock = Clock()
    room, woken = WaitingRoom(clock), list[tuple[str, float]]()
    for name, within_s in (("a", None), ("b", 1.0), ("c", None)):
        room.enter(within_s, lambda name=name: woken.append((name, clock())))  # type: ignore[misc]
    clock.at(0.5, room.notify)
    clock.at(2.0, room.notify_all)
    clock.run()
    assert woken == [("a", 0.5), ("b", 1.0), ("c", 2.0)]


@pytest.mark.parametrize("load", LOADS, ids=lambda load: load.name)
def test_films_come_at_the_rate_that_was_asked_for(load: Load) -> None:
    rate = 20_000.0
    asked = list(load.films(3, sound_s_a_second=rate, until_s=2_000.0))
    assert sum(film.sound_s for film in asked) == pytest.approx(rate * 2_000, rel=0.1)
    assert [film.at_s for film in asked] == sorted(film.at_s for film in asked)
    assert len({film.tenant for film in asked}) == load.tenants


def test_a_device_is_as_fast_as_was_published() -> None:
    device = like_published("x", 184.0, 16, "somebody")
    assert device.times_real_time == pytest.approx(184.0)
    half = device.batch_s([86] * 8) / device.batch_s([86] * 16)
    assert 0.5 < half < 1  # a batch that is not full is no bargain


def test_shares_are_fair_when_they_are_equal() -> None:
    assert jain([2.0, 2.0, 2.0]) == pytest.approx(1.0)
    assert jain([1.0, 0.0]) == pytest.approx(0.5)
    assert percentile([3.0, 1.0, 2.0], 50) == 2.0
    assert percentile([], 50) is None
