"""What tells one database from all others, for what is kept elsewhere to name its owner."""

from polycue.jobs.store.session import Database, Session


def identity_of(database: Database) -> str:
    """Made at random with the tables; a copy of the database has it too.

    No caller may learn it: what must stay sealed to them is sealed with it.
    """

    def read(db: Session) -> str:
        row = db.row("SELECT id FROM identity")
        return str(row["id"]) if row else ""

    return database.transact(read)
