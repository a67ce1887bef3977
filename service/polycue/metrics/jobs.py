"""Of jobs: what waits, what is worked on, how it ends, who follows it."""

from polycue.metrics.registry import counter, gauge, histogram

JOBS = gauge("polycue_jobs", "Jobs of this store now.", ["state"])
JOBS_ENDED = counter(
    "polycue_jobs_ended",
    "Jobs whose work ended on this server, or that it gave up; one cancelled while it waited"
    " is not counted; reason is empty unless they failed.",
    ["state", "reason"],
)
LEASES_LOST = counter(
    "polycue_leases_lost", "Jobs this server had to drop because another has them."
)

JOB_AUDIO = gauge(
    "polycue_job_audio_seconds",
    "Sound that jobs of this store which have not ended still have before them, by state; where"
    " nobody knows a job's length yet, the mean of those that succeeded.",
    ["state"],
)
JOB_OLDEST_WAIT = gauge(
    "polycue_job_oldest_wait_seconds",
    "For how long the first of the jobs of this store that wait, queued or interrupted, has.",
)
JOB_WAIT = histogram(
    "polycue_job_wait_seconds",
    "How long jobs that this server took had waited for somebody to take them, the pauses before"
    " another try among it.",
    buckets=(0.1, 1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600),
)
JOB_SECONDS = histogram(
    "polycue_job_seconds",
    "From when a job was created until it ended on this server, by how it ended.",
    ["state"],
    buckets=(1, 5, 15, 60, 300, 900, 3600, 4 * 3600, 24 * 3600),
)
JOBS_AT_WORK = gauge("polycue_jobs_at_work", "Jobs that this server works on now.")
JOB_PLACES = gauge("polycue_job_places", "Jobs that it may work on at once.")
JOBS_LET_GO = counter(
    "polycue_jobs_let_go",
    "Jobs that this server let go before their end, for it or another to take up again; reason is"
    " why they wait, empty where the server stopped.",
    ["reason"],
)
FEED_EVENTS = counter(
    "polycue_feed_events",
    "What happened to jobs, for who watches them: fate is kept, merged (newer progress of the same"
    " stage took its place) or forgotten (as much as is kept had come after it).",
    ["fate"],
)
WATCH_GAPS = counter(
    "polycue_watch_gaps",
    "Times that a watcher was so slow that events it had not read were forgotten, and was given a"
    " snapshot instead.",
)
