"""Files on their way to the server."""

import uuid
from pathlib import Path

from polycue.api.v1 import media_pb2, uploads_pb2
from polycue_client.drafts import wire_name
from polycue_client.errors import PolycueClientError
from polycue_client.methods.catalog import Catalog
from polycue_client.requests import File
from polycue_client.retry import Failures
from polycue_client.transfers import Outgoing, Progress, closed_early


class Uploads(Catalog):
    async def upload(
        self,
        path: str | Path,
        *,
        filename: str = "",
        request_id: str = "",
        progress: Progress | None = None,
    ) -> uploads_pb2.Upload:
        """Send a file, taking it up again where it stopped whenever the connection breaks.

        ``progress`` is called from another thread. The server forgets the upload at its
        ``expire_time``. With a ``request_id``, a UUID, it is taken up where another process that
        gave the same one left it.

        Raises:
            OSError: the file cannot be read.
            ChecksumMismatch: the server got something else.
        """
        outgoing = await self._outgoing(path, progress)
        return await self._send(outgoing, await self._begin(outgoing, filename, request_id))

    async def _outgoing(self, path: str | Path, progress: Progress | None = None) -> Outgoing:
        chunk_bytes = (await self.server_info()).limits.max_chunk_bytes
        return Outgoing(Path(path), chunk_bytes=chunk_bytes, progress=progress)

    async def _begin(
        self, outgoing: Outgoing, filename: str = "", request_id: str = ""
    ) -> uploads_pb2.Upload:
        request = uploads_pb2.CreateUploadRequest(
            size_bytes=outgoing.size_bytes,
            filename=filename or wire_name(outgoing.path),
            request_id=request_id or str(uuid.uuid4()),
        )
        return (await self._ask(self._uploads.CreateUpload, request)).upload

    async def _send(self, outgoing: Outgoing, upload: uploads_pb2.Upload) -> uploads_pb2.Upload:
        failures = Failures(self._retry)
        while not await self._line.aside(outgoing.complete, upload):
            try:
                upload = await self._write(outgoing, upload)
            except PolycueClientError as error:
                await self._line.pause(failures.delay_s(error))
                upload = await self._stored(upload, failures)
        return upload

    async def _write(self, outgoing: Outgoing, upload: uploads_pb2.Upload) -> uploads_pb2.Upload:
        messages = outgoing.messages(upload.name, upload.committed_bytes)
        try:
            stored = (await self._line.send(self._uploads.WriteUpload, messages)).upload
        finally:
            outgoing.raise_failure()
        if stored.state != uploads_pb2.UPLOAD_STATE_COMPLETE:
            raise closed_early(stored)
        return stored

    async def _stored(self, upload: uploads_pb2.Upload, failures: Failures) -> uploads_pb2.Upload:
        """The upload as the server has it now."""
        stored = await self.get_upload(upload.name)
        if stored.committed_bytes > upload.committed_bytes:
            failures.forget()
        return stored

    async def get_upload(self, name: str) -> uploads_pb2.Upload:
        request = uploads_pb2.GetUploadRequest(name=name)
        return (await self._ask(self._uploads.GetUpload, request)).upload

    async def delete_upload(self, name: str) -> None:
        """Free its space; no error where it is gone already."""
        request = uploads_pb2.DeleteUploadRequest(name=name, allow_missing=True)
        await self._ask(self._uploads.DeleteUpload, request)

    async def _placed(
        self, given: File | None, progress: Progress | None = None
    ) -> media_pb2.MediaSource | None:
        """Where the server finds a file, which is uploaded if it is one of this machine."""
        if given is None or isinstance(given, media_pb2.MediaSource):
            return given
        upload = await self.upload(given, progress=progress)
        return media_pb2.MediaSource(upload=upload.name)
