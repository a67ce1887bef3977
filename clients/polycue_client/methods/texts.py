"""Subtitle texts, which go and come within one call."""

from collections.abc import Sequence

from polycue.api.v1 import media_pb2, subtitles_pb2
from polycue_client.methods.caller import Caller
from polycue_client.requests import Target, duration, format_of, translations


class Texts(Caller):
    async def translate_subtitles(
        self,
        text: str,
        *,
        source: str,
        to: Sequence[Target],
        written_as: str = "srt",
        output_format: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> list[subtitles_pb2.SubtitleDocument]:
        """The text in each of the languages ``to``, on the same time line."""
        request = subtitles_pb2.TranslateSubtitlesRequest(
            document=_document(text, written_as, source),
            translations=translations(to),
            output_format=format_of(output_format or written_as),
            layout=layout,
        )
        return list((await self._ask_long(self._subtitles.TranslateSubtitles, request)).documents)

    async def convert_subtitles(
        self,
        text: str,
        *,
        to: str,
        written_as: str = "srt",
        language: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> subtitles_pb2.SubtitleDocument:
        """The same cues in the format ``to``, with new lines where a ``layout`` is given."""
        request = subtitles_pb2.ConvertSubtitlesRequest(
            document=_document(text, written_as, language),
            output_format=format_of(to),
            layout=layout,
        )
        return (await self._ask(self._subtitles.ConvertSubtitles, request)).document

    async def convert_file(
        self,
        content: bytes,
        *,
        to: str,
        written_as: str = "",
        language: str = "",
        layout: media_pb2.LayoutConfig | None = None,
    ) -> tuple[bytes, subtitles_pb2.SubtitleDocument]:
        """A subtitle file's bytes in the format ``to``, and what there is to know of them.

        The encoding is found, and the format too unless ``written_as`` helps. "hls" gives a ZIP.
        """
        request = subtitles_pb2.ConvertSubtitlesRequest(
            document=_document("", written_as, language),
            output_format=format_of(to),
            layout=layout,
            content=content,
        )
        answer = await self._ask(self._subtitles.ConvertSubtitles, request)
        return answer.content or answer.document.text.encode(), answer.document

    async def lint_subtitles(
        self,
        text: str,
        *,
        language: str = "",
        written_as: str = "srt",
        layout: media_pb2.LayoutConfig | None = None,
        frame_rate: float | None = None,
        media_s: float | None = None,
        rules: Sequence[str] = (),
        ignored_rules: Sequence[str] = (),
    ) -> subtitles_pb2.LintSubtitlesResponse:
        """The text held against the rules of a preset; a JSON track needs no ``language``.

        ``media_s`` is the film's length; ``rules`` empty means all of them.
        """
        request = subtitles_pb2.LintSubtitlesRequest(
            document=_document(text, written_as, language),
            layout=layout,
            frame_rate=frame_rate,
            media_duration=None if media_s is None else duration(media_s),
            rules=rules,
            ignored_rules=ignored_rules,
        )
        return await self._ask(self._subtitles.LintSubtitles, request)


def _document(text: str, written_as: str, language: str) -> subtitles_pb2.SubtitleDocument:
    """``written_as`` empty is for the server to find out."""
    named = format_of(written_as) if written_as else media_pb2.SUBTITLE_FORMAT_UNSPECIFIED
    return subtitles_pb2.SubtitleDocument(format=named, text=text, language_code=language)
