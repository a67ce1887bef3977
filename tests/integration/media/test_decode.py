import os
import signal
import struct
import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from polycue.domain.cancel import CancelToken
from polycue.domain.errors import Cancelled, Encrypted, LimitExceeded, ToolKilled, Undecodable
from polycue.domain.media import AudioChoice, Media
from polycue.domain.notice import NoticeReason
from polycue.media.decode import BLOCK_MS, decode
from polycue.media.streams import choose_audio
from support.beeps import BEEPS, BEEPS_MS, DURATION_MS, Sound, listen, run_ffmpeg

Ffmpeg = Callable[..., Path]
Look = Callable[[Path], Media]
Children = Callable[[], list[int]]

CLOSE_MS = 30  # a codec's lead-in of a frame and the rounding of Matroska's clock


def assert_heard(sound: Sound, onsets_ms: list[int]) -> None:
    assert len(sound.onsets_ms) == len(onsets_ms)
    np.testing.assert_allclose(sound.onsets_ms, onsets_ms, atol=CLOSE_MS)


def write_wav(path: Path, samples: bytes, *, bits: int = 16, data_bytes: int | None = None) -> Path:
    """Mono at 16 kHz, of integers or (with 32 bits) of floats."""
    size = len(samples) if data_bytes is None else data_bytes
    width = bits // 8
    head = struct.pack(
        "<IHHIIHH", 16, 3 if bits == 32 else 1, 1, 16_000, 16_000 * width, width, bits
    )
    riff = b"RIFF" + struct.pack("<I", min(size + 36, 2**32 - 1)) + b"WAVEfmt " + head
    path.write_bytes(riff + b"data" + struct.pack("<I", size) + samples)
    return path


def with_sound_later(film: Path, ffmpeg: Ffmpeg, name: str) -> Path:
    late = ("-itsoffset", "2", "-i", film, "-i", film)
    return ffmpeg(name, *late, "-map", "1:v", "-map", "0:a", "-c", "copy")


def with_gap(film: Path, ffmpeg: Ffmpeg, *, seconds: int) -> Path:
    """Nothing is heard for so long from packet 100 on, which is at 2.3 s."""
    matroska = ffmpeg("whole.mkv", "-i", film, "-c", "copy")  # its clock counts milliseconds
    pause = f"setts=ts='TS+if(gte(N,100),{seconds}/TB,0)'"
    return ffmpeg("gap.mkv", "-i", matroska, "-c", "copy", "-bsf:a", pause)


def test_sound_comes_in_seconds_that_follow_each_other(film: Path) -> None:
    sound = listen(film)

    assert [block.duration_ms for block in sound.blocks[:-1]] == [BLOCK_MS] * 5
    assert all(one.end_ms == other.start_ms for one, other in pairwise(sound.blocks))
    assert sound.end_ms == pytest.approx(DURATION_MS, abs=CLOSE_MS)
    assert sound.notices == set()


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts", "m4a", "flac", "ogg", "mp3", "wav"])
def test_every_container_keeps_the_time(film: Path, ffmpeg: Ffmpeg, suffix: str) -> None:
    copied = ("-c", "copy") if suffix in {"mp4", "mkv", "mov", "ts"} else ()
    sound = listen(ffmpeg(f"a.{suffix}", "-i", film, *copied))

    assert_heard(sound, BEEPS_MS)
    assert sound.notices == set()


def test_webm_keeps_the_time(web_film: Path) -> None:
    assert_heard(listen(web_film), BEEPS_MS)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "ts"])
def test_sound_that_starts_two_seconds_late_is_heard_two_seconds_later(
    film: Path, ffmpeg: Ffmpeg, suffix: str
) -> None:
    sound = listen(with_sound_later(film, ffmpeg, f"late.{suffix}"))

    assert sound.start_ms == pytest.approx(2000, abs=CLOSE_MS)
    assert_heard(sound, [3000, 5000])
    assert sound.notices == set()


def test_a_film_that_starts_in_mid_broadcast_starts_at_zero(film: Path, ffmpeg: Ffmpeg) -> None:
    path = ffmpeg("a.ts", "-i", film, "-c", "copy", "-output_ts_offset", "36000")

    assert_heard(listen(path), BEEPS_MS)


def test_an_edit_list_is_kept(film: Path, ffmpeg: Ffmpeg) -> None:
    path = ffmpeg("cut.mp4", "-ss", "0.5", "-i", film, "-c", "copy")

    assert_heard(listen(path), [500, 2500])


def test_a_gap_in_the_sound_stays_a_gap(film: Path, ffmpeg: Ffmpeg) -> None:
    assert_heard(listen(with_gap(film, ffmpeg, seconds=2)), [1000, 5000])


def test_lost_packets_do_not_shift_the_rest(film: Path, ffmpeg: Ffmpeg) -> None:
    # ffmpeg does not say one word about it.
    lost = r"noise=drop='between(n\,60\,100)'"

    sound = listen(ffmpeg("lost.ts", "-i", film, "-c", "copy", "-bsf:a", lost))

    assert_heard(sound, BEEPS_MS)


def test_damaged_packets_are_counted_and_do_not_shift_the_rest(film: Path, ffmpeg: Ffmpeg) -> None:
    damage = r"noise=amount='if(between(n\,60\,100)\,1\,0)'"

    sound = listen(ffmpeg("damaged.mkv", "-i", film, "-c", "copy", "-bsf:a", damage))

    assert_heard(sound, BEEPS_MS)
    assert sound.end_ms == pytest.approx(DURATION_MS, abs=2 * CLOSE_MS)
    assert sound.notices == {NoticeReason.DECODE_ERRORS}


def test_a_damaged_beginning_does_not_shift_the_rest(film: Path, ffmpeg: Ffmpeg) -> None:
    damage = r"noise=amount='if(lt(n\,100)\,1\,0)'"  # up to 2.3 s

    sound = listen(ffmpeg("damaged.mkv", "-i", film, "-c", "copy", "-bsf:a", damage))

    assert_heard(sound, [3000])


def test_the_number_of_damaged_packets_is_told(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    damage = r"noise=amount='if(between(n\,60\,79)\,1\,0)'"
    media = look(ffmpeg("damaged.mkv", "-i", film, "-c", "copy", "-bsf:a", damage))

    with decode(media, choose_audio(media, AudioChoice()), cancel=CancelToken()) as decoding:
        for _ in decoding:
            pass

    assert [dict(notice.facts) for notice in decoding.notices] == [{"errors": "20"}]


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_a_film_cut_in_half_is_noticed(
    film: Path, ffmpeg: Ffmpeg, suffix: str, tmp_path: Path
) -> None:
    whole = ffmpeg(f"whole.{suffix}", "-i", film, "-c", "copy", "-movflags", "+faststart")
    half = tmp_path / f"half.{suffix}"
    half.write_bytes(whole.read_bytes()[: whole.stat().st_size * 6 // 10])

    sound = listen(half)

    assert NoticeReason.TRUNCATED_MEDIA in sound.notices
    assert_heard(sound, [1000])


def test_of_three_streams_the_film_is_heard_and_not_the_commentary(
    ffmpeg: Ffmpeg, look: Look
) -> None:
    tones = [f"sine={hz}:r=48000:d=2" for hz in (300, 500, 700)]
    path = ffmpeg(
        "three.mkv",
        *(word for tone in tones for word in ("-f", "lavfi", "-i", tone)),
        *("-map", "0", "-map", "1", "-map", "2", "-c:a", "aac"),
        *("-metadata:s:a:0", "title=Commentary", "-disposition:a:0", "default"),
        *("-metadata:s:a:1", "language=ger", "-metadata:s:a:2", "language=spa"),
    )

    assert listen(path).loudest_hz == pytest.approx(500, abs=2)
    assert listen(path, AudioChoice(language="es")).loudest_hz == pytest.approx(700, abs=2)
    assert listen(path, AudioChoice(ordinal=0)).loudest_hz == pytest.approx(300, abs=2)


def test_silence_is_told(ffmpeg: Ffmpeg) -> None:
    path = ffmpeg("silent.mp4", *("-f", "lavfi", "-i", "anullsrc=r=48000:cl=stereo", "-t", "3"))

    sound = listen(path)

    assert sound.notices == {NoticeReason.SILENT_AUDIO}
    assert sound.end_ms == pytest.approx(3000, abs=CLOSE_MS)


@pytest.mark.parametrize("samples", [b"", b"\xff\x7f" * 48_000], ids=["none", "constant"])
def test_sound_that_carries_nothing_is_silence(tmp_path: Path, samples: bytes) -> None:
    assert listen(write_wav(tmp_path / "a.wav", samples)).notices == {NoticeReason.SILENT_AUDIO}


@pytest.mark.parametrize("value", ["nan", "inf", "-inf"])
def test_samples_that_are_no_numbers_do_not_get_through(tmp_path: Path, value: str) -> None:
    samples = struct.pack("<f", float(value)) * 32_000

    sound = listen(write_wav(tmp_path / "a.wav", samples, bits=32))

    assert not sound.samples.any()
    assert sound.notices == {NoticeReason.INVALID_SAMPLES, NoticeReason.SILENT_AUDIO}


def test_a_few_bad_samples_do_not_spoil_the_rest(tmp_path: Path) -> None:
    samples = np.sin(np.arange(48_000, dtype=np.float32) / 5) / 2
    samples[20_000:20_100] = np.nan

    sound = listen(write_wav(tmp_path / "a.wav", samples.tobytes(), bits=32))

    assert sound.notices == {NoticeReason.INVALID_SAMPLES}
    assert np.count_nonzero(sound.samples == 0) <= 110


def test_left_and_right_that_cancel_are_heard(ffmpeg: Ffmpeg) -> None:
    beeps = BEEPS.replace("aevalsrc=", "").split(":")[0].strip("'")
    path = ffmpeg("phase.m4a", *("-f", "lavfi", "-i", f"aevalsrc='{beeps}|-({beeps})':s=48000:d=5"))

    sound = listen(path)

    assert_heard(sound, BEEPS_MS)
    assert sound.notices == {NoticeReason.CANCELLED_PHASE}


def test_loud_surround_is_mixed_without_clipping(ffmpeg: Ffmpeg) -> None:
    loud = "|".join(["0.9*sin(2*PI*440*t)"] * 6)
    path = ffmpeg("six.wav", *("-f", "lavfi", "-i", f"aevalsrc='{loud}':c=5.1:s=48000:d=1"))

    assert np.abs(listen(path).samples).max() == pytest.approx(0.9, abs=0.01)


def test_a_broadcast_that_changes_from_mono_to_stereo_is_heard_to_the_end(
    ffmpeg: Ffmpeg, tmp_path: Path
) -> None:
    parts = [
        ffmpeg("1.ts", *("-f", "lavfi", "-i", "sine=440:r=44100:d=2", "-ac", "1", "-c:a", "aac")),
        ffmpeg("2.ts", *("-f", "lavfi", "-i", "sine=440:r=48000:d=2", "-ac", "2", "-c:a", "aac")),
    ]
    both = tmp_path / "both.ts"
    both.write_bytes(b"".join(part.read_bytes() for part in parts))

    sound = listen(both)

    assert sound.end_ms == pytest.approx(4000, abs=3 * CLOSE_MS)
    assert sound.notices == {NoticeReason.DISCONTINUITY}


def test_a_chain_of_ogg_is_as_long_as_its_links(ffmpeg: Ffmpeg, tmp_path: Path) -> None:
    # The filling of gaps, which other films need, would make 19 s of it.
    link = ffmpeg("link.ogg", *("-f", "lavfi", "-i", "sine=440:d=1", "-c:a", "libopus"))
    chain = tmp_path / "chain.ogg"
    chain.write_bytes(link.read_bytes() * 10)

    sound = listen(chain)

    assert sound.end_ms == pytest.approx(10_000, abs=100)
    assert NoticeReason.DISCONTINUITY in sound.notices


def test_encrypted_sound_is_called_so(film: Path, ffmpeg: Ffmpeg) -> None:
    key = "00112233445566778899aabbccddeeff"
    path = ffmpeg(
        "encrypted.mp4",
        *("-i", film, "-c", "copy", "-encryption_scheme", "cenc-aes-ctr"),
        *("-encryption_key", key, "-encryption_kid", key),
    )

    with pytest.raises(Encrypted):
        listen(path)


def test_a_codec_that_is_not_let_in_is_named(ffmpeg: Ffmpeg) -> None:
    path = ffmpeg("rare.mkv", *("-f", "lavfi", "-i", "sine=d=1", "-c:a", "adpcm_g722"))

    with pytest.raises(Undecodable, match="its codec, adpcm_g722, is not one that is let in"):
        listen(path)


def test_a_film_that_says_it_is_too_long_is_turned_away_at_once(tmp_path: Path, look: Look) -> None:
    path = write_wav(tmp_path / "long.wav", b"", data_bytes=2**31)
    with path.open("r+b") as file:
        file.truncate(2**31)  # 18.6 hours, of which nothing is on the disk
    media = look(path)

    with (
        pytest.raises(LimitExceeded, match="over the limit of 14400000"),
        decode(media, media.streams[0], cancel=CancelToken(), max_duration_ms=14_400_000),
    ):
        pass


def test_a_lie_about_the_length_is_not_believed(film: Path, tmp_path: Path, look: Look) -> None:
    content = bytearray(film.read_bytes())
    for box in (b"mvhd", b"mdhd"):
        start = 0
        while (at := content.find(box, start)) >= 0:
            # 32-bit duration: ISO/IEC 14496-12, 8.2.2 and 8.4.2.
            content[at + 20 : at + 24] = b"\x7f\xff\xff\xff"
            start = at + 4
    path = tmp_path / "liar.mp4"
    path.write_bytes(content)
    media = look(path)

    with decode(media, media.streams[1], cancel=CancelToken(), max_duration_ms=60_000) as decoding:
        sound = Sound(list(decoding), {notice.reason for notice in decoding.notices})

    assert_heard(sound, BEEPS_MS)


def test_a_gap_of_minutes_counts_as_length(film: Path, ffmpeg: Ffmpeg, look: Look) -> None:
    media = look(with_gap(film, ffmpeg, seconds=600))

    with (
        decode(media, media.streams[1], cancel=CancelToken(), max_duration_ms=60_000) as decoding,
        pytest.raises(LimitExceeded),
    ):
        list(decoding)


def test_a_gap_of_a_day_is_not_filled(film: Path, ffmpeg: Ffmpeg) -> None:
    sound = listen(with_gap(film, ffmpeg, seconds=72_000))

    assert sound.end_ms == pytest.approx(DURATION_MS, abs=2 * CLOSE_MS)
    assert sound.notices == {NoticeReason.TRUNCATED_MEDIA}


def test_a_long_film_needs_no_more_memory_than_a_short_one(tmp_path: Path, look: Look) -> None:
    path = write_wav(tmp_path / "long.wav", b"", data_bytes=16_000 * 2 * 1200)
    with path.open("r+b") as file:
        file.truncate(16_000 * 2 * 1200)  # twenty minutes, 77 MB as float32
    media = look(path)

    tracemalloc.start()
    try:
        with decode(media, media.streams[0], cancel=CancelToken()) as decoding:
            blocks = sum(1 for _ in decoding)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert blocks >= 1199
    assert peak_bytes < 3_000_000


def test_cancelling_kills_ffmpeg(film: Path, look: Look, children: Children) -> None:
    media = look(film)
    cancel = CancelToken()

    with decode(media, media.streams[1], cancel=cancel) as decoding:
        blocks = iter(decoding)
        next(blocks)
        cancel.cancel()
        with pytest.raises(Cancelled):
            next(blocks)

    assert children() == []


def test_leaving_early_kills_ffmpeg(film: Path, look: Look, children: Children) -> None:
    media = look(film)

    with decode(media, media.streams[1], cancel=CancelToken()) as decoding:
        next(iter(decoding))

    assert children() == []


@pytest.fixture(scope="module")
def long_film(clips: Path) -> Path:
    """A minute that changes all the time; ffmpeg waits for its reader long before the end."""
    sound = "aevalsrc='0.4*sin(2*PI*(200+20*t)*t)':s=44100:d=60"
    run_ffmpeg("-f", "lavfi", "-i", sound, "-c:a", "aac", clips / "long.m4a")
    return clips / "long.m4a"


def kill_all(children: Children) -> None:
    for child in children():
        os.kill(child, signal.SIGKILL)


def test_a_killed_ffmpeg_is_no_loss(long_film: Path, look: Look, children: Children) -> None:
    media, cancel = look(long_film), CancelToken()
    stream = choose_audio(media, AudioChoice())
    with decode(media, stream, cancel=cancel) as whole:
        expected = np.concatenate([block.samples for block in whole])

    with decode(media, stream, cancel=cancel) as decoding:
        blocks = iter(decoding)
        found = [next(blocks).samples]
        kill_all(children)
        found += [block.samples for block in blocks]

    assert np.array_equal(np.concatenate(found), expected)
    assert decoding.notices == whole.notices


def test_an_ffmpeg_that_is_killed_twice_is_given_up(
    long_film: Path, look: Look, children: Children
) -> None:
    media = look(long_film)
    with decode(media, choose_audio(media, AudioChoice()), cancel=CancelToken()) as decoding:
        blocks = iter(decoding)
        next(blocks)

        def read_and_kill() -> None:
            for _ in blocks:
                kill_all(children)

        with pytest.raises(ToolKilled):
            read_and_kill()
