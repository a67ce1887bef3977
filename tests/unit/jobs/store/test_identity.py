from pathlib import Path

from polycue.jobs.store.identity import identity_of
from polycue.jobs.store.session import Database
from polycue.jobs.store.sqlite import SqliteDatabase


def test_a_database_is_told_from_all_others(database: Database, tmp_path: Path) -> None:
    assert len(identity_of(database)) == 32
    assert identity_of(database) == identity_of(database)
    other = SqliteDatabase(tmp_path / "other.sqlite")
    known = identity_of(other)
    other.close()
    again = SqliteDatabase(tmp_path / "other.sqlite")
    assert identity_of(again) == known != identity_of(database)
    again.close()
