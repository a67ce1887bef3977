"""Inputs beyond the hundred, for what they try that those do not."""

import struct
import zlib
from pathlib import Path

from bad_inputs.entry import FINE, Entries, Entry, rejected
from bad_inputs.workshop import MIB, Workshop


def entries() -> Entries:
    yield Entry("101", "pictures of 8192 by 4320", _large_pictures, FINE)
    yield Entry("102", "ten hours in packets of three bytes", _thin, rejected("LIMIT_EXCEEDED"))
    yield Entry("103", "a cover of 16000 by 16000", _large_cover, FINE)
    yield Entry("104", "100 attachments and 20 tracks", _many_parts, FINE)
    yield Entry("105", "20 MB of tags", _many_tags, rejected("NOT_MEDIA", "MEDIA_UNUSABLE"))
    yield Entry("106", "pictures whose size changes all the time", _changing_size, FINE)
    yield Entry("107", "a film with a ZIP behind it", _two_in_one, FINE)
    yield Entry("108", "two hours, encrypted", _long_encrypted, rejected("ENCRYPTED"))


def _large_pictures(shop: Workshop) -> Path:
    return shop.ffmpeg(
        *("x101.mp4", "-f", "lavfi", "-i", "testsrc=s=8192x4320:r=1:d=4"),
        *("-f", "lavfi", "-i", "sine=d=4", "-c:v", "libx264", "-preset", "ultrafast"),
        *("-pix_fmt", "yuv420p", "-c:a", "aac"),
    )


def _thin(shop: Workshop) -> Path:
    """Opus that sends next to nothing while all is silent."""
    minute = shop.ffmpeg(
        *("thin.opus", "-f", "lavfi", "-i", "anullsrc=r=48000:cl=mono", "-t", "60"),
        *("-c:a", "libopus", "-b:a", "6k", "-frame_duration", "120", "-application", "voip"),
    )
    return shop.ffmpeg("x102.opus", "-stream_loop", "599", "-i", minute, "-c", "copy")


def _large_cover(shop: Workshop) -> Path:
    cover = shop.file("cover.png", _png(16_000, 16_000))
    frame = b"APIC" + _picture_frame(cover.read_bytes())
    size = len(frame)
    synchsafe = bytes((size >> shift) & 0x7F for shift in (21, 14, 7, 0))
    return shop.file("x103.mp3", b"ID3\3\0\0" + synchsafe + frame + shop.mp3.read_bytes())


def _picture_frame(picture: bytes) -> bytes:
    content = b"\0image/png\0\3\0" + picture
    return struct.pack(">IH", len(content), 0) + content


def _png(width: int, height: int) -> bytes:
    """Black, of any size, without ever holding it: blocks of zeros compress alike."""
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * width)
    packed = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def _many_parts(shop: Workshop) -> Path:
    font = shop.file("font.ttf", shop.noise[:1000])
    attached = [word for _ in range(100) for word in ("-attach", str(font))]
    marked = [
        word
        for number in range(100)
        for word in (f"-metadata:s:t:{number}", "mimetype=application/x-truetype-font")
    ]
    maps = ["-map", "0:v", *["-map", "0:a"] * 20]
    return shop.ffmpeg("x104.mkv", "-i", shop.good, *maps, "-c", "copy", *attached, *marked)


def _many_tags(shop: Workshop) -> Path:
    """As a file, for they would not fit on a command line."""
    tags = ";FFMETADATA1\n" + "".join(f"tag{n}={'x' * 10_000}\n" for n in range(2000))
    named = shop.file("tags.txt", tags)
    return shop.ffmpeg(
        *("x105.mkv", "-i", shop.good, "-i", named, "-map", "0", "-map_metadata", "1"),
        *("-c", "copy"),
    )


def _changing_size(shop: Workshop) -> Path:
    parts = [
        shop.ffmpeg(
            *(f"size{width}.ts", "-f", "lavfi", "-i", f"testsrc=s={width}x{width}:r=25:d=1"),
            *("-f", "lavfi", "-i", "sine=d=1", "-c:v", "mpeg2video", "-c:a", "mp2"),
        ).read_bytes()
        for width in (64, 1024, 128)
    ]
    return shop.file("x106.ts", b"".join(parts * 4))


def _two_in_one(shop: Workshop) -> Path:
    return shop.file("x107.mp4", shop.good.read_bytes() + b"PK\3\4" + shop.noise[: MIB // 4])


def _long_encrypted(shop: Workshop) -> Path:
    key = "00112233445566778899aabbccddeeff"
    return shop.ffmpeg(
        *("x108.mp4", "-stream_loop", "719", "-i", shop.good, "-vn", "-c", "copy"),
        *("-encryption_scheme", "cenc-aes-ctr", "-encryption_key", key, "-encryption_kid", key),
    )
