import io
import zipfile

from polycue.api.v1 import catalog_pb2, media_pb2
from polycue.api.v1 import subtitles_pb2 as pb
from polycue.api.v1.catalog_pb2_grpc import CatalogServiceStub
from polycue.api.v1.subtitles_pb2_grpc import SubtitleServiceStub
from support.serving import Channel, Serve, refused

SRT, VTT = media_pb2.SUBTITLE_FORMAT_SRT, media_pb2.SUBTITLE_FORMAT_VTT
TTML, HLS = media_pb2.SUBTITLE_FORMAT_TTML, media_pb2.SUBTITLE_FORMAT_HLS
TEXT = (
    "1\n00:00:01,000 --> 00:00:02,500\nGood\nmorning\n\n2\n00:00:03,000 --> 00:00:04,000\nHello\n\n"
)
DOCUMENT = pb.SubtitleDocument(format=SRT, text=TEXT, language_code="en")


def to(*languages: str) -> list[media_pb2.TranslateConfig]:
    return [media_pb2.TranslateConfig(target_language_code=language) for language in languages]


def test_a_text_keeps_its_times_in_other_languages(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        answer = await SubtitleServiceStub(channel).TranslateSubtitles(
            pb.TranslateSubtitlesRequest(document=DOCUMENT, translations=to("es", "de"))
        )
        spanish, german = answer.documents
        assert [spanish.language_code, german.language_code] == ["es", "de"]
        assert spanish.format == SRT
        assert spanish.text == TEXT.replace("Good\nmorning", "GOOD\nMORNING").replace(
            "Hello", "HELLO"
        )
        assert list(german.route) == ["en", "de"]

    serve(scenario)


def test_a_text_is_written_in_another_format(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        answer = await stub.ConvertSubtitles(
            pb.ConvertSubtitlesRequest(document=DOCUMENT, output_format=VTT)
        )
        assert answer.document.text.startswith("WEBVTT")
        assert "Good\nmorning" in answer.document.text
        again = await stub.ConvertSubtitles(
            pb.ConvertSubtitlesRequest(
                document=DOCUMENT, output_format=SRT, layout=media_pb2.LayoutConfig()
            )
        )
        assert "Good morning" in again.document.text  # with a layout, lines are broken anew

    serve(scenario)


def test_a_file_is_converted_from_its_bytes_whatever_its_encoding(serve: Serve) -> None:
    text = TEXT.replace("Good", "Où es-tu, garçon, déjà là").replace("Hello", "Ça m'a coûté")

    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        for codec in ("cp1252", "utf-16", "utf-8"):
            answer = await stub.ConvertSubtitles(
                pb.ConvertSubtitlesRequest(
                    document=pb.SubtitleDocument(language_code="fr"),
                    content=text.encode(codec),
                    output_format=TTML,
                )
            )
            assert "Où es-tu, garçon, déjà là" in answer.document.text
            assert 'xml:lang="fr"' in answer.document.text

    serve(scenario)


def test_every_format_becomes_every_other_and_keeps_its_cues(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        srt = TEXT
        for form in (VTT, media_pb2.SUBTITLE_FORMAT_ASS, TTML, media_pb2.SUBTITLE_FORMAT_TSV):
            there = await stub.ConvertSubtitles(
                pb.ConvertSubtitlesRequest(
                    document=pb.SubtitleDocument(format=SRT, text=srt), output_format=form
                )
            )
            back = await stub.ConvertSubtitles(
                pb.ConvertSubtitlesRequest(document=there.document, output_format=SRT)
            )
            assert back.document.text == TEXT
            assert not back.document.notices

    serve(scenario)


def test_the_language_that_a_file_names_is_kept(serve: Serve) -> None:
    track = '{"format": "polycue-track", "version": 1, "language": "PT-br", "cues": []}'

    async def scenario(channel: Channel) -> None:
        answer = await SubtitleServiceStub(channel).ConvertSubtitles(
            pb.ConvertSubtitlesRequest(content=track.encode(), output_format=TTML)
        )
        assert answer.document.language_code == "pt-BR"

    serve(scenario)


def test_a_format_that_is_no_text_comes_as_bytes(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        answer = await SubtitleServiceStub(channel).ConvertSubtitles(
            pb.ConvertSubtitlesRequest(document=DOCUMENT, output_format=HLS)
        )
        assert answer.document.text == ""
        assert zipfile.ZipFile(io.BytesIO(answer.content)).namelist() == ["index.m3u8", "00001.vtt"]

    serve(scenario)


def test_texts_that_cannot_be_are_refused(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        bad_text = pb.SubtitleDocument(format=VTT, text="no captions", language_code="en")
        no_language = pb.SubtitleDocument(format=SRT, text=TEXT)
        no_format = pb.SubtitleDocument(text=TEXT, language_code="en")
        for wish, reason, field in (
            (pb.TranslateSubtitlesRequest(), "INVALID_FIELD", "document.language_code"),
            (
                pb.TranslateSubtitlesRequest(document=DOCUMENT),
                "INVALID_FIELD",
                "translations",
            ),
            (
                pb.TranslateSubtitlesRequest(document=DOCUMENT, translations=to("en")),
                "INVALID_FIELD",
                "translations",
            ),
            (
                pb.TranslateSubtitlesRequest(document=no_language, translations=to("es")),
                "INVALID_FIELD",
                "document.language_code",
            ),
            (
                pb.TranslateSubtitlesRequest(document=no_format, translations=to("es")),
                "INVALID_FIELD",
                "document.format",
            ),
            (
                pb.TranslateSubtitlesRequest(document=DOCUMENT, translations=to("fr")),
                "PAIR_NOT_INSTALLED",
                None,
            ),
            (
                pb.TranslateSubtitlesRequest(document=bad_text, translations=to("es")),
                "SUBTITLE_SYNTAX",
                None,
            ),
        ):
            error = await refused(stub.TranslateSubtitles(wish))
            assert (error.reason, error.metadata.get("field")) == (reason, field)
        plain = pb.SubtitleDocument(format=media_pb2.SUBTITLE_FORMAT_TXT, text=TEXT)
        zipped = pb.SubtitleDocument(format=HLS, text=TEXT, language_code="en")
        for request, field in (
            (pb.ConvertSubtitlesRequest(document=DOCUMENT), "output_format"),
            (pb.ConvertSubtitlesRequest(document=plain, output_format=SRT), "document.format"),
            (pb.ConvertSubtitlesRequest(document=zipped, output_format=SRT), "document.format"),
            (
                pb.ConvertSubtitlesRequest(document=DOCUMENT, output_format=SRT, content=b"x"),
                "content",
            ),
        ):
            error = await refused(stub.ConvertSubtitles(request))
            assert (error.reason, error.metadata["field"]) == ("INVALID_FIELD", field)
        into_hls = pb.TranslateSubtitlesRequest(
            document=DOCUMENT, translations=to("es"), output_format=HLS
        )
        error = await refused(stub.TranslateSubtitles(into_hls))
        assert error.metadata["field"] == "output_format"

    serve(scenario)


def test_a_text_whose_cues_overlap_is_answered_with_a_notice(serve: Serve) -> None:
    text = "1\n00:00:00,000 --> 00:00:04,000\na\n\n2\n00:00:02,000 --> 00:00:05,000\nb\n"
    document = pb.SubtitleDocument(format=SRT, text=text, language_code="en")

    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        translated = await stub.TranslateSubtitles(
            pb.TranslateSubtitlesRequest(document=document, translations=to("es"))
        )
        converted = await stub.ConvertSubtitles(
            pb.ConvertSubtitlesRequest(document=document, output_format=VTT)
        )
        for answer in (translated.documents[0], converted.document):
            assert "00:02" in answer.text
            (notice,) = answer.notices
            assert notice.reason == "SUBTITLE_REPAIRED"
            assert dict(notice.metadata) == {"cut": "1", "joined": "0"}

    serve(scenario)


def test_a_text_too_large_for_one_answer_is_refused_with_advice(serve: Serve) -> None:
    def document(line: str) -> pb.SubtitleDocument:
        text = f"1\n00:00:00,000 --> 00:00:02,000\n{line}\n"
        return pb.SubtitleDocument(format=SRT, text=text, language_code="en")

    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        twice = pb.TranslateSubtitlesRequest(
            document=document("long " * 500_000), translations=to("es", "de")
        )
        escaped = pb.ConvertSubtitlesRequest(document=document("&" * 1_500_000), output_format=VTT)
        for call, advice in (
            (stub.TranslateSubtitles(twice), "CreateJob"),
            (stub.ConvertSubtitles(escaped), "in parts"),
        ):
            error = await refused(call)
            assert (error.status, error.reason) == ("INVALID_ARGUMENT", "LIMIT_EXCEEDED")
            assert error.metadata["field"] == "response"
            assert advice in error.message

    serve(scenario)


def test_the_catalogue_lists_what_is_there(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = CatalogServiceStub(channel)
        models = (await stub.ListModels(catalog_pb2.ListModelsRequest())).models
        assert [(m.name, m.loaded, m.default_model, m.demo) for m in models] == [
            ("models/fake", True, True, True)
        ]
        first = await stub.ListTranslationPairs(
            catalog_pb2.ListTranslationPairsRequest(page_size=2)
        )
        rest = await stub.ListTranslationPairs(
            catalog_pb2.ListTranslationPairsRequest(page_token=first.next_page_token)
        )
        assert [len(first.pairs), len(rest.pairs), rest.next_page_token] == [2, 1, ""]
        pivot = rest.pairs[0]
        assert (pivot.source_language_code, list(pivot.pivot_language_codes)) == ("es", ["en"])
        german = await stub.ListTranslationPairs(
            catalog_pb2.ListTranslationPairsRequest(target_language_code="DE")
        )
        assert [pair.source_language_code for pair in german.pairs] == ["en", "es"]
        other = catalog_pb2.ListModelsRequest(page_token=first.next_page_token)
        assert (await refused(stub.ListModels(other))).metadata["field"] == "page_token"

    serve(scenario)


def test_presets_are_listed_with_the_numbers_of_a_language(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = CatalogServiceStub(channel)
        request = catalog_pb2.ListPresetsRequest(language_code="JA", hearing_impaired=True)
        found = {preset.name: preset for preset in (await stub.ListPresets(request)).presets}
        assert list(found) == ["bbc", "netflix", "raw", "ted", "youtube"]
        netflix, raw = found["netflix"], found["raw"]
        assert (netflix.max_line_chars, netflix.max_chars_per_second) == (16, 7)
        assert netflix.min_cue_duration.ToMilliseconds() == 500
        assert netflix.checked == "2026-09-26"
        assert {"ja", "zh"} <= set(netflix.language_codes)
        assert not raw.HasField("max_line_chars")
        assert not raw.HasField("max_cue_duration")
        wrong = catalog_pb2.ListPresetsRequest(language_code="no language")
        assert (await refused(stub.ListPresets(wrong))).reason == "UNKNOWN_LANGUAGE"

    serve(scenario)


def test_the_limits_are_announced(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        info = await CatalogServiceStub(channel).GetServerInfo(catalog_pb2.GetServerInfoRequest())
        assert info.version
        assert info.device == "cpu"
        assert {"stream-transcribe", "sync", "lint", "transcripts"} <= set(info.features)
        assert info.limits.max_message_bytes == 4 * 1024 * 1024
        assert info.limits.max_chunk_bytes == 1024 * 1024
        assert info.limits.max_upload_bytes == 7
        assert info.limits.max_call_media_duration.seconds == 600

    serve(scenario, max_upload_bytes=7)


def test_a_text_is_linted_in_its_own_order(serve: Serve) -> None:
    text = (
        "1\n00:00:04,000 --> 00:00:06,000\nGood morning.\n\n"
        "2\n00:00:01,000 --> 00:00:05,000\n" + "m" * 50 + "\n\n"
        "3\n00:00:08,000 --> 00:00:09,000\n\n"
    )
    document = pb.SubtitleDocument(format=SRT, text=text, language_code="en")

    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        answer = await stub.LintSubtitles(pb.LintSubtitlesRequest(document=document))
        assert [cue.text[:4] for cue in answer.cues] == ["Good", "mmmm"]
        report = answer.report
        assert (report.cue_count, report.preset) == (2, "netflix")
        found = {(v.rule, v.cue_index, v.measured, v.detail) for v in report.violations}
        assert found == {
            ("overlap", 1, 1000, ""),
            ("line_length", 2, 50, ""),
            ("order", 2, 3000, ""),
            ("empty", 0, 0, "line 10"),
        }
        by_rule = {result.rule: result for result in report.rules}
        assert (by_rule["order"].count, by_rule["order"].per_thousand) == (1, 500)
        assert not by_rule["beyond_end"].HasField("count")
        assert by_rule["beyond_end"].why_not
        assert by_rule["line_length"].limit == 42
        assert not report.HasField("recognition")

    serve(scenario)


def test_a_lint_can_be_bounded_and_told_of_the_film(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        request = pb.LintSubtitlesRequest(
            document=DOCUMENT,
            layout=media_pb2.LayoutConfig(max_line_chars=4),
            frame_rate=23.976,
            rules=["line-length", "beyond_end", "gap"],
            ignored_rules=["gap"],
        )
        request.media_duration.FromMilliseconds(3500)
        answer = await SubtitleServiceStub(channel).LintSubtitles(request)
        assert [(v.rule, v.cue_index) for v in answer.report.violations] == [
            ("line_length", 1),
            ("line_length", 2),
            ("beyond_end", 2),
        ]
        assert answer.report.frame_rate == 24000 / 1001

    serve(scenario)


def test_lints_that_cannot_be_are_refused(serve: Serve) -> None:
    async def scenario(channel: Channel) -> None:
        stub = SubtitleServiceStub(channel)
        no_language = pb.SubtitleDocument(format=SRT, text=TEXT)
        many = pb.SubtitleDocument(format=SRT, text="-->\n" * 250_000, language_code="en")
        layout = media_pb2.LayoutConfig(preset="nobody")
        for request, reason, field in (
            (pb.LintSubtitlesRequest(), "INVALID_FIELD", "document.format"),
            (
                pb.LintSubtitlesRequest(document=no_language),
                "INVALID_FIELD",
                "document.language_code",
            ),
            (pb.LintSubtitlesRequest(document=DOCUMENT, rules=["cpl"]), "INVALID_FIELD", "rules"),
            (
                pb.LintSubtitlesRequest(document=DOCUMENT, ignored_rules=["cpl"]),
                "INVALID_FIELD",
                "ignored_rules",
            ),
            (
                pb.LintSubtitlesRequest(document=DOCUMENT, layout=layout),
                "INVALID_FIELD",
                "layout.preset",
            ),
            (
                pb.LintSubtitlesRequest(document=DOCUMENT, frame_rate=1e300),
                "INVALID_FIELD",
                "frame_rate",
            ),
            (pb.LintSubtitlesRequest(document=many), "LIMIT_EXCEEDED", "subtitles"),
        ):
            error = await refused(stub.LintSubtitles(request))
            assert (error.reason, error.metadata.get("field")) == (reason, field)

    serve(scenario)
