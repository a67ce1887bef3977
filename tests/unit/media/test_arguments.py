from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from polycue.domain.media import Media, Stream, StreamKind
from polycue.media import arguments

Make = Callable[..., Stream]
MakeMedia = Callable[..., Media]


def option(argv: Sequence[str], name: str) -> str:
    return argv[argv.index(name) + 1]


@pytest.fixture
def film(make_stream: Make, make_media: MakeMedia) -> Media:
    return make_media(
        make_stream(StreamKind.VIDEO, "h264"), make_stream(StreamKind.AUDIO, "aac", channels=2)
    )


@pytest.mark.parametrize("name", ["-i.mp4", "http:x.mp4", "concat:x|y", "x%03d.mp4", "pipe:0"])
def test_a_name_is_never_taken_for_anything_but_a_file(name: str) -> None:
    assert arguments.local(Path("/films") / name) == f"file:/films/{name}"


def test_a_relative_name_becomes_absolute() -> None:
    assert arguments.local(Path("film.mp4")) == f"file:{Path.cwd()}/film.mp4"


def test_what_limits_an_input_stands_before_it(film: Media) -> None:
    for call in [arguments.pcm(film, 1, channels=2), arguments.first_sample(film, 1)]:
        opened = call.argv[: call.argv.index("-i")]
        assert option(opened, "-protocol_whitelist") == "file"
        assert "hls" not in option(opened, "-format_whitelist").split(",")
        assert "concat" not in option(opened, "-format_whitelist").split(",")


def test_no_picture_is_decoded_for_sound(film: Media) -> None:
    decoders = option(arguments.pcm(film, 1, channels=2).argv, "-codec_whitelist").split(",")

    assert "aac" in decoders
    assert not {"h264", "png", "magicyuv"} & set(decoders)


def test_rare_picture_decoders_stay_shut_for_probing() -> None:
    decoders = option(arguments.probe(Path("x")).argv, "-codec_whitelist").split(",")

    assert {"h264", "aac", "mov_text"} <= set(decoders)
    assert "magicyuv" not in decoders


def test_a_bomb_of_streams_or_of_pixels_is_not_opened(film: Media) -> None:
    for call in [arguments.probe(film.path), arguments.pcm(film, 1, channels=2)]:
        assert int(option(call.argv, "-max_streams")) < 1000
        assert int(option(call.argv, "-max_pixels")) < 16_000 * 16_000


def test_a_probe_without_decoding_opens_every_decoder_but_gives_it_nothing() -> None:
    argv = arguments.probe(Path("x"), decoding=False).argv

    assert "-codec_whitelist" not in argv
    assert "-nofind_stream_info" in argv


def test_the_stream_is_mapped_by_its_index(film: Media) -> None:
    assert option(arguments.pcm(film, 1, channels=1).argv, "-map") == "0:1"


def test_the_film_is_the_first_input_of_a_copy_and_subtitles_follow_in_order(film: Media) -> None:
    # ffmpeg-python sorts inputs by itself; metadata and chapters are taken from input 0.
    files = [Path(f"/subs/{name}.srt") for name in "zay"]
    argv = arguments.copy(
        film, [0, 1], arguments.Subtitles(files, "srt"), [], Path("/out.mkv"), muxer="matroska"
    ).argv

    inputs = [value for name, value in pairwise(argv) if name == "-i"]
    maps = [value for name, value in pairwise(argv) if name == "-map"]
    assert inputs == [arguments.local(film.path), *map(arguments.local, files)]
    assert maps == ["0:0", "0:1", "1:0", "2:0", "3:0"]


def test_the_film_stays_the_first_input_when_subtitles_are_burned_in(film: Media) -> None:
    argv = arguments.copy(
        film,
        [0, 1],
        arguments.Subtitles([Path("/a.srt")], "srt"),
        [],
        Path("/out.mkv"),
        muxer="matroska",
        burn=(0, Path("/we'ird:[x],;\\dir/burn.ass")),
    ).argv

    assert option(argv, "-i") == arguments.local(film.path)
    assert argv[-1] == "file:/out.mkv"
    # Two levels of escapes, as ffmpeg-utils(1) "Quoting and escaping" wants them.
    assert r"/we\\\'ird\\:\[x\]\,\;\\\\dir/burn.ass" in option(argv, "-filter_complex")


def test_options_of_a_copy_may_be_said_twice(film: Media) -> None:
    twice = [("-metadata:s:0", "language=eng"), ("-metadata:s:0", "title=English")]
    argv = arguments.copy(
        film, [0], arguments.Subtitles([], "srt"), twice, Path("/out.mkv"), muxer="matroska"
    ).argv

    assert argv.count("-metadata:s:0") == 2


def test_subtitle_files_may_hold_nothing_else(film: Media) -> None:
    subtitles = arguments.Subtitles([Path("/a.vtt")], "webvtt")
    argv = arguments.copy(film, [0], subtitles, [], Path("/o.webm"), muxer="webm").argv
    opened = argv[argv.index("-i") + 1 :]

    assert option(opened, "-f") == "webvtt"
    assert option(opened, "-format_whitelist") == "webvtt"
    assert option(opened, "-codec_whitelist") == "webvtt"
    assert option(opened, "-protocol_whitelist") == "file"


def test_only_the_clock_of_ogg_may_start_anew(make_media: MakeMedia, make_stream: Make) -> None:
    radio = make_media(make_stream(StreamKind.AUDIO, "opus"), container="ogg")
    film = make_media(make_stream(StreamKind.AUDIO, "opus"))

    assert option(arguments.pcm(radio, 0, channels=1).argv, "-dts_delta_threshold") == "0.1"
    assert "-dts_delta_threshold" not in arguments.pcm(film, 0, channels=1).argv


def test_a_call_may_read_its_own_files_and_write_its_own_copy(film: Media) -> None:
    subtitles = arguments.Subtitles([Path("/subs/a.srt")], "srt")
    call = arguments.copy(film, [0], subtitles, [], Path("/out.mkv"), muxer="matroska")

    assert arguments.pcm(film, 1, channels=1).reads == (film.path,)
    assert arguments.pcm(film, 1, channels=1).writes == ()
    assert call.reads == (film.path, Path("/subs/a.srt"))
    assert call.writes == (Path("/out.mkv"),)
