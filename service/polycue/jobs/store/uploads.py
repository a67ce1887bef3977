"""Uploads in an SQL database."""

from collections.abc import Callable, Collection, Sequence

from polycue.domain.errors import NotFound
from polycue.domain.limits import TenantLimits
from polycue.jobs.store import quotas, statements
from polycue.jobs.store.rows import row_of_upload, upload_of_row
from polycue.jobs.store.session import Database, Row, Session, in_transaction
from polycue.jobs.upload import Upload

_NO_LIMITS = TenantLimits()


class SqlUploads:
    """Keeps uploads; see ``UploadStore``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"SqlUploads({self._database!r})"

    @in_transaction
    def create(
        self,
        db: Session,
        upload: Upload,
        *,
        max_stored_bytes: int,
        limits: TenantLimits = _NO_LIMITS,
    ) -> Upload:
        db.row("SELECT take_turn('upload')")  # or two together are more than there is room for
        earlier = statements.of_request(
            db, "upload", upload.tenant, upload.request_id, upload.fingerprint
        )
        if earlier := earlier or _find(db, upload.id):
            return upload_of_row(earlier)
        quotas.check_storage(
            db,
            upload.tenant,
            upload.size_bytes,
            max_stored_bytes=max_stored_bytes,
            limits=limits,
        )
        statements.insert(db, "upload", row_of_upload(upload))
        return upload

    @in_transaction
    def get(self, db: Session, tenant: str, upload_id: str) -> Upload:
        row = db.row(
            "SELECT * FROM upload WHERE id = :id AND tenant = :tenant", id=upload_id, tenant=tenant
        )
        return _there(row, upload_id)

    @in_transaction
    def change(self, db: Session, upload_id: str, change: Callable[[Upload], Upload]) -> Upload:
        upload = change(_there(_find(db, upload_id), upload_id))
        statements.replace_row(db, "upload", row_of_upload(upload))
        return upload

    @in_transaction
    def delete(
        self, db: Session, tenant: str, upload_id: str, *, if_expired: bool = False
    ) -> Upload:
        upload = _there(_find(db, upload_id), upload_id)
        now_ms, _ = statements.clocks(db)
        if upload.tenant != tenant or (if_expired and upload.expires_ms > now_ms):
            raise NotFound("upload", f"uploads/{upload_id}")
        db.run("DELETE FROM upload WHERE id = :id", id=upload_id)
        return upload

    @in_transaction
    def expired(self, db: Session) -> Sequence[Upload]:
        rows = db.rows("SELECT * FROM upload WHERE expires_ms <= now_ms() ORDER BY expires_ms, id")
        return [upload_of_row(row) for row in rows]

    @in_transaction
    def ids(self, db: Session) -> Collection[str]:
        return {row["id"] for row in db.rows("SELECT id FROM upload")}


def _find(db: Session, upload_id: str) -> Row | None:
    """Whosever it is; locked until the transaction ends."""
    return db.row("SELECT * FROM upload WHERE id = :id FOR UPDATE", id=upload_id)


def _there(row: Row | None, upload_id: str) -> Upload:
    if row is None:
        raise NotFound("upload", f"uploads/{upload_id}")
    return upload_of_row(row)
