"""What jobs made, on its way here."""

import contextlib
from pathlib import Path
from typing import IO

from polycue.api.v1 import artifacts_pb2
from polycue_client.drafts import Draft, own_name, told_of
from polycue_client.methods.caller import Caller
from polycue_client.transfers import Incoming


class Results(Caller):
    async def read(self, artifact: artifacts_pb2.Artifact) -> bytes:
        """A whole artifact in memory; for tracks rather than for films."""
        incoming = Incoming(artifact)
        chunks = [data async for data in self._resumed(self._artifacts.ReadArtifact, incoming)]
        incoming.check()
        return b"".join(chunks)

    async def download_into(self, file: IO[bytes], artifact: artifacts_pb2.Artifact) -> None:
        """Write an artifact into an open file, taking it up again when the connection breaks.

        Raises:
            ChecksumMismatch: what was written is not what the server has; do not use it.
        """
        incoming = Incoming(artifact)
        arriving = self._resumed(self._artifacts.ReadArtifact, incoming)
        async with contextlib.aclosing(arriving) as chunks:
            async for data in chunks:
                await self._line.aside(file.write, data)
        incoming.check()

    async def download(
        self,
        artifact: artifacts_pb2.Artifact,
        folder: str | Path = ".",
        *,
        filename: str = "",
        overwrite: bool = False,
    ) -> Path:
        """Fetch an artifact; the file appears whole or not at all.

        Raises:
            FileExists: ``overwrite`` is not set and there is such a file.
            OSError: the folder cannot be written.
        """
        path = Path(folder) / (filename or own_name(artifact.filename))
        with Draft(path) as draft, told_of(path):
            await self.download_into(draft.file, artifact)
            await self._line.aside(draft.publish, overwrite=overwrite)
        return path
