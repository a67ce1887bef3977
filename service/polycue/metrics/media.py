"""Of ffmpeg's children and the sandbox around them."""

from polycue.metrics.registry import counter, gauge, histogram

SANDBOX = gauge(
    "polycue_sandbox_layer", "1 where this layer of ffmpeg's sandbox is in force.", ["layer"]
)

FFMPEG_RUNNING = gauge("polycue_ffmpeg_running", "Children of ffmpeg and ffprobe at work now.")
FFMPEG_SECONDS = histogram(
    "polycue_ffmpeg_seconds",
    "How long those were there, held back by who reads from them too; work is look (at a file),"
    " sound, pictures, copy (mux) or draw.",
    ["work"],
    buckets=(0.05, 0.2, 1, 5, 20, 60, 300, 1200, 3600),
)
FFMPEG_CPU_SECONDS = counter(
    "polycue_ffmpeg_cpu_seconds", "Time of processors that those took.", ["work"]
)
FFMPEG_ENDED = counter(
    "polycue_ffmpeg_ended",
    "Those that have ended: outcome is done, stopped (by us, nobody wanted more), failed (a status"
    " other than 0), over_limit, killed (by somebody else), timed_out or unconfined.",
    ["work", "outcome"],
)
