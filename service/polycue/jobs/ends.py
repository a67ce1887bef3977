"""What metrics, traces and the log are told of a job that has ended or was let go."""

from polycue import metrics, telemetry
from polycue.jobs.asked import tell_end
from polycue.jobs.job import Job

log = telemetry.logger(__name__)


def tell_of_end(job: Job, now_ms: int) -> None:
    reason = job.failure.reason if job.failure else ""
    if job.ended:
        metrics.JOBS_ENDED.labels(state=job.state.value, reason=reason).inc()
        took_ms = max(0, now_ms - job.created_ms)
        metrics.JOB_SECONDS.labels(state=job.state.value).observe(took_ms / 1000)
        tell_end(job.asked, job.id, job.state.value, reason, job.epoch)
    else:
        metrics.JOBS_LET_GO.labels(reason=reason).inc()
    facts = {"reason": reason} if reason else {}
    with telemetry.bound(request_id=job.asked.request_id, job=job.id):
        log.info("job ended" if job.ended else "job let go", state=job.state.value, **facts)
