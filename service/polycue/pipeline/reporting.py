"""Reports on the tracks that a film or a file became."""

from collections.abc import Sequence
from dataclasses import replace

from polycue.cues.lint.sheet import Surroundings
from polycue.cues.presets import preset_of, rules_for
from polycue.cues.report import reading_speeds, report_on
from polycue.domain.cue import Cue, CueFlag
from polycue.domain.notice import Notice
from polycue.domain.report import Recognition, SpokenLanguage, TrackReport, Translation
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript
from polycue.pipeline.templates import translation_alone
from polycue.tracks.page.document import page
from polycue.tracks.page.subject import Subject


def reported(track: Track, options: LayoutOptions, transcript: Transcript | None) -> Track:
    """The track with a report of itself; ``transcript`` is what it was made from, if anything."""
    frame_rate = transcript.frame_rate if transcript else None
    rules = rules_for(options, track.language, frame_rate, translated=track.translated)
    preset = preset_of(options).name
    around = surroundings(track.cues, transcript)
    report = report_on(judged(track), rules, preset=preset, around=around)
    report = with_origin(report, track, transcript)
    return replace(track, report=report)


def judged(track: Track) -> tuple[Cue, ...]:
    """The cues that the rules are for: of a bilingual track the translation.

    Nobody reads both languages, and each has its own half of the lines.
    """
    return tuple(map(translation_alone, track.cues)) if track.second_language else track.cues


def with_origin(report: TrackReport, track: Track, transcript: Transcript | None) -> TrackReport:
    """The report with how the track came about: what the recogniser and translator have to say."""
    if transcript:
        report = replace(report, recognition=_recognition(transcript))
    if track.translated:
        kept = sum(CueFlag.KEPT_SOURCE in cue.flags for cue in track.cues)
        report = replace(report, translation=Translation(track.route, kept, track.fallbacks))
    return report


def _recognition(transcript: Transcript) -> Recognition:
    return Recognition(
        model=transcript.model,
        speech_ms=sum(span.duration_ms for span in transcript.speech) or None,
        languages=tuple(SpokenLanguage(*item) for item in transcript.languages.items() if item[1]),
        verdicts=transcript.defence,
    )


def page_of(track: Track, title: str, transcript: Transcript | None) -> str:
    """The report of a finished track as HTML for people."""
    if track.report is None:
        raise ValueError(f"the {track.language} track has no report")
    around = surroundings(track.cues, transcript)
    return report_page(title, track.cues, track.report, around, track.notices)


def surroundings(cues: Sequence[Cue], transcript: Transcript | None) -> Surroundings:
    """What is known of a film beside its cues; its cuts where all that matter to them are."""
    if transcript is None:
        return Surroundings()
    shots, end_ms = transcript.shots, cues[-1].end_ms if cues else 0
    cuts = shots.cuts_ms if shots and shots.known_until(end_ms) else None
    return Surroundings(transcript.speech, cuts, media_end_ms=transcript.duration_ms)


def report_page(
    title: str,
    cues: Sequence[Cue],
    report: TrackReport,
    around: Surroundings,
    notices: Sequence[Notice],
) -> str:
    """The report as HTML for people: one file that needs no other."""
    return page(
        Subject(
            title=title,
            cues=cues,
            report=report,
            speeds=reading_speeds(cues, report.language),
            speech=around.speech,
            cuts=around.cuts or (),
            media_end_ms=around.media_end_ms,
            notices=notices,
        )
    )
