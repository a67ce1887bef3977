"""Clips and texts: an answer that shows what came."""

from collections.abc import Iterator

import grpc

from polycue.api.v1 import (
    media_pb2,
    report_pb2,
    subtitles_pb2,
    subtitles_pb2_grpc,
    transcription_pb2,
    transcription_pb2_grpc,
)
from polycue_client.testing.answers import Answers


class ClipAnswers(Answers, transcription_pb2_grpc.TranscriptionServiceServicer):
    def Transcribe(
        self, request: transcription_pb2.TranscribeRequest, context: grpc.ServicerContext
    ) -> transcription_pb2.TranscribeResponse:
        self._begin("Transcribe", request, context)
        tracks = [media_pb2.Track(language_code=request.transcribe.language_code or "en")]
        tracks += [
            media_pb2.Track(language_code=t.target_language_code) for t in request.translations
        ]
        return transcription_pb2.TranscribeResponse(tracks=tracks)

    def StreamTranscribe(
        self, request: transcription_pb2.StreamTranscribeRequest, context: grpc.ServicerContext
    ) -> Iterator[transcription_pb2.StreamTranscribeResponse]:
        self._scripted.requests["StreamTranscribe"].append(request)
        answer = transcription_pb2.StreamTranscribeResponse
        events = [answer(started=answer.Started()), answer(finished=answer.Finished(cue_count=0))]
        yield from self._stream("StreamTranscribe", events, context)


class TextAnswers(Answers, subtitles_pb2_grpc.SubtitleServiceServicer):
    def TranslateSubtitles(
        self, request: subtitles_pb2.TranslateSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.TranslateSubtitlesResponse:
        self._begin("TranslateSubtitles", request, context)
        return subtitles_pb2.TranslateSubtitlesResponse(
            documents=[
                subtitles_pb2.SubtitleDocument(
                    format=request.output_format,
                    text=request.document.text,
                    language_code=translation.target_language_code,
                )
                for translation in request.translations
            ]
        )

    def ConvertSubtitles(
        self, request: subtitles_pb2.ConvertSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.ConvertSubtitlesResponse:
        self._begin("ConvertSubtitles", request, context)
        archive = request.output_format == media_pb2.SUBTITLE_FORMAT_HLS
        document = subtitles_pb2.SubtitleDocument(
            format=request.output_format,
            text="" if archive else request.document.text or request.content.decode(),
        )
        return subtitles_pb2.ConvertSubtitlesResponse(
            document=document, content=request.content if archive else b""
        )

    def LintSubtitles(
        self, request: subtitles_pb2.LintSubtitlesRequest, context: grpc.ServicerContext
    ) -> subtitles_pb2.LintSubtitlesResponse:
        self._begin("LintSubtitles", request, context)
        report = report_pb2.TrackReport(language_code=request.document.language_code)
        return subtitles_pb2.LintSubtitlesResponse(report=report)
