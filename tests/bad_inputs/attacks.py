"""Inputs that are to make ffmpeg open something else: a neighbour's file, the system's, a URL."""

import struct
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from bad_inputs.entry import NOT_MEDIA, Entries, Entry, rejected
from bad_inputs.workshop import Workshop, riff

# Without a target duration ffmpeg would not even take it for a playlist.
_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"
_MPD = (
    '<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT10S"'
    ' profiles="urn:mpeg:dash:profile:isoff-on-demand:2011"><Period><AdaptationSet'
    ' mimeType="audio/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
    "</Representation></AdaptationSet></Period></MPD>"
)
_SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
    "m=audio 5004 RTP/AVP 97\r\na=rtpmap:97 L16/16000\r\n"
)
NEIGHBOUR = "seg.ts"  # lies in the folder of the inputs


def entries() -> Entries:
    for number, title, name, text in _texts():
        yield Entry(number, title, partial(_written, name, text), NOT_MEDIA)
    yield Entry(
        "14",
        "AVI with a playlist as its subtitles (GAB2)",
        _gab2,
        rejected("NO_AUDIO_STREAM", "NOT_MEDIA"),
    )


def _written(name: str, text: Callable[[Workshop], str], shop: Workshop) -> Path:
    return shop.file(name, text(shop))


def _texts() -> Iterator[tuple[str, str, str, Callable[[Workshop], str]]]:
    yield "1", "HLS to HTTP, named .mp4", "r01.mp4", lambda s: _HLS.format(f"{s.http}/x.ts")
    yield "2", "HLS to a file of the system", "r02.mp4", lambda s: _HLS.format("file:///etc/passwd")
    yield "2b", "HLS to a file elsewhere", "r02b.m3u8", lambda s: _HLS.format(s.bait.as_uri())
    yield (
        *("3", "HLS to concat: and subfile:", "r03.mp4"),
        lambda s: _HLS.format(f"concat:{s.http}/h|subfile,,start,0,end,64,,:{s.bait}"),
    )
    yield "4", "HLS to a neighbour's file", "r04.mp4", lambda s: _HLS.format(NEIGHBOUR)
    yield (
        *("4b", "HLS to a neighbour's file by its whole path", "r04b.mp4"),
        lambda s: _HLS.format(s.path(NEIGHBOUR).as_uri()),
    )
    yield "5", "ffconcat of a file of the system", "r05.mp4", lambda s: _concat("/etc/passwd")
    yield "5b", "ffconcat of a file elsewhere", "r05b.mp4", lambda s: _concat(s.bait)
    yield "6", "ffconcat of a neighbour's file", "r06.mp4", lambda s: _concat(NEIGHBOUR)
    yield "7", "ffconcat of a URL", "r07.mp4", lambda s: _concat(f"'{s.http}/c.ts'")
    yield "8", "DASH to HTTP", "r08.mp4", lambda s: _MPD.format(f"{s.http}/d.mp4")
    yield (
        *("9", "DASH with an XML entity of a file", "r09.mp4"),
        lambda s: f'<!DOCTYPE MPD [<!ENTITY x SYSTEM "file://{s.bait}">]>' + _MPD.format("&x;"),
    )
    yield "10", "SDP", "r10.mp4", lambda s: _SDP
    yield (
        *("11", "HLS master with a rendition's URL", "r11.mp4"),
        lambda s: (
            f'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",NAME="n",URI="{s.http}/a.m3u8"\n'
            f'#EXT-X-STREAM-INF:BANDWIDTH=1,AUDIO="a"\n{s.http}/v.m3u8\n'
        ),
    )
    yield (
        *("12", "SVG with a linked picture", "r12.mp4"),
        lambda s: (
            '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink">'
            f'<image xlink:href="{s.http}/i.png" width="9" height="9"/></svg>'
        ),
    )
    yield "13", "plain text (bait for tty)", "r13.mp4", lambda s: "just some text\n" * 40


def _concat(file: object) -> str:
    return f"ffconcat version 1.0\nfile {file}\n"


def _gab2(shop: Workshop) -> Path:
    """Its subtitles are a file of their own, for which a demuxer is sought."""
    playlist = _HLS.format(f"{shop.http}/g.ts").encode()
    subtitles = b"GAB2\0" + struct.pack("<HI", 2, 2) + b"a\0" + struct.pack("<HI", 4, len(playlist))
    header = struct.pack("<10I", 40_000, 0, 0, 0x10, 1, 0, 1, 0, 64, 36) + b"\0" * 16
    stream = b"txts" + b"\0" * 16 + struct.pack("<6I", 1, 1, 0, 1, 0, 0) + b"\0" * 12
    strl = b"strl" + riff(b"strh", stream) + riff(b"strf", b"\0" * 40)
    hdrl = riff(b"LIST", b"hdrl" + riff(b"avih", header) + riff(b"LIST", strl))
    movi = riff(b"LIST", b"movi" + riff(b"00tx", subtitles + playlist))
    return shop.file("r14.avi", riff(b"RIFF", b"AVI " + hdrl + movi))
