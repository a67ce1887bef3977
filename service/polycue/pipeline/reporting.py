"""Reports on the tracks that a film or a file became."""

from dataclasses import replace

from polycue.cues.lint.sheet import Surroundings
from polycue.cues.presets import preset_of, rules_for
from polycue.cues.report import report_on
from polycue.domain.cue import CueFlag
from polycue.domain.report import Recognition, SpokenLanguage, TrackReport, Translation
from polycue.domain.request import LayoutOptions
from polycue.domain.track import Track
from polycue.domain.transcript import Transcript
from polycue.pipeline.templates import translation_alone


def reported(track: Track, options: LayoutOptions, transcript: Transcript | None) -> Track:
    """The track with a report of itself; ``transcript`` is what it was made from, if anything."""
    around, frame_rate = Surroundings(), None
    if transcript:
        around = Surroundings(transcript.speech, media_end_ms=transcript.duration_ms)
        frame_rate = transcript.frame_rate
    rules = rules_for(options, track.language, frame_rate)
    preset = preset_of(options).name
    cues = track.cues
    if track.second_language:  # nobody reads both, and each has its own half of the lines
        cues = tuple(map(translation_alone, cues))
    report = report_on(cues, rules, preset=preset, around=around)
    if transcript:
        report = with_recognition(report, transcript)
    if track.translated:
        kept = sum(CueFlag.KEPT_SOURCE in cue.flags for cue in track.cues)
        report = replace(report, translation=Translation(track.route, kept, track.fallbacks))
    return replace(track, report=report)


def with_recognition(report: TrackReport, transcript: Transcript) -> TrackReport:
    """The report with what the recogniser has to say."""
    recognition = Recognition(
        model=transcript.model,
        speech_ms=sum(span.duration_ms for span in transcript.speech) or None,
        languages=tuple(SpokenLanguage(*item) for item in transcript.languages.items() if item[1]),
        verdicts=transcript.defence,
    )
    return replace(report, recognition=recognition)
