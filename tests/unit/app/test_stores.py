"""What health asks of the stores while they are away."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

from polycue.app.stores import STORED, Stores
from polycue.domain.errors import StoreUnavailable
from polycue.jobs.folder import DataFolder
from polycue.jobs.outage import Outage
from polycue.jobs.store.session import Database, Session

T = TypeVar("T")


class AwayDatabase:
    """Refuses calls that would wait in vain, as the one that servers share does."""

    kind, shared = "away", True

    def __init__(self) -> None:
        self.now_s = 0.0
        self.outage = Outage(clock=lambda: self.now_s)
        self.is_back = False

    def transact(self, work: Callable[[Session], T]) -> T:
        if self.outage.is_hopeless(60) or not self.is_back:
            self.outage.failed("refused")
            raise StoreUnavailable("refused")
        self.outage.answered()
        return work(cast("Session", Row()))

    def close(self) -> None: ...


class Row:
    def row(self, sql: str) -> None: ...


def test_health_itself_finds_a_database_back_that_was_away_for_long(tmp_path: Path) -> None:
    database, folder = AwayDatabase(), DataFolder(tmp_path / "data")
    stores = Stores(cast("Database", database), folder, None)
    assert stores.problems() == {}
    database.outage.failed("refused")
    database.now_s = 1000
    assert set(stores.problems()) == set(STORED)
    database.is_back = True
    assert stores.problems() == {}
    folder.close()
