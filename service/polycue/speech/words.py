"""Words from a decoder's pieces: which belong together, and how they are written."""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from polycue.domain.audio import Span
from polycue.domain.transcript import Word
from polycue.speech.fit import Aligned, fit
from polycue.speech.scores import told

# Whisper's codes of languages written without spaces between words: those for which openai/whisper
# splits at characters, and Khmer and Tibetan, which it leaves out.
_UNSPACED = frozenset({"zh", "yue", "ja", "th", "lo", "my", "km", "bo"})
_SPACED_AT_PAUSES = frozenset({"th", "lo", "my", "km", "bo"})
_SENTENCE_END = (".", "?", "!", "…")


@dataclass(frozen=True, slots=True)
class Piece:
    """The shortest run of tokens that is whole text, with the white space around it."""

    text: str
    start_ms: int
    end_ms: int
    probability: float

    @property
    def spoken(self) -> bool:
        """Letters, digits or vowel signs, not only punctuation and space."""
        return any(c.isalnum() or _is_combining(c) for c in self.text)


def words_of(pieces: Sequence[Piece], language: str, speech: Sequence[Span]) -> tuple[Word, ...]:
    """The words of one chunk in order, without overlap, within its ``speech``.

    ``language`` is Whisper's code of the text, not of the sound. Punctuation goes with a word;
    where there is no word to go with, it is left out.
    """
    unspaced = language in _UNSPACED
    groups = _grouped(pieces, language)
    spans = fit([_aligned(group) for group in groups], speech)
    words = []
    for index, (group, span) in enumerate(zip(groups, spans, strict=True)):
        text, spoken = _text(group), [piece.probability for piece in group if piece.spoken]
        joined = unspaced and not text[:1].isspace()
        if index == 0 and language in _SPACED_AT_PAUSES:
            joined = False
        words.append(
            Word(
                " ".join(text.split()),
                span.start_ms,
                span.end_ms,
                probability=told(min(sum(spoken) / len(spoken), 1.0)),
                joined=joined,
            )
        )
    return tuple(words)


def places_of(pieces: Sequence[Piece], language: str) -> tuple[Span, ...]:
    """Where attention had put each of ``words_of``'s words before it was laid onto the speech."""
    aligned = map(_aligned, _grouped(pieces, language))
    return tuple(Span(word.start_ms, word.end_ms) for word in aligned)


def _grouped(pieces: Sequence[Piece], language: str) -> list[list[Piece]]:
    """The pieces of each word."""
    return _with_marks(_groups(pieces, unspaced=language in _UNSPACED))


def _groups(pieces: Sequence[Piece], *, unspaced: bool) -> list[list[Piece]]:
    """Pieces of one word together; those of punctuation only may be groups of their own."""
    groups: list[list[Piece]] = []
    for piece in pieces:
        begins = piece.text[:1].isspace()
        if unspaced and groups and not begins:
            begins = _begins_character(piece.text, _text(groups[-1]))
        if begins or not groups:
            groups.append([])
        groups[-1].append(piece)
    return groups


def _begins_character(text: str, before: str) -> bool:
    """Whether ``text`` is a word of its own in a language written without spaces."""
    first, last = text[0], before[-1]
    if last.isspace() or _is_opening(last) or _is_combining(first):
        return False
    if not first.isalnum():
        return _is_opening(first)
    return not (first.isascii() and last.isascii() and last.isalnum())  # one Latin word or number


def _with_marks(groups: Sequence[list[Piece]]) -> list[list[Piece]]:
    """Groups of punctuation only go with the word before, or with the next where they open one."""
    words: list[list[Piece]] = []
    held: list[Piece] = []
    for group in groups:
        if any(piece.spoken for piece in group):
            words.append([*held, *group])
            held = []
        elif not words or held or _opens(_text(group).strip(), _text(words[-1])):
            held += group
        else:
            words[-1] += group
    if held and words:
        words[-1] += held
    return words


def _opens(mark: str, before: str) -> bool:
    """Whether a mark between two words goes with the second, as a speaker's dash does."""
    if not mark:
        return False
    is_dash = unicodedata.category(mark[0]) == "Pd"
    return _is_opening(mark[0]) or (is_dash and before.endswith(_SENTENCE_END))


def _aligned(group: Sequence[Piece]) -> Aligned:
    """Where the word's letters are: the time of punctuation is the pause's, not the word's."""
    spoken = [piece for piece in group if piece.spoken]
    return Aligned(_text(group).strip(), spoken[0].start_ms, spoken[-1].end_ms)


def _text(group: Sequence[Piece]) -> str:
    return "".join(piece.text for piece in group)


def _is_opening(character: str) -> bool:
    return unicodedata.category(character) in {"Ps", "Pi"} or character in "¿¡"


def _is_combining(character: str) -> bool:
    return unicodedata.category(character).startswith("M")
