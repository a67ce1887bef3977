"""Of pieces of work, jobs and clips alike: how long they took, and what came of them."""

from polycue.metrics.registry import counter, histogram

STAGE_SECONDS = histogram(
    "polycue_stage_seconds",
    "How long each stage of a piece of work took that came to it; stages run beside each other:"
    " listen is from the first sound until all is heard, translate and layout are of all tracks.",
    ["stage"],
    buckets=(0.01, 0.1, 0.5, 2, 10, 30, 120, 600, 1800, 7200),
)
TRACKS = counter(
    "polycue_tracks",
    "Tracks that were finished; kind is subtitles, captions or forced, made is heard, translated or"
    " retimed.",
    ["kind", "made"],
)
CUES = counter("polycue_cues", "Cues of those tracks.", ["kind", "made"])
VIOLATIONS = counter(
    "polycue_track_violations",
    "Breaches of the preset's rules in those tracks, such as reading_speed; severity is hard or"
    " soft.",
    ["rule", "severity"],
)
FALLBACKS = counter(
    "polycue_translation_fallbacks",
    "Sentences in them whose first translation was not fit to be shown, by what was wrong and what"
    " stands instead (kept_source: the sentence as it was spoken).",
    ["reason", "instead"],
)
WORDS = counter("polycue_words", "Words in transcripts, after the defence against made-up ones.")
DOUBTS = counter(
    "polycue_doubts",
    "Stretches of words that perhaps nobody said, by what was done: redecoded, collapsed, dropped"
    " or suspected.",
    ["remedy"],
)
DOUBT_SIGNALS = counter(
    "polycue_doubt_signals",
    "The signs against those stretches; one that was dropped has two at least.",
    ["remedy", "signal"],
)
NOTICES = counter(
    "polycue_notices", "What went less than perfectly and was told with results.", ["reason"]
)
