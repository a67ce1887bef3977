"""A report as JSON, by itself or within its track; ``docs/report.md`` describes it."""

import json

from polycue.domain.report import (
    Distribution,
    Recognition,
    RuleResult,
    TrackReport,
    Translation,
    Violation,
)
from polycue.tracks import json_defence, json_fallbacks
from polycue.tracks.text import without_surrogates

FORMAT = "polycue-report"
VERSION = 1  # goes up when a reader of the last one would go wrong; new fields alone leave it

Json = dict[str, object]


def write(report: TrackReport) -> str:
    """A document of its own, a line for each field, each rule and each violation."""
    head = {"format": FORMAT, "version": VERSION} | document(report)
    encode = json.JSONEncoder(ensure_ascii=False, allow_nan=False).encode

    def row(value: object) -> str:
        if isinstance(value, list) and value and isinstance(value[0], dict):
            return "[" + ",".join(f"\n    {encode(item)}" for item in value) + "\n  ]"
        return encode(value)

    rows = ",\n".join(f"  {encode(name)}: {row(value)}" for name, value in head.items())
    return without_surrogates("{\n" + rows + "\n}\n")


def document(report: TrackReport) -> Json:
    return {
        "language": report.language,
        "preset": report.preset,
        "frame_rate": str(report.frame_rate) if report.frame_rate else None,
        "cues": report.cue_count,
        "clean_cues": report.clean_cue_count,
        "rules": [_rule(result) for result in report.rules],
        "reading_speed": _distribution(report.reading_speed),
        "reading_speed_over": report.reading_speed_over,
        "stays_ms": _distribution(report.stays),
        "chars": _distribution(report.chars),
        "gaps": {
            "touching": report.gaps.touching,
            "below_minimum": report.gaps.below_minimum,
            "closed": report.gaps.closed,
            "flicker": report.gaps.flicker,
            "seen": report.gaps.seen,
        },
        "iwslt": report.iwslt,
        "low_confidence": report.low_confidence_count,
        "suspect": report.suspect_count,
        "recognition": _recognition(report.recognition) if report.recognition else None,
        "translation": _translation(report.translation) if report.translation else None,
        "violations": [_violation(violation) for violation in report.violations],
        "violations_left_out": report.violations_left_out,
    }


def _rule(result: RuleResult) -> Json:
    return {
        "rule": result.rule.value,
        "severity": result.severity.value,
        "title": result.title,
        "limit": result.limit,
        "unit": result.unit,
        "count": result.count,
        "per_thousand": result.per_thousand,
        "why_not": result.why_not,
    }


def _distribution(values: Distribution | None) -> Json | None:
    if values is None:
        return None
    return {
        "p5": values.p5,
        "p50": values.p50,
        "p90": values.p90,
        "p95": values.p95,
        "max": values.max,
    }


def _recognition(recognition: Recognition) -> Json:
    return {
        "model": recognition.model,
        "speech_ms": recognition.speech_ms,
        "languages_ms": {spoken.language: spoken.duration_ms for spoken in recognition.languages},
        "defence": json_defence.write(recognition.verdicts),
    }


def _translation(translation: Translation) -> Json:
    return {
        "route": list(translation.route),
        "kept_source": translation.kept_source_count,
        "fallbacks": json_fallbacks.write(translation.fallbacks),
    }


def _violation(violation: Violation) -> Json:
    """Only what there is to say: there may be thousands."""
    written: Json = {"cue": violation.cue, "rule": violation.rule.value}
    if violation.measured is not None:
        written["measured"] = violation.measured
    if violation.limit is not None:
        written["limit"] = violation.limit
    if violation.detail:
        written["detail"] = violation.detail
    return written
