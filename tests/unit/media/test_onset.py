from pathlib import Path

from polycue.domain.cancel import CancelToken
from polycue.domain.media import Media, Stream, StreamKind
from polycue.media import onset

NOWHERE = Path("/nowhere/clip.wav")


def test_plain_samples_begin_where_the_file_does_and_no_program_has_to_look() -> None:
    stream = Stream(0, 0, StreamKind.AUDIO, "pcm_s16le", channels=1)
    media = Media(NOWHERE, "wav", 0, 5000, (stream,))
    assert onset.offset_ms(media, stream, cancel=CancelToken()) == 0
