import html
import os
import random
from pathlib import Path

import pytest

from polycue.domain.cue import Cue
from polycue.domain.errors import SubtitleSyntax, Unwritable
from polycue.domain.track import Track, TrackFormat
from polycue.domain.transcript import Transcript
from polycue.tracks import vtt
from polycue.tracks.files import (
    decode_text,
    encode,
    format_of,
    parse,
    render,
    write_atomically,
)

FRENCH = "Où êtes-vous allé hier ?\nÇa m'a coûté très cher.\nLe garçon mangeait des crêpes."
POLISH = "Gdzie jest żona?\nPójdziemy jutro do łąki, jeśli zdążymy.\nCzęść źródła."
RUSSIAN = "Привет, как дела?\nЯ не знаю, что сказать.\nМы должны идти домой, пока не стемнело."
GREEK = "Πού πήγες χθες το βράδυ;\nΔεν ξέρω τι να πω.\nΠρέπει να φύγουμε τώρα."
HEBREW = "לאן הלכת אתמול בערב?\nאני לא יודע מה להגיד.\nאנחנו צריכים ללכת עכשיו."
CHINESE = "你昨天晚上去哪里了？\n我不知道该说什么。\n我们现在必须走了。"
JAPANESE = "昨日の夜はどこへ行ったの？\n何と言えばいいかわからない。\n今すぐ行かなければならない。"


def as_srt(text: str) -> str:
    return "".join(
        f"{i}\n00:00:0{i},000 --> 00:00:0{i},900\n{line}\n\n"
        for i, line in enumerate(text.splitlines(), 1)
    )


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        (FRENCH, "utf-8"),
        (FRENCH, "utf-8-sig"),
        (FRENCH, "utf-16"),
        (RUSSIAN, "utf-16-le"),
        (CHINESE, "utf-16-be"),
        (CHINESE, "utf-32"),
        (FRENCH, "cp1252"),
        ("C'est déjà arrivé.\nJe ne sais pas.", "cp1252"),
        ("Não, não é possível.\nAção e coração.", "cp1252"),
        ("Wo ist die Straße?\nSchöne Grüße.", "cp1252"),
        ("\ufffd", "utf-8"),
        ("It’s “quoted” – and nothing else.", "cp1252"),
        (POLISH, "cp1250"),
        (POLISH, "iso8859-2"),
        ("Příliš žluťoučký kůň úpěl ďábelské ódy.", "cp1250"),
        ("Hol voltál? Őrült fűnyíró nő.", "cp1250"),
        ("Bugün çok güzel bir gün.\nŞimdi eve dönmeliyiz, ışıklar söndü.", "cp1254"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (GREEK, "cp1253"),
        (HEBREW, "cp1255"),
        ("إلى أين ذهبت أمس؟\nلا أعرف ماذا أقول.\nيجب أن نذهب الآن.", "cp1256"),
        (CHINESE, "gb18030"),
        ("你昨天晚上去哪裡了？\n我不知道該說什麼。\n我們現在必須走了。", "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        ("어제 밤에 어디 갔었어?\n무슨 말을 해야 할지 모르겠어.\n지금 가야 해.", "cp949"),
    ],
)
def test_the_encoding_of_a_file_is_found(text: str, codec: str) -> None:
    assert decode_text(as_srt(text).encode(codec)) == as_srt(text)


def test_a_large_file_in_a_multibyte_encoding_is_not_cut_inside_a_character() -> None:
    text = as_srt(JAPANESE) * 2000
    assert decode_text(text.encode("shift_jis")) == text


def test_one_bad_byte_does_not_cost_a_file_its_encoding() -> None:
    data = as_srt(POLISH * 5).encode()
    assert decode_text(data + b"caf\xe9\n") == as_srt(POLISH * 5) + "caf\ufffd\n"


def test_a_nul_here_and_there_is_no_other_encoding() -> None:
    assert decode_text(b"WEBVTT\n\nNOTE a\0b\n") == "WEBVTT\n\nNOTE a\0b\n"


def test_no_bytes_are_no_text() -> None:
    assert decode_text(b"") == ""


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(SubtitleSyntax, match="not text"):
        decode_text(b"\x7fELF\x02\x01\x01\0" + random.Random(7).randbytes(50_000))


@pytest.mark.parametrize(
    ("filename", "text", "expected"),
    [
        ("a.srt", as_srt("Hello"), TrackFormat.SRT),
        ("a.txt", as_srt("Hello"), TrackFormat.SRT),
        ("a", "0: 0: 1 --> 0: 0: 2\nHello", TrackFormat.SRT),
        ("a.vtt", as_srt("Hello"), TrackFormat.SRT),  # renamed by somebody
        ("a.srt", "WEBVTT\n\n", TrackFormat.VTT),
        ("a.srt", "\ufeffWEBVTT\n\n", TrackFormat.VTT),
        ("", '{\n  "format": "polycue-track",', TrackFormat.JSON),
        ("A.SRT", "", TrackFormat.SRT),
        ("a.vtt", "", TrackFormat.VTT),
        ("a.json", "{}", TrackFormat.JSON),
        ("a.srt", "{1}{25}MicroDVD", TrackFormat.SRT),
        ("a.srt", "[Script Info]\nTitle: a --> b", TrackFormat.ASS),
        ("a.ass", "\ufeff[V4 Styles]\n", TrackFormat.ASS),
        ("a.ssa", "", TrackFormat.ASS),
        ("a.srt", '<?xml version="1.0"?>\n<!-- tt -->\n<tt:tt xmlns:tt="x">', TrackFormat.TTML),
        ("a.xml", "", TrackFormat.TTML),
        ("a.dfxp", "", TrackFormat.TTML),
        ("a.txt", "start\tend\ttext\n0\t1\t00:00:00,000 --> 00:00:01,000\n", TrackFormat.TSV),
        ("a.tsv", "0\t1000\tHello\n", TrackFormat.TSV),
        ("a.txt", "Just text.", TrackFormat.TXT),
        ("a.m3u8", "#EXTM3U\n", TrackFormat.HLS),
    ],
)
def test_the_content_says_the_format_and_else_the_name(
    filename: str, text: str, expected: TrackFormat
) -> None:
    assert format_of(filename, text) is expected


@pytest.mark.parametrize("filename", ["a.sub", "a", "", "srt"])
def test_an_unknown_format_is_refused_with_those_that_can_be_read(filename: str) -> None:
    with pytest.raises(SubtitleSyntax, match=r"reads srt, vtt, json, ass, ttml, tsv$"):
        format_of(filename, "{1}{25}MicroDVD")


def test_an_archive_is_refused_as_what_it_is() -> None:
    with pytest.raises(SubtitleSyntax, match="ZIP archive"):
        decode_text(encode(TRACK, TrackFormat.HLS))


TRACK = Track("es", (Cue(0, 1000, ("Buenos días.",)),), route=("en", "es"))
READABLE = [track_format for track_format in TrackFormat if track_format.is_readable]


@pytest.mark.parametrize("track_format", READABLE)
def test_every_format_that_holds_times_is_rendered_and_parsed(track_format: TrackFormat) -> None:
    text = render(TRACK, track_format)
    assert format_of("", text) is track_format
    assert parse(text, track_format).cues == TRACK.cues


@pytest.mark.parametrize(
    ("track_format", "told"), [(TrackFormat.TXT, "has no times"), (TrackFormat.HLS, "not read")]
)
def test_a_format_that_cannot_be_read_says_so(track_format: TrackFormat, told: str) -> None:
    with pytest.raises(SubtitleSyntax, match=told):
        parse("Buenos días.", track_format)


@pytest.mark.parametrize("track_format", TrackFormat)
def test_the_page_about_formats_has_a_row_for_each(
    track_format: TrackFormat, repository: Path
) -> None:
    page = (repository / "docs" / "formats.md").read_text(encoding="utf-8")
    (row,) = (line for line in page.splitlines() if line.startswith(f"| `{track_format}` |"))
    assert row.endswith("| yes |") or "yes," in row or not track_format.is_readable


@pytest.mark.parametrize("track_format", TrackFormat)
def test_a_file_of_every_format_is_bytes_that_are_the_same_each_time(
    track_format: TrackFormat,
) -> None:
    data = encode(TRACK, track_format, media_ms=20_000)
    assert data == encode(TRACK, track_format, media_ms=20_000)
    assert track_format.mime_type
    if track_format.is_text:
        assert data.decode() == render(TRACK, track_format)


@pytest.mark.parametrize("track_format", [TrackFormat.ASS, TrackFormat.TTML])
def test_what_a_machine_made_says_so_where_the_format_has_a_place_for_it(
    track_format: TrackFormat,
) -> None:
    assert "Machine-generated by polycue: translated en > es." in html.unescape(
        render(TRACK, track_format)
    )
    assert "Machine" not in render(Track("es", TRACK.cues), track_format)


def test_webvtt_says_that_a_machine_made_it_and_how() -> None:
    transcript = Transcript((), "en", 1.0, (), 1000, "tiny --> en")
    head = render(TRACK, TrackFormat.VTT, transcript).splitlines()[2]
    assert (
        head
        == "NOTE Machine-generated by polycue: transcribed with tiny -> en, translated en > es."
    )


def test_webvtt_of_a_file_does_not_say_that_a_machine_made_it() -> None:
    foreign = Track("es", TRACK.cues)
    assert render(foreign, TrackFormat.VTT) == vtt.write(foreign)


def test_a_file_is_written_whole_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "movie.es.srt"
    path.write_text("old")
    write_atomically(path, "día\n")
    assert path.read_bytes() == "día\n".encode()
    assert os.listdir(tmp_path) == ["movie.es.srt"]


def test_a_file_has_the_rights_of_any_new_file(tmp_path: Path) -> None:
    # A temporary file of the standard library's is for its owner alone, and stays so when renamed.
    write_atomically(tmp_path / "ours", "")
    (tmp_path / "plain").touch()
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_a_missing_folder_is_unwritable(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="No such file"):
        write_atomically(tmp_path / "missing" / "a.srt", "text")


def test_a_folder_in_the_way_is_unwritable_and_nothing_is_left_behind(tmp_path: Path) -> None:
    (tmp_path / "a.srt").mkdir()
    with pytest.raises(Unwritable, match="not a plain file"):
        write_atomically(tmp_path / "a.srt", "text")
    assert os.listdir(tmp_path) == ["a.srt"]


def test_a_device_is_never_replaced(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(Unwritable):
        write_atomically(tmp_path / "pipe", "text")
    assert (tmp_path / "pipe").is_fifo()


def test_a_name_that_is_too_long_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(Unwritable, match="too long"):
        write_atomically(tmp_path / ("a" * 300), "text")
    assert os.listdir(tmp_path) == []


def test_a_long_name_that_fits_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("a" * 251 + ".srt")
    write_atomically(path, "text")
    assert path.read_text() == "text"


def test_text_that_no_encoding_holds_touches_nothing(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_atomically(tmp_path / "a.srt", "\ud800")
    assert os.listdir(tmp_path) == []
