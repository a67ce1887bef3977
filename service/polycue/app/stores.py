"""Whether what the server keeps can be read and written now, for those who ask after its health."""

from collections.abc import Iterator

from polycue.domain.errors import StoreError
from polycue.jobs.files.objects import Objects
from polycue.jobs.folder import DataFolder
from polycue.jobs.outage import looking
from polycue.jobs.store.session import Database
from polycue.rpc.server import ARTIFACTS, JOBS, UPLOADS

STORED = (JOBS, UPLOADS, ARTIFACTS)
"""The services that are of no use without."""

_LEAST_FREE_BYTES = 1024 * 1024  # a database needs some of it to say that there is no more
_LOOK_WAITS_S = 1.0


class Stores:
    """``bucket`` is where files are kept, with the connection to it; None for the data folder."""

    def __init__(
        self, database: Database, folder: DataFolder, bucket: tuple[Objects, str] | None
    ) -> None:
        self._database, self._folder, self._bucket = database, folder, bucket

    def problems(self) -> dict[str, str]:
        """What stands in the way of a service, by its name. Blocks for a moment where one does.

        What is away is asked for here: nobody else may have a reason to until it is back.
        """
        found = dict[str, str]()
        for services, problem in (*self._of_disk(), *self._of_bucket(), *self._of_database()):
            found |= dict.fromkeys(services, problem)
        return found

    def _of_database(self) -> Iterator[tuple[tuple[str, ...], str]]:
        outage = self._database.outage
        if outage.lasts_s:
            with looking(_LOOK_WAITS_S):
                _try(self._database)
        if outage.lasts_s:
            yield STORED, f"the job store does not answer: {outage.problem}"

    def _of_bucket(self) -> Iterator[tuple[tuple[str, ...], str]]:
        if self._bucket is None:
            return
        objects, name = self._bucket
        if objects.outage.lasts_s:
            objects.look(name)
        if objects.outage.lasts_s:
            yield (UPLOADS, ARTIFACTS), f"the bucket does not answer: {objects.outage.problem}"

    def _of_disk(self) -> Iterator[tuple[tuple[str, ...], str]]:
        if self._folder.room().free_bytes < _LEAST_FREE_BYTES:  # not where nobody knows
            yield (JOBS, UPLOADS), "the disk of the data folder is full"


def _try(database: Database) -> None:
    try:
        database.transact(lambda db: db.row("SELECT 1 AS one"))
    except StoreError:  # it is known by the outage
        return
