"""Reports to messages, and what a lint call asks for."""

from fractions import Fraction

from polycue.api.v1 import report_pb2, subtitles_pb2
from polycue.cues.lint.catalogue import chosen
from polycue.domain.defence import Verdict
from polycue.domain.errors import InvalidRequest
from polycue.domain.report import (
    Distribution,
    Gaps,
    Recognition,
    RuleResult,
    Severity,
    TrackReport,
    Translation,
    Violation,
)
from polycue.domain.translation import Fallback
from polycue.pipeline.linting import LintOptions, frame_rate_of
from polycue.rpc.convert import times
from polycue.rpc.convert.layout import layout_options

_SEVERITIES = {
    Severity.HARD: report_pb2.RULE_SEVERITY_HARD,
    Severity.SOFT: report_pb2.RULE_SEVERITY_SOFT,
}
_LONGEST_MEDIA_MS = 7 * 24 * 3_600_000


def lint_options(request: subtitles_pb2.LintSubtitlesRequest) -> LintOptions:
    """What to hold cues against.

    Raises:
        InvalidRequest: a preset, a rule or a number cannot be right; the error names its field.
    """
    media_end_ms = None
    if request.HasField("media_duration"):
        media_end_ms = times.milliseconds(
            request.media_duration, "media_duration", low_ms=1, high_ms=_LONGEST_MEDIA_MS
        )
    return LintOptions(
        layout=layout_options(request.layout, "layout"),
        wanted=chosen(request.rules, request.ignored_rules),
        frame_rate=_frame_rate(request),
        media_end_ms=media_end_ms,
    )


def _frame_rate(request: subtitles_pb2.LintSubtitlesRequest) -> Fraction | None:
    if not request.HasField("frame_rate"):
        return None
    try:
        return frame_rate_of(repr(request.frame_rate))
    except ValueError as error:
        raise InvalidRequest("frame_rate", str(error)) from error


def report(value: TrackReport | None) -> report_pb2.TrackReport | None:
    if value is None:
        return None
    return report_pb2.TrackReport(
        language_code=value.language,
        preset=value.preset,
        frame_rate=float(value.frame_rate) if value.frame_rate else None,
        cue_count=value.cue_count,
        clean_cue_count=value.clean_cue_count,
        rules=map(_rule, value.rules),
        violations=map(_violation, value.violations),
        violations_left_out=value.violations_left_out,
        reading_speed=_distribution(value.reading_speed),
        reading_speed_over=value.reading_speed_over,
        stays=_distribution(value.stays),
        chars=_distribution(value.chars),
        gaps=_gaps(value.gaps),
        iwslt_conformity=value.iwslt,
        low_confidence_count=value.low_confidence_count,
        suspect_count=value.suspect_count,
        recognition=_recognition(value.recognition) if value.recognition else None,
        translation=_translation(value.translation) if value.translation else None,
    )


def _rule(value: RuleResult) -> report_pb2.RuleResult:
    return report_pb2.RuleResult(
        rule=value.rule.value,
        severity=_SEVERITIES[value.severity],
        title=value.title,
        unit=value.unit,
        limit=value.limit,
        count=value.count,
        per_thousand=value.per_thousand,
        why_not=value.why_not,
    )


def _violation(value: Violation) -> report_pb2.Violation:
    return report_pb2.Violation(
        rule=value.rule.value,
        cue_index=value.cue,
        measured=value.measured,
        limit=value.limit,
        detail=value.detail,
    )


def _distribution(value: Distribution | None) -> report_pb2.Distribution | None:
    if value is None:
        return None
    return report_pb2.Distribution(
        p5=value.p5, p50=value.p50, p90=value.p90, p95=value.p95, max=value.max
    )


def _gaps(value: Gaps) -> report_pb2.GapCounts:
    return report_pb2.GapCounts(
        touching=value.touching,
        below_minimum=value.below_minimum,
        closed=value.closed,
        flicker=value.flicker,
        seen=value.seen,
    )


def _recognition(value: Recognition) -> report_pb2.RecognitionFacts:
    speech = None if value.speech_ms is None else times.duration(value.speech_ms)
    return report_pb2.RecognitionFacts(
        model=value.model,
        speech_duration=speech,
        languages=[
            report_pb2.SpokenLanguage(
                language_code=spoken.language, duration=times.duration(spoken.duration_ms)
            )
            for spoken in value.languages
        ],
        verdicts=map(_verdict, value.verdicts),
    )


def _verdict(value: Verdict) -> report_pb2.DefenceVerdict:
    return report_pb2.DefenceVerdict(
        start_offset=times.duration(value.start_ms),
        end_offset=times.duration(value.end_ms),
        remedy=value.remedy.value,
        text=value.text,
        signals=[signal.value for signal in value.signals],
        replacement=value.replacement,
    )


def _translation(value: Translation) -> report_pb2.TranslationFacts:
    return report_pb2.TranslationFacts(
        route=value.route,
        kept_source_count=value.kept_source_count,
        fallbacks=map(_fallback, value.fallbacks),
    )


def _fallback(value: Fallback) -> report_pb2.TranslationFallback:
    return report_pb2.TranslationFallback(
        start_offset=times.duration(value.start_ms),
        end_offset=times.duration(value.end_ms),
        source=value.source,
        reason=value.reason.value,
        rung=value.rung.value,
        route=value.route,
    )
