"""The view of what waits and runs, in words that SQLite and PostgreSQL both take."""

# Part of a migration: never edited once released. SQLite reads bigint as INTEGER.
BACKLOG = """
CREATE VIEW backlog AS  -- read by autoscalers too, whose role may see nothing else
SELECT job.state AS state,
       count(*) AS jobs,
       CAST(sum(CASE WHEN job.length_ms = 0 THEN usual.length_ms
                     WHEN job.length_ms > job.media_ms THEN job.length_ms - job.media_ms
                     ELSE 0 END) AS bigint) AS audio_ms,
       min(CASE WHEN job.queued_ms = 0 THEN job.created_ms ELSE job.queued_ms END) AS since_ms
FROM job CROSS JOIN (
    -- What is assumed of one that nobody has probed: ten minutes while none has succeeded.
    SELECT CAST(coalesce(avg(length_ms), 600000) AS bigint) AS length_ms
    FROM (
        SELECT length_ms FROM job WHERE state = 'succeeded' AND length_ms > 0
        ORDER BY number DESC LIMIT 200
    ) AS latest
) AS usual
WHERE job.state IN ('queued', 'interrupted', 'running', 'cancelling')
GROUP BY job.state;
"""
