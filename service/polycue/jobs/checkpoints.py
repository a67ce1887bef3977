"""What one attempt keeps of its work for the next, as rows beside its job."""

from collections.abc import Mapping

from polycue.jobs.store.protocol import JobStore, Lease


class StoredCheckpoints:
    """``pipeline.ports.Checkpoints`` over the job store; every method raises LeaseLost.

    ``got_further`` tells whether this attempt has kept anything.
    """

    def __init__(self, store: JobStore, lease: Lease) -> None:
        self._store, self._lease = store, lease
        self.got_further = False

    def __repr__(self) -> str:
        return f"StoredCheckpoints({self._lease.job_id})"

    def begin(self, plan_hash: str) -> None:
        self._store.begin_plan(self._lease, plan_hash)

    def load(self, stage: str) -> Mapping[int, bytes]:
        return self._store.chunks(self._lease.job_id, stage)

    def save(self, stage: str, index: int, data: bytes) -> None:
        self._store.put_chunk(self._lease, stage, index, data)
        self.got_further = True
