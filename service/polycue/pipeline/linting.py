"""Subtitle texts, anybody's, held against the rules."""

import re
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from fractions import Fraction

from polycue.cues.frames import FASTEST_FPS, SLOWEST_FPS
from polycue.cues.lint.glyphs import described
from polycue.cues.lint.sheet import Checked, NotChecked, Outcome, Surroundings
from polycue.cues.presets import preset_of, rules_for
from polycue.cues.report import ALL_RULES, report_on
from polycue.domain.cue import Cue
from polycue.domain.errors import UnknownLanguage
from polycue.domain.language import UNDETERMINED, canonical
from polycue.domain.notice import Notice
from polycue.domain.report import LintRule, TrackReport, Violation
from polycue.domain.request import LayoutOptions
from polycue.domain.track import TrackFormat
from polycue.pipeline.reporting import judged, report_page, surroundings, with_origin
from polycue.tracks import json_track
from polycue.tracks.files import parse
from polycue.tracks.reading import Faults, Reading
from polycue.tracks.size import require_readable
from polycue.tracks.validate import validate

_RATE = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,20}|/0*[1-9][0-9]{0,5})?")  # no exponents

# What readers leave out of text and no player shows. A tab and a line's end are meant.
_UNSHOWN = re.compile("[\0-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\ufeff\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What to hold cues against. ``wanted`` are the rules; what is None is not known."""

    layout: LayoutOptions = field(default_factory=LayoutOptions)
    wanted: Collection[LintRule] = ALL_RULES
    frame_rate: Fraction | None = None
    media_end_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Linted:
    """The cues of a file in its own order, and what there is to say of them."""

    cues: tuple[Cue, ...]
    report: TrackReport
    notices: tuple[Notice, ...]
    around: Surroundings

    def page(self, title: str) -> str:
        """The report as HTML for people."""
        return report_page(title, self.cues, self.report, self.around, self.notices)


def frame_rate_of(text: str) -> Fraction:
    """A film's frames a second, from ``25``, ``23.976`` or ``24000/1001``.

    Raises:
        ValueError: it is no number, or none that tells when pictures change.
    """
    if not _RATE.fullmatch(text):
        raise ValueError(f"{text[:40]!r} is no frame rate; write 25, 23.976 or 24000/1001")
    rate = Fraction(text)
    if not SLOWEST_FPS <= rate <= FASTEST_FPS:
        raise ValueError(f"{text[:40]} is not within {SLOWEST_FPS} to {FASTEST_FPS}")
    whole = round(rate)
    broadcast = Fraction(1000 * whole, 1001)  # 23.976 and 29.97 stand for these
    return broadcast if abs(rate - broadcast) < Fraction(1, 200) else rate


def lint_text(text: str, track_format: TrackFormat, language: str, options: LintOptions) -> Linted:
    """Look through a subtitle file.

    ``language`` is BCP-47, "" takes what the file itself says, and "und" where it says nothing.

    Raises:
        InvalidRequest: there is no such preset, or a number of the layout is out of bounds.
        LimitExceeded: the text has more cues than are looked through.
        SubtitleSyntax: it is not of that format.
    """
    rules_for(options.layout, language or UNDETERMINED, None)  # before any work
    reading, document = _read(text, track_format)
    track, transcript = (document.track, document.transcript) if document else (None, None)
    rate = options.frame_rate or (transcript.frame_rate if transcript else None)
    rules = rules_for(
        options.layout,
        language or _own_language(reading),
        rate,
        translated=track is not None and track.translated,
    )
    around = surroundings(reading.cues, transcript)
    around = replace(
        around,
        media_end_ms=options.media_end_ms or around.media_end_ms,
        file=_in_file(text, track_format, reading),
    )
    preset = preset_of(options.layout).name
    cues = judged(track) if track else reading.cues
    report = report_on(cues, rules, preset=preset, around=around, wanted=options.wanted)
    if track:
        report = with_origin(report, track, transcript)
    return Linted(reading.cues, report, reading.notices, around)


def _read(text: str, track_format: TrackFormat) -> tuple[Reading, json_track.Document | None]:
    """The cues as they stand in the file, and all of a JSON track."""
    if track_format is not TrackFormat.JSON:
        return parse(text, track_format), None
    require_readable(text, track_format)
    document = json_track.read_document(text)
    track = document.track
    return Reading(track.cues, track.notices, Faults(), track.language), document


def _own_language(reading: Reading) -> str:
    """What the file says it is in; "und" where it does not, or it is no language."""
    try:
        return canonical(reading.language) if reading.language else UNDETERMINED
    except UnknownLanguage:
        return UNDETERMINED


def _in_file(text: str, track_format: TrackFormat, reading: Reading) -> dict[LintRule, Outcome]:
    """What can be seen of the file and no more of its cues."""
    outcomes: dict[LintRule, Outcome] = {}
    if track_format is TrackFormat.VTT:
        outcomes[LintRule.VTT_SYNTAX] = Checked(
            [Violation(LintRule.VTT_SYNTAX, 0, detail=str(broken)) for broken in validate(text)]
        )
    if track_format is not TrackFormat.JSON:
        outcomes[LintRule.GLYPH] = Checked(_unshown(text))
    if reading.faults is None:
        unknown = NotChecked(f"reading {track_format} repairs it without a word")
        return outcomes | {LintRule.EMPTY: unknown, LintRule.TIMES: unknown}
    outcomes[LintRule.EMPTY] = _at_lines(LintRule.EMPTY, reading.faults.empty)
    outcomes[LintRule.TIMES] = _at_lines(LintRule.TIMES, reading.faults.times)
    return outcomes


def _at_lines(rule: LintRule, lines: Collection[int]) -> Checked:
    return Checked([Violation(rule, 0, detail=f"line {line}") for line in lines])


def _unshown(text: str) -> list[Violation]:
    """One for each line that has such a character; the mark that begins a file is none."""
    found: dict[int, Violation] = {}
    line, done = 1, 0
    for bad in _UNSHOWN.finditer(text, text.startswith("\ufeff")):
        line += text.count("\n", done, bad.start())
        done = bad.start()
        detail = f"line {line}: {described(bad[0])}"
        found.setdefault(line, Violation(LintRule.GLYPH, 0, detail=detail))
    return list(found.values())
