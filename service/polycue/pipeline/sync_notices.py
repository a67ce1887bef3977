"""How a subtitle file was moved, for people and for programs."""

from collections.abc import Iterator, Sequence

from polycue.domain.cue import Cue
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.request import SyncMode
from polycue.sync.fit import Fit, Piece

_MOST_PIECES = 50
_MOST_QUOTED = 5
_MAX_QUOTED_CHARS = 60
_NO_DRIFT = 1e-6


def fit_notices(
    fit: Fit, mode: SyncMode, cues: Sequence[Cue], *, needed: float
) -> Iterator[Notice]:
    """One for each piece, and one for all that little speaks for."""
    for piece in fit.pieces[:_MOST_PIECES]:
        yield _moved(piece, mode, cues)
    if unsaid := len(fit.pieces[_MOST_PIECES:]):
        yield Notice(NoticeReason.RETIMED, f"{unsaid} more pieces", {"more": str(unsaid)})
    weak = [piece for piece in fit.pieces if piece.score < needed]
    if weak:
        spans = ", ".join(_span(piece, cues) for piece in weak[:_MOST_QUOTED])
        count = sum(piece.last - piece.first for piece in weak)
        message = f"little speaks for where {_counted(count)} came to lie ({spans}); look at them"
        yield Notice(NoticeReason.SYNC_UNCERTAIN, message, {"count": str(count)})


def homeless_notices(homeless: Sequence[Cue]) -> Iterator[Notice]:
    """One for all cues that have no place in the film."""
    if not homeless:
        return
    quoted = "; ".join(
        f"{_clock(cue.start_ms)} {' '.join(cue.lines)[:_MAX_QUOTED_CHARS]!r}"
        for cue in homeless[:_MOST_QUOTED]
    )
    more = "; ..." if len(homeless) > _MOST_QUOTED else ""
    count = _counted(len(homeless))
    message = f"{count} left out, of scenes that this film does not have: {quoted}{more}"
    facts = {
        "count": str(len(homeless)),
        "first_ms": str(homeless[0].start_ms),
        "last_ms": str(homeless[-1].start_ms),
    }
    yield Notice(NoticeReason.CUES_LEFT_OUT, message, facts)


def speech_notice(why: str) -> Notice:
    message = "the cues were laid onto where somebody speaks, not onto words"
    return Notice(NoticeReason.SYNC_BY_SPEECH, f"{message}: {why}" if why else message)


def _moved(piece: Piece, mode: SyncMode, cues: Sequence[Cue]) -> Notice:
    facts = {
        "first_cue": str(piece.first + 1),
        "last_cue": str(piece.last),
        "start_ms": str(cues[piece.first].start_ms),
        "end_ms": str(cues[piece.last - 1].end_ms),
        "offset_ms": str(piece.offset_ms),
        "ratio": f"{piece.ratio:.6f}",
        "score": f"{piece.score:.2f}",
        "by": mode.value,
    }
    return Notice(
        NoticeReason.RETIMED,
        f"{_span(piece, cues)}: {_movement(piece, cues)} (score {piece.score:.2f})",
        facts,
    )


def _movement(piece: Piece, cues: Sequence[Cue]) -> str:
    """How far the piece's first cue moves, and how the rest drifts from it."""
    own_ms = cues[piece.first].start_ms
    by_ms = piece.time_ms(own_ms) - own_ms
    direction = "later" if by_ms >= 0 else "earlier"
    text = f"{abs(by_ms) / 1000:.2f} s {direction}" if by_ms else "stays"
    if abs(piece.ratio - 1) > _NO_DRIFT:
        pace = "slower" if piece.ratio > 1 else "faster"
        text += f" and {abs(piece.ratio - 1):.2%} {pace}"
    return text


def _span(piece: Piece, cues: Sequence[Cue]) -> str:
    return f"{_clock(cues[piece.first].start_ms)} to {_clock(cues[piece.last - 1].end_ms)}"


def _clock(time_ms: int) -> str:
    minutes, seconds = divmod(time_ms // 1000, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"


def _counted(count: int) -> str:
    return f"{count} cue{'' if count == 1 else 's'}"
