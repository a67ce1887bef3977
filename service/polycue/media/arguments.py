"""Calls of ffmpeg and ffprobe; the only module that imports ffmpeg-python.

ffmpeg-python writes the arguments, ``command`` runs them. Media is hostile: every input is opened
as a local file, never as a URL or a pattern, by demuxers and decoders that ``whitelists`` names.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ffmpeg

from polycue.domain.audio import SAMPLE_RATE_HZ
from polycue.domain.media import Media
from polycue.media.call import Call, Work
from polycue.media.whitelists import ALL_DECODERS, AUDIO_DECODERS, FORMATS, SUBTITLE_DECODERS

MAX_STREAMS = 128  # a film with two dozen languages and all its fonts has about a hundred
MAX_PIXELS = 8192 * 4320  # a picture of 16000 by 16000 in a file of 1 MB took 784 MB to look at
_GIB = 2**30
_TEXT_BYTES = 64 * 2**20  # of a subtitle file
_SCAN_WIDTH = 320
_PROBE_BYTES = 32 * 2**20
_ANALYZE_US = 30_000_000

# "repeat": without it ffmpeg writes "Last message repeated 300 times", and errors are counted.
_QUIET = ["-nostdin", "-hide_banner", "-v", "repeat+error"]
# As many threads as there are processors would take more memory than sound does.
_ONE_THREAD = ["-filter_threads", "1"]

Options = Sequence[tuple[str, str]]


def local(path: Path) -> str:
    """A path that ffmpeg takes for nothing else.

    ``-i.mp4`` would be an option, ``http:x.mp4`` a URL and ``x%03d.mp4`` a pattern.
    """
    return f"file:{path.absolute()}"


def probe(path: Path, *, decoding: bool = True) -> Call:
    """For ffprobe's JSON of all streams.

    ffprobe fails for a single stream whose decoder is not let in. Without ``decoding`` they all
    are, but not one frame is given to them, which costs what only decoding shows, such as
    Matroska's start times.
    """
    opened = _opened(ALL_DECODERS)
    if not decoding:
        del opened["codec_whitelist"]
    argv = [
        "ffprobe",
        *_QUIET[1:],  # it never reads its input
        *_flags(opened),
        *([] if decoding else ["-nofind_stream_info"]),
        *("-show_format", "-show_streams", "-of", "json"),
        *("-i", local(path)),
    ]
    return Call(argv, Work.LOOK, reads=(path,))


def first_packet(media: Media, index: int) -> Call:
    """For ffprobe's JSON of what goes with one stream's first packet, which is not decoded."""
    opened = _opened("")
    del opened["codec_whitelist"]
    argv = [
        *("ffprobe", *_QUIET[1:], *_flags(opened), "-nofind_stream_info"),
        *("-select_streams", str(index), "-read_intervals", "%+#1"),
        *("-show_entries", "packet_side_data=side_data_type", "-of", "json"),
        *("-i", local(media.path)),
    ]
    return Call(argv, Work.LOOK, reads=(media.path,))


def pcm(media: Media, index: int, *, channels: int) -> Call:
    """One stream as interleaved float32 samples at 16 kHz, gaps filled with silence.

    No picture is decoded. The samples start with the stream, not with the media.
    """
    # A gap of more than an hour is no pause but a bomb: 20 h in a file of 129 KB took 3 GB to fill.
    # Beyond this ffmpeg takes the time stamps for wrong and goes on without them.
    sound = _source(media, threads="1", dts_error_threshold="3600")[str(index)]
    # rematrix_maxval: float output is not scaled on downmixing otherwise, and 5.1 peaks at 3.4.
    resampled = f"aresample={SAMPLE_RATE_HZ}:async=1:rematrix_maxval=1"
    output = ffmpeg.output(sound, "pipe:1", format="f32le", af=resampled, ac=channels)
    return Call(_compiled(output, *_ONE_THREAD), Work.SOUND, reads=(media.path,))


def first_sample(media: Media, index: int) -> Call:
    """The first frame of sound that can be decoded, as a line of ``framecrc``.

    Its time is on the container's own clock (-copyts): ffmpeg would take its start away, and does
    not know the start of H.264 without the decoder that stays shut here.
    """
    sound = _source(media, threads="1")[str(index)]
    output = ffmpeg.output(sound, "pipe:1", format="framecrc", **{"frames:a": 1})
    # A film whose first packets are damaged is nothing but errors up to here.
    argv = _compiled(output, "-copyts", "-max_error_rate", "1", *_ONE_THREAD)
    return Call(argv, Work.LOOK, reads=(media.path,))


def scene_scores(media: Media, index: int, *, threads: int) -> Call:
    """For each picture of a stream its time and how little it has of the one before, as text.

    ``frame:2 pts:80000 ...``, in microseconds on the container's own clock, as ``first_sample``,
    and ``lavfi.scd.score=31.250``. A small grey picture has the same cuts as the whole one; what
    ffmpeg prints of times in seconds has but six digits.
    """
    video = _source(media, codec_whitelist=ALL_DECODERS, threads=str(threads))[str(index)]
    small = video.filter("scale", f"min({_SCAN_WIDTH},iw)", "-2", flags="fast_bilinear")
    scored = small.filter("format", "gray").filter("scdet")
    printed = scored.filter("settb", "1/1000000").filter(
        "metadata", "print", key="lavfi.scd.score", file="-", direct=1
    )
    # Without -copyts it takes another start away from some containers than from others (MPEG-TS).
    output = ffmpeg.output(printed, "pipe:1", format="null")
    argv = _compiled(output, "-copyts", "-filter_threads", str(threads))
    return Call(argv, Work.PICTURES, reads=(media.path,))


def picture(media: Media, index: int) -> Call:
    """The bytes of a cover picture, as they are."""
    source = _source(media, codec_whitelist=ALL_DECODERS)[str(index)]
    output = ffmpeg.output(source, "pipe:1", format="image2pipe", c="copy", **{"frames:v": 1})
    return Call(_compiled(output), Work.LOOK, reads=(media.path,))


def ass(subtitles: Path, subtitle_format: str, to: Path) -> Call:
    """A subtitle file as ASS, which libass reads by itself.

    The ``subtitles`` filter would open the file through ffmpeg's demuxers, without a whitelist.
    """
    output = ffmpeg.output(_subtitles(subtitles, subtitle_format), local(to), format="ass")
    return _of_text(output, subtitles, to)


def cut(subtitles: Path, subtitle_format: str, end_ms: int, to: Path) -> Call:
    """A subtitle file without the cues that start after ``end_ms``, the last one ending there.

    A step of its own, since ffmpeg 5.1 loses the last cue where the same is done to text that it
    encodes (it never flushes the filter).
    """
    rest = f"max(0,min(DURATION,{end_ms / 1000:.3f}/TB-PTS))"
    output = ffmpeg.output(
        _subtitles(subtitles, subtitle_format),
        local(to),
        format=subtitle_format,
        c="copy",
        t=f"{end_ms / 1000:.3f}",
        **{"bsf:s": f"setts=duration='{rest}'"},
    )
    return _of_text(output, subtitles, to)


@dataclass(frozen=True, slots=True)
class Subtitles:
    """Subtitle files of one format, by ffmpeg's name of it."""

    paths: Sequence[Path]
    format: str


def copy(
    media: Media,
    indices: Sequence[int],
    subtitles: Subtitles,
    options: Options,
    to: Path,
    *,
    muxer: str,
    burn: tuple[int, Path] | None = None,
    pictures: Sequence[Path] = (),
) -> Call:
    """A copy of the streams with these indices, then the subtitle files; progress on stdout.

    ``options`` go to the output as they are: a dictionary, which ffmpeg-python takes, cannot say
    one twice, and ``pictures`` are files that they name. ``burn`` draws an ASS file into the video
    stream of that index.
    """
    source = _source(media, codec_whitelist=ALL_DECODERS)
    # ffmpeg-python numbers inputs in the order of their first use, so the source must come first:
    # the metadata and the chapters are those of input 0.
    streams = [
        _drawn(source[str(index)], burn[1]) if burn and index == burn[0] else source[str(index)]
        for index in indices
    ]
    streams += [_subtitles(file, subtitles.format) for file in subtitles.paths]
    output = ffmpeg.output(*streams, local(to), format=muxer, c="copy")
    *head, target = _compiled(output, "-nostats", "-progress", "pipe:1")
    argv = [*head, *(word for option in options for word in option), "-y", target]
    drawing = (burn[1],) if burn else ()
    return Call(
        argv,
        Work.DRAW if burn else Work.COPY,
        reads=(media.path, *subtitles.paths, *pictures, *drawing),
        writes=(to,),
        file_bytes=_copy_bytes(media.path, drawn=burn is not None),
    )


def _source(media: Media, **options: str) -> Any:  # ffmpeg-python is not typed
    # In a radio recording's Ogg the clock starts anew with every song: without this, twenty links
    # of a second each come out as 38 s. The price is that gaps in Ogg are taken for such restarts.
    restarts = {"dts_delta_threshold": "0.1"} if media.container == "ogg" else {}
    return ffmpeg.input(local(media.path), **(_opened(AUDIO_DECODERS) | restarts | options))


def _copy_bytes(film: Path, *, drawn: bool) -> int:
    """What a copy may take at most: a picture encoded anew can be many times what it was."""
    size_bytes = film.stat().st_size
    return size_bytes * 20 + 4 * _GIB if drawn else size_bytes * 2 + _GIB


def _of_text(output: Any, subtitles: Path, to: Path) -> Call:
    argv = _compiled(output, "-y")
    return Call(argv, Work.LOOK, reads=(subtitles,), writes=(to,), file_bytes=_TEXT_BYTES)


def _subtitles(path: Path, subtitle_format: str) -> Any:
    return ffmpeg.input(
        local(path),
        format=subtitle_format,
        protocol_whitelist="file",
        format_whitelist=subtitle_format,
        codec_whitelist=SUBTITLE_DECODERS[subtitle_format],
    )["0"]


def _drawn(video: Any, subtitles: Path) -> Any:
    # x264 and players want even sizes and 4:2:0; ffmpeg-python escapes the file's name.
    even = video.filter("pad", "ceil(iw/2)*2", "ceil(ih/2)*2").filter("format", "yuv420p")
    return even.filter("ass", filename=str(subtitles.absolute()))


def _opened(decoders: str) -> dict[str, Any]:
    """What limits the opening of a file; must stand before its ``-i``."""
    return {
        "protocol_whitelist": "file",
        "format_whitelist": FORMATS,
        "codec_whitelist": decoders,
        "max_streams": MAX_STREAMS,
        "max_pixels": MAX_PIXELS,
        "probesize": _PROBE_BYTES,
        "analyzeduration": _ANALYZE_US,
    }


def _flags(options: dict[str, Any]) -> list[str]:
    return [word for name, value in options.items() for word in (f"-{name}", str(value))]


def _compiled(output: Any, *more: str) -> list[str]:
    argv: list[str] = ffmpeg.compile(output, cmd=["ffmpeg", *_QUIET, *more])
    return argv
