"""Clips, which are transcribed within one call."""

import contextlib
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from polycue.api.v1 import media_pb2, transcription_pb2, uploads_pb2
from polycue_client.errors import PolycueClientError, ServerUnreachable
from polycue_client.methods.uploads import Uploads
from polycue_client.requests import Media, Target, translations
from polycue_client.retry import CLIP_TRIES
from polycue_client.watching import ClipTold


class Clips(Uploads):
    async def transcribe(
        self,
        media: Media,
        *,
        translate_to: Sequence[Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> transcription_pb2.TranscribeResponse:
        """The tracks of a clip: the spoken language first, then ``translate_to`` in its order."""
        async with contextlib.AsyncExitStack() as held:
            request = transcription_pb2.TranscribeRequest(
                media=await self._source(media, held),
                transcribe=transcribe,
                translations=translations(translate_to),
                layout=layout,
            )
            return await self._ask_long(self._transcription.Transcribe, request)

    async def stream_transcribe(
        self,
        media: Media,
        *,
        translate_to: Sequence[Target] = (),
        transcribe: media_pb2.TranscribeConfig | None = None,
        layout: media_pb2.LayoutConfig | None = None,
    ) -> AsyncGenerator[transcription_pb2.StreamTranscribeResponse]:
        """Cues of a clip as they become final; a cue never changes once it was sent."""
        async with contextlib.AsyncExitStack() as held:
            request = transcription_pb2.StreamTranscribeRequest(
                media=await self._source(media, held),
                transcribe=transcribe,
                translations=translations(translate_to),
                layout=layout,
            )
            async with contextlib.aclosing(self._told_once(request)) as events:
                async for event in events:
                    yield event

    async def _told_once(
        self, request: transcription_pb2.StreamTranscribeRequest
    ) -> AsyncGenerator[transcription_pb2.StreamTranscribeResponse]:
        """What a clip has to tell, though its servers be lost and another begin it anew."""
        told, method = ClipTold(), self._transcription.StreamTranscribe
        for left in reversed(range(CLIP_TRIES)):
            try:
                with self._line.opened(method, request, self._clip_timeout_s) as events:
                    async for event in events:
                        if told.is_new(event):
                            yield event
            except ServerUnreachable as error:
                await self._find_another(error, left)
            else:
                return

    async def _source(self, media: Media, held: contextlib.AsyncExitStack) -> media_pb2.MediaSource:
        """Where the server finds a clip for as long as ``held`` lasts."""
        if isinstance(media, media_pb2.MediaSource):
            return media
        if isinstance(media, bytes):
            return media_pb2.MediaSource(content=media)
        if await self._fits_in_a_call(Path(media)):
            content = await self._line.aside(Path(media).read_bytes)
            return media_pb2.MediaSource(content=content)
        outgoing = await self._outgoing(media)
        upload = await self._begin(outgoing)
        held.push_async_callback(self._forget, upload.name)
        await self._send(outgoing, upload)
        return media_pb2.MediaSource(upload=upload.name)

    async def _forget(self, upload: str) -> None:
        """Free its space, if that is soon done: the server does it by itself one day."""
        request = uploads_pb2.DeleteUploadRequest(name=upload, allow_missing=True)
        with contextlib.suppress(PolycueClientError):
            await self._line.ask(self._uploads.DeleteUpload, request, self._timeout_s)

    async def _fits_in_a_call(self, path: Path) -> bool:
        size_bytes = (await self._line.aside(path.stat)).st_size
        return size_bytes <= (await self.server_info()).limits.max_inline_bytes
