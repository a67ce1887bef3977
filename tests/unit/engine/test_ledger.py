import math

from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.caller import Caller
from polycue.domain.usage import NOT_USED, EngineUsage
from polycue.engine.batch_done import BatchDone, Served
from polycue.engine.ledger import Ledger


class SteadyClock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


def row(request: str, *, waited_s: float = 0.0, again: bool = False) -> Served:
    return Served(
        Caller("films", request), waited_s, waited_s + 1, tokens=10, audio_ms=30_000, again=again
    )


def batch(
    *rows: Served, took_s: float = 1.0, failed: bool = False, device: str = "cpu"
) -> BatchDone:
    return BatchDone("tiny", device, 0, rows, max_rows=4, took_s=took_s, failed=failed)


def test_a_batch_is_shared_by_rows() -> None:
    ledger = Ledger(clock := SteadyClock())
    with ledger.open("a") as a, ledger.open("b") as b:
        clock.now_s += 10
        ledger.note(batch(row("a", waited_s=0.5), row("a", waited_s=2.0), row("b"), took_s=3.0))
        ledger.note(batch(row("b", again=True), took_s=1.0))
    assert a.usage() == EngineUsage(
        wall_ms=10_000,
        waited_ms=2500,
        longest_wait_ms=2000,
        device_ms=2000,
        engine_ms=4000,
        batches=1,
        filled=3,
        room=4,
        rows=2,
        tokens=20,
        audio_ms=60_000,
    )
    assert (b.usage().rows, b.usage().rows_again, b.usage().audio_ms) == (2, 1, 30_000)
    assert (a.usage().device_share, b.usage().device_share) == (0.5, 0.5)
    assert (a.usage().fill, b.usage().fill) == (0.75, 0.5)


def test_a_batch_that_failed_took_its_time_and_recognised_nothing() -> None:
    ledger = Ledger(clock := SteadyClock())
    with ledger.open("a") as account:
        clock.now_s += 10
        ledger.note(batch(row("a"), row("a"), took_s=2.0, failed=True))
        ledger.note(batch(row("a"), took_s=1.0))
        ledger.note(batch(row("a"), took_s=1.0))
    usage = account.usage()
    assert (usage.rows, usage.tokens, usage.batches, usage.device_ms) == (2, 20, 3, 4000)


def test_an_account_stands_still_once_its_work_is_over_and_the_ledger_forgets_it() -> None:
    ledger = Ledger(clock := SteadyClock())
    with ledger.open("a") as account:
        clock.now_s += 1
        assert account.usage().wall_ms == 1000
    clock.now_s += 5
    ledger.note(batch(row("a")))
    assert account.usage() == EngineUsage(wall_ms=1000)
    assert repr(ledger) == "Ledger(0 open)"


def test_what_a_device_did_before_the_work_began_is_no_part_of_its_time() -> None:
    ledger = Ledger(clock := SteadyClock())
    with ledger.open("a") as account:
        clock.now_s += 1
        ledger.note(batch(row("other"), took_s=60.0))
    assert account.usage().engine_ms == 1000
    assert account.usage().device_share == 0


def test_work_that_no_device_was_asked_for_has_no_share_of_any() -> None:
    assert (NOT_USED.fill, NOT_USED.device_share) == (None, None)


REQUESTS = ("a", "b", "c")
BATCHES = st.lists(
    st.tuples(
        st.lists(st.sampled_from(REQUESTS), min_size=1, max_size=4),
        st.floats(0.001, 50, allow_nan=False),
        st.booleans(),
    ),
    max_size=20,
)


@given(BATCHES)
def test_the_accounts_of_all_add_up_to_what_was_done(
    batches: list[tuple[list[str], float, bool]],
) -> None:
    ledger = Ledger(clock := SteadyClock())
    with ledger.open("a") as a, ledger.open("b") as b, ledger.open("c") as c:
        for requests, took_s, failed in batches:
            clock.now_s += took_s
            ledger.note(batch(*map(row, requests), took_s=took_s, failed=failed))
    usages = [account.usage() for account in (a, b, c)]
    total = sum(usages, NOT_USED)
    done_ms = 1000 * sum(took_s for _, took_s, _ in batches)
    assert math.isclose(total.device_ms, done_ms, abs_tol=3)
    assert all(math.isclose(usage.engine_ms, done_ms, abs_tol=1) for usage in usages)
    assert total.rows == sum(len(requests) for requests, _, failed in batches if not failed)
    assert sum(u.device_share or 0 for u in usages) <= 1.01


USAGES = st.builds(EngineUsage, *[st.integers(0, 10**9)] * 12)


@given(st.lists(USAGES, min_size=1))
def test_attempts_add_up_in_any_order(attempts: list[EngineUsage]) -> None:
    total = sum(attempts, NOT_USED)
    assert total == sum(reversed(attempts), NOT_USED)
    assert total.rows == sum(usage.rows for usage in attempts)
    assert total.longest_wait_ms == max(usage.longest_wait_ms for usage in attempts)
