"""Subtitle texts that come and go in one message."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Protocol

from polycue.api.v1 import subtitles_pb2 as pb
from polycue.domain.cancel import CancelToken
from polycue.domain.cue import Cue
from polycue.domain.errors import InvalidRequest
from polycue.domain.language import UNDETERMINED
from polycue.domain.request import LayoutOptions, TranslationOptions, options_for
from polycue.domain.track import Track, TrackFormat
from polycue.pipeline.linting import lint_text
from polycue.rpc.convert import documents, fields, outputs, reports, tracks
from polycue.rpc.convert.layout import layout_options
from polycue.rpc.convert.translations import foreign_targets, translation_options
from polycue.rpc.limits import require_sendable
from polycue.tracks.files import decode_text, encode, format_of, parse
from polycue.tracks.overlap import settled
from polycue.tracks.reading import Reading


class WorksOnCues(Protocol):
    """The pipeline, or a fake of it."""

    def translate_cues(
        self,
        cues: Sequence[Cue],
        source: str,
        wanted: TranslationOptions,
        options: LayoutOptions,
        *,
        cancel: CancelToken,
    ) -> Track: ...

    def convert(
        self, cues: Sequence[Cue], language: str, options: LayoutOptions
    ) -> tuple[Cue, ...]: ...


class Texts:
    """Blocks; safe to use from several threads."""

    def __init__(self, pipeline: WorksOnCues) -> None:
        self._pipeline = pipeline

    def translate(
        self, request: pb.TranslateSubtitlesRequest, cancel: CancelToken
    ) -> pb.TranslateSubtitlesResponse:
        """The text in other languages, its times unchanged where its cues do not overlap.

        Raises:
            InvalidRequest, SubtitleSyntax: the request, or the text, is not usable.
            PairNotInstalled: a language cannot be reached.
            LimitExceeded: the texts do not fit into one answer.
        """
        spoken = fields.language(request.document.language_code, "document.language_code")
        wanted = foreign_targets(request.translations, "translations", spoken)
        wishes = translation_options(request.translations, "translations")
        layout = layout_options(request.layout, "layout")
        own_format = documents.input_format(request.document.format)
        written_as = documents.output_format(request.output_format, own_format)
        reading = _read(request.document, own_format)
        response = pb.TranslateSubtitlesResponse()
        for target in wanted:
            track = self._pipeline.translate_cues(
                reading.cues, spoken, options_for(target, wishes), layout, cancel=cancel
            )
            notices = reading.notices + track.notices
            response.documents.append(documents.document(track, written_as, notices))
        require_sendable(response, "translate it with CreateJob")
        return response

    def convert(
        self, request: pb.ConvertSubtitlesRequest, cancel: CancelToken
    ) -> pb.ConvertSubtitlesResponse:
        """The text in another format; its lines are broken anew where a layout is given.

        Raises:
            InvalidRequest, SubtitleSyntax: the request, or the text, is not usable.
            LimitExceeded: the text does not fit into one answer.
        """
        written_as = outputs.track_format(request.output_format, "output_format")
        language = fields.optional_language(
            request.document.language_code, "document.language_code"
        )
        reading = _given(request)
        language = language or _named(reading)
        if request.HasField("layout"):
            layout = layout_options(request.layout, "layout")
            reading = replace(reading, cues=self._pipeline.convert(reading.cues, language, layout))
        track = Track(language, reading.cues)
        response = pb.ConvertSubtitlesResponse(
            document=documents.document(track, written_as, reading.notices),
            content=b"" if written_as.is_text else encode(track, written_as),
        )
        require_sendable(response, "convert it in parts")
        return response

    def lint(
        self, request: pb.LintSubtitlesRequest, cancel: CancelToken
    ) -> pb.LintSubtitlesResponse:
        """The text held against the rules, as it is.

        Raises:
            InvalidRequest, SubtitleSyntax: the request, or the text, is not usable.
            LimitExceeded: the text has too many cues.
        """
        own_format = documents.input_format(request.document.format)
        language = fields.optional_language(
            request.document.language_code, "document.language_code"
        )
        options = reports.lint_options(request)
        linted = lint_text(_text(request.document), own_format, language, options)
        if linted.report.language == UNDETERMINED:
            raise InvalidRequest("document.language_code", "is required: the limits depend on it")
        response = pb.LintSubtitlesResponse(
            report=reports.report(linted.report),
            cues=[tracks.cue(c, n, with_words=False) for n, c in enumerate(linted.cues, 1)],
            notices=tracks.notices(linted.notices),
        )
        require_sendable(response, "look through it in parts")
        return response


def _given(request: pb.ConvertSubtitlesRequest) -> Reading:
    """What is to be converted: a file's bytes, or the document's text."""
    if not request.content:
        return _read(request.document, documents.input_format(request.document.format))
    if request.document.text:
        raise InvalidRequest("content", "is given and document.text too; send one of them")
    text = decode_text(request.content)
    hint = documents.input_format(request.document.format) if request.document.format else ""
    return settled(parse(text, format_of(f"file.{hint}", text)))


def _named(reading: Reading) -> str:
    """The language that the file says it is in; "und" where it does not, or it is none."""
    try:
        return fields.optional_language(reading.language, "document") or UNDETERMINED
    except InvalidRequest:
        return UNDETERMINED


def _text(document: pb.SubtitleDocument) -> str:
    if not document.text.strip():
        raise InvalidRequest("document.text", "is empty")
    return document.text


def _read(document: pb.SubtitleDocument, track_format: TrackFormat) -> Reading:
    return settled(parse(_text(document), track_format))
