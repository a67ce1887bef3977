"""The server itself, on a socket of its own."""

import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Self

import grpc

from polycue.api.v1 import (
    artifacts_pb2_grpc,
    catalog_pb2_grpc,
    jobs_pb2_grpc,
    subtitles_pb2_grpc,
    transcription_pb2_grpc,
    uploads_pb2_grpc,
)
from polycue_client.testing.artifacts import ArtifactAnswers
from polycue_client.testing.calls import ClipAnswers, TextAnswers
from polycue_client.testing.catalog import CatalogAnswers
from polycue_client.testing.jobs import JobAnswers
from polycue_client.testing.script import Scripted
from polycue_client.testing.uploads import UploadAnswers


class ScriptedServer(Scripted):
    """The server and what was asked of it, for use in a ``with`` block."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory(prefix="polycue-")
        self.address = f"unix:{Path(self._folder.name) / 'scripted.sock'}"
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_insecure_port(self.address)
        self._answer()

    def __repr__(self) -> str:
        return f"ScriptedServer({self.address})"

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.cancelled.set()  # so that no script waits for it
        self._server.stop(grace=None).wait()
        self._folder.cleanup()

    def _answer(self) -> None:
        to = self._server
        catalog_pb2_grpc.add_CatalogServiceServicer_to_server(CatalogAnswers(self), to)
        transcription_pb2_grpc.add_TranscriptionServiceServicer_to_server(ClipAnswers(self), to)
        subtitles_pb2_grpc.add_SubtitleServiceServicer_to_server(TextAnswers(self), to)
        uploads_pb2_grpc.add_UploadServiceServicer_to_server(UploadAnswers(self), to)
        jobs_pb2_grpc.add_JobServiceServicer_to_server(JobAnswers(self), to)
        artifacts_pb2_grpc.add_ArtifactServiceServicer_to_server(ArtifactAnswers(self), to)
