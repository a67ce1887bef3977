from pathlib import Path

import pytest

from polycue.media import complaints
from polycue.media.complaints import Complaints, reason


@pytest.mark.parametrize(
    "line",
    [
        "Error while decoding stream #0:1: Invalid data found when processing input",  # 5.1
        "[aist#0:1/aac @ 0x1f] [dec:aac @ 0x2f] Error submitting packet to decoder: Invalid data",
    ],
)
def test_packets_that_are_not_decoded_are_counted(line: str) -> None:
    seen = Complaints()

    for said in [line, "[aac @ 0x55] channel element 1.3 is not allocated", line]:
        seen.feed(said)

    assert seen.decode_errors == 2


@pytest.mark.parametrize(
    "line",
    [
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55fa] stream 1, offset 0x1e658: partial file",
        "[matroska,webm @ 0x5583] File ended prematurely at pos. 124000 (0x1e460)",
    ],
)
def test_a_file_that_is_cut_short_is_noticed(line: str) -> None:
    seen = Complaints()

    seen.feed(line)

    assert seen.cut_short


def test_the_reason_is_the_last_line_that_tells_one() -> None:
    stderr = (
        "[h264 @ 0x55ce31e7fb00] Codec (h264) not on whitelist 'aac'\n"
        "[mov,mp4,m4a,3gp,3g2,mj2 @ 0x56265ee25800] moov atom not found\n"
        "file:/srv/jobs/7/in: Invalid data found when processing input\n"
    )

    assert reason(stderr, Path("/srv/jobs/7/in")) == "moov atom not found"


def test_the_reason_keeps_our_folders_to_itself() -> None:
    stderr = "file:/srv/jobs/7/out.mp4: Permission denied\nCannot read /srv/jobs/7/out.mp4\n"

    assert reason(stderr, Path("/srv/jobs/7/out.mp4")) == "Cannot read it"


def test_the_reason_is_one_short_line_of_printable_text() -> None:
    said = reason("\x1b[31m" + "x" * 10_000 + "\x07\n")

    assert said.isprintable()
    assert len(said) == complaints.MAX_REASON_CHARS


def test_where_nothing_is_said_there_is_no_reason() -> None:
    assert reason("") == ""
    assert reason("Conversion failed!\n") == ""
