import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polycue.domain.errors import Draining, ModelTooLarge, NoRoomNow
from polycue.engine.shelf import Shelf

PATIENCE_S = 60.0


@dataclass(slots=True)
class Model:
    name: str
    closed: bool = False

    def close(self) -> None:
        assert not self.closed
        self.closed = True


class Store:
    """Models of a size each, and a note of every one that was loaded."""

    def __init__(self, shelf: Shelf, sizes: dict[str, int] | None = None) -> None:
        self.shelf, self.sizes = shelf, sizes or {}
        self.loads: list[Model] = []

    @contextmanager
    def use(self, name: str) -> Iterator[Model]:
        def load() -> Model:
            self.loads.append(Model(name))
            return self.loads[-1]

        with self.shelf.use(Path(name), lambda: self.sizes.get(name, 1), load) as model:
            yield model

    def touch(self, *names: str) -> None:
        for name in names:
            with self.use(name):
                pass

    @property
    def there(self) -> list[str]:
        return [path.name for path in self.shelf.loaded]


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


def test_a_model_stays_for_the_next_one_who_wants_it() -> None:
    store = Store(Shelf(3))
    store.touch("a", "b", "a")
    assert [model.name for model in store.loads] == ["a", "b"]
    assert store.shelf.used_bytes == 2


def test_what_is_unused_for_longest_makes_room_for_others() -> None:
    store = Store(Shelf(3, clock=Clock()))
    store.touch("a", "b", "c", "a", "d")
    assert store.there == ["a", "c", "d"]
    assert [model.name for model in store.loads if model.closed] == ["b"]


def test_a_model_in_use_is_not_let_go() -> None:
    store = Store(Shelf(2, clock=Clock()))
    with store.use("a") as a:
        store.touch("b", "c")
        assert not a.closed
    assert store.there == ["a", "c"]


def test_models_in_use_that_leave_no_room_say_so_and_nothing_is_let_go_in_vain() -> None:
    store = Store(Shelf(3), {"large": 3})
    store.touch("idle")
    with store.use("a"):
        with pytest.raises(NoRoomNow, match=r"--model-memory-bytes") as refused:
            store.touch("large")
        assert refused.value.retry_after_s
        assert store.there == ["idle", "a"]
    store.touch("large")
    assert store.there == ["large"]


def test_what_never_fits_beside_a_model_in_use_is_told_from_what_does_not_now() -> None:
    store = Store(Shelf(4), {"large": 3, "small": 1, "other": 2})
    with store.use("large"), store.use("small"), pytest.raises(NoRoomNow) as refused:
        store.touch("other")
    assert refused.value.never_beside == ("large",)


def test_a_model_larger_than_the_whole_budget_names_the_setting() -> None:
    store = Store(Shelf(3), {"large": 4})
    with pytest.raises(ModelTooLarge, match=r"'large' .* --model-memory-bytes"):
        store.touch("large")
    assert not store.loads


def test_a_model_that_does_not_load_takes_no_room() -> None:
    shelf = Shelf(1)

    def fail() -> Model:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), shelf.use(Path("a"), lambda: 1, fail):
        pass
    assert shelf.used_bytes == 0
    Store(shelf).touch("b")


def test_an_idle_model_goes_and_one_in_use_stays_however_long_it_is() -> None:
    clock = Clock()
    store = Store(Shelf(9, idle_s=60, clock=clock))
    with store.use("busy"):
        store.touch("idle")
        clock.now_s = 30
        store.touch("recent")
        clock.now_s = 61
        store.shelf.sweep()
        assert store.there == ["busy", "recent"]
    store.shelf.sweep()
    assert store.there == ["busy", "recent"]
    clock.now_s = 200
    store.shelf.sweep()
    assert store.there == []
    store.shelf.close()


def test_idle_models_go_by_themselves() -> None:
    gone = threading.Event()

    class Last(Model):
        def close(self) -> None:
            gone.set()

    shelf = Shelf(1, idle_s=0.02)
    with shelf.use(Path("a"), lambda: 1, lambda: Last("a")):
        pass
    assert gone.wait(PATIENCE_S)
    assert shelf.loaded == ()
    shelf.close()


class Stuck(Model):
    """Does not close."""

    def close(self) -> None:
        super().close()
        raise OSError("it is stuck")


@pytest.mark.parametrize("way", ["room", "stop", "idle"])
def test_a_model_that_does_not_close_keeps_nothing_else_from_being_let_go(way: str) -> None:
    clock = Clock()
    idle_s = 3600.0 if way == "idle" else 0.0
    store = Store(Shelf(2, idle_s=idle_s, clock=clock), {"large": 2})
    stuck = Stuck("stuck")
    with store.shelf.use(Path("stuck"), lambda: 1, lambda: stuck):
        pass
    store.touch("other")
    match way:
        case "room":
            store.touch("large")
        case "stop":
            store.shelf.close()
        case "idle":
            clock.now_s = 2 * idle_s
            store.shelf.sweep()
    assert stuck.closed
    assert store.loads[0].closed
    assert store.there == (["large"] if way == "room" else [])
    store.shelf.close()


def test_who_uses_a_loaded_model_does_not_wait_for_another_that_loads() -> None:
    store = Store(Shelf(2))
    store.touch("a")
    loading, may_end = threading.Event(), threading.Event()

    def slowly() -> Model:
        loading.set()
        assert may_end.wait(PATIENCE_S)
        return Model("slow")

    def ask() -> None:
        with store.shelf.use(Path("slow"), lambda: 1, slowly):
            pass

    asking = threading.Thread(target=ask)
    asking.start()
    assert loading.wait(PATIENCE_S)
    store.touch("a")
    may_end.set()
    asking.join(PATIENCE_S)
    assert store.there == ["a", "slow"]


def test_a_closed_shelf_has_let_all_go_and_loads_no_more() -> None:
    store = Store(Shelf(2))
    with store.use("a") as a:
        store.shelf.close()
        assert a.closed
    with pytest.raises(Draining):
        store.touch("a")
    store.shelf.close()


@given(
    budget=st.integers(1, 12),
    sizes=st.lists(st.integers(1, 12), min_size=5, max_size=5),
    steps=st.lists(st.tuples(st.integers(0, 4), st.booleans()), max_size=40),
)
def test_the_budget_is_kept_and_nobody_loses_what_he_uses(
    budget: int, sizes: list[int], steps: list[tuple[int, bool]]
) -> None:
    store = Store(Shelf(budget, clock=Clock()), {str(n): size for n, size in enumerate(sizes)})
    with ExitStack() as users:
        pinned: list[Model] = []
        for number, keeps in steps:
            try:
                model = users.enter_context(store.use(str(number))) if keeps else None
                store.touch(str(number))
            except (ModelTooLarge, NoRoomNow):
                continue
            if model is not None:
                pinned.append(model)
            assert store.shelf.used_bytes <= budget
            assert not any(each.closed for each in pinned)
            open_now = {each.name for each in store.loads if not each.closed}
            assert open_now == set(store.there)
