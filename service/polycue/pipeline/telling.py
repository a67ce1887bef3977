"""What there is to tell of a transcript: its languages, its doubts, who made it."""

from collections import Counter
from collections.abc import Iterator

from polycue.domain.chunk import ModelFacts
from polycue.domain.defence import Remedy
from polycue.domain.language import name, primary
from polycue.domain.notice import Notice, NoticeReason
from polycue.domain.transcript import Transcript

# Below this the detected language is told as a doubt: openai/whisper warns its users likewise.
UNCERTAIN_BELOW = 0.5

_REMEDIES = {
    Remedy.REDECODED: "was taken from a second hearing",
    Remedy.COLLAPSED: "repeated itself and was cut to one copy",
    Remedy.DROPPED: "was dropped, since nobody seems to have said it",
    Remedy.SUSPECTED: "is doubted, and its cues are flagged",
}


def notices_of(
    transcript: Transcript, facts: ModelFacts, decoded: tuple[Notice, ...]
) -> Iterator[Notice]:
    """What the recogniser's results give reason to say."""
    silent = any(notice.reason is NoticeReason.SILENT_AUDIO for notice in decoded)
    language, probability = transcript.language, transcript.language_probability
    if not transcript.words and not silent:
        yield Notice(NoticeReason.NO_SPEECH, "nobody speaks in this film, so it has no cues")
    if transcript.words and probability < UNCERTAIN_BELOW:
        yield Notice(
            NoticeReason.LANGUAGE_UNCERTAIN,
            f"the language is perhaps {name(language)} ({probability:.0%}); name it to be sure",
            {"language": language, "probability": f"{probability:.3f}"},
        )
    yield from _languages(transcript)
    yield from _doubts(transcript)
    if transcript.words and facts.demo:
        yield Notice(
            NoticeReason.DEMO_MODEL,
            f"{facts.name} is a demo model: it knows the small world of the demo film only",
            {"model": facts.name},
        )


def _languages(transcript: Transcript) -> Iterator[Notice]:
    """Of a film in several languages, and whether its tracks are named after a lesser one."""
    heard = {tag: ms for tag, ms in transcript.languages.items() if ms}
    if len(set(map(primary, heard))) < 2:
        return
    listed = ", ".join(f"{name(tag)} for {ms / 1000:.0f} s" for tag, ms in heard.items())
    message = f"several languages are spoken: {listed}"
    if primary(next(iter(heard))) != primary(transcript.language):
        message += f"; the tracks are named after {name(transcript.language)}, which comes first"
    facts = {tag: f"{ms / 1000:.3f}" for tag, ms in heard.items()}
    yield Notice(NoticeReason.SEVERAL_LANGUAGES, message, facts)


def _doubts(transcript: Transcript) -> Iterator[Notice]:
    counts = Counter(verdict.remedy for verdict in transcript.defence)
    if not counts:
        return
    parts = [f"{_stretches(counts[r])} {said}" for r, said in _REMEDIES.items() if counts[r]]
    facts = {remedy.value: str(counts[remedy]) for remedy in Remedy}
    yield Notice(NoticeReason.SPEECH_DOUBTED, "; ".join(parts), facts)


def _stretches(count: int) -> str:
    return f"what was heard in {count} {'place' if count == 1 else 'places'}"
