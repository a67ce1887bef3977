"""The tables of the SQLite file, as they came to be."""

from polycue.jobs.store.backlog_view import BACKLOG

# One entry takes the file from one version to the next; entries are never edited once released.
MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE job (
        number       INTEGER PRIMARY KEY AUTOINCREMENT,  -- never given twice: page tokens hold it
        id           TEXT NOT NULL UNIQUE,
        request_id   TEXT UNIQUE,
        fingerprint  TEXT NOT NULL,
        state        TEXT NOT NULL,
        labels       TEXT NOT NULL,  -- JSON object
        inputs       TEXT NOT NULL,  -- JSON array
        spec         BLOB NOT NULL,
        created_ms   INTEGER NOT NULL,
        started_ms   INTEGER,
        ended_ms     INTEGER,
        expires_ms   INTEGER,
        ttl_ms       INTEGER NOT NULL,
        language     TEXT NOT NULL,
        stages       TEXT NOT NULL,  -- JSON, as are the next three
        notices      TEXT NOT NULL,
        artifacts    TEXT NOT NULL,
        failure      TEXT
    ) STRICT;
    CREATE INDEX job_by_state ON job (state, number);
    CREATE INDEX job_by_expiry ON job (expires_ms) WHERE expires_ms IS NOT NULL;
    CREATE TABLE upload (
        id               TEXT PRIMARY KEY,
        request_id       TEXT UNIQUE,
        fingerprint      TEXT NOT NULL,
        filename         TEXT NOT NULL,
        size_bytes       INTEGER NOT NULL,
        committed_bytes  INTEGER NOT NULL,
        sha256           BLOB NOT NULL,
        complete         INTEGER NOT NULL,
        ttl_ms           INTEGER NOT NULL,
        expires_ms       INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX upload_by_expiry ON upload (expires_ms);
    """,
    """
    CREATE TABLE job_2 (
        number          INTEGER PRIMARY KEY AUTOINCREMENT,  -- as before
        id              TEXT NOT NULL UNIQUE,
        tenant          TEXT NOT NULL,
        request_id      TEXT,
        fingerprint     TEXT NOT NULL,
        content_key     TEXT NOT NULL,
        state           TEXT NOT NULL,
        labels          TEXT NOT NULL,
        inputs          TEXT NOT NULL,
        spec            BLOB NOT NULL,
        created_ms      INTEGER NOT NULL,
        started_ms      INTEGER,
        ended_ms        INTEGER,
        expires_ms      INTEGER,
        ttl_ms          INTEGER NOT NULL,
        language        TEXT NOT NULL,
        stages          TEXT NOT NULL,
        notices         TEXT NOT NULL,
        artifacts       TEXT NOT NULL,
        failure         TEXT,
        kept_bytes      INTEGER NOT NULL,
        media_ms        INTEGER NOT NULL,
        owner           TEXT NOT NULL,
        epoch           INTEGER NOT NULL,
        lease_until_ms  INTEGER NOT NULL,  -- of an interrupted job: when it may be claimed again
        attempts        INTEGER NOT NULL,
        reached         TEXT NOT NULL,
        plan_hash       TEXT NOT NULL,
        resumed_by      TEXT NOT NULL,
        UNIQUE (tenant, request_id)
    ) STRICT;
    INSERT INTO job_2
    SELECT number, id, 'local', request_id, fingerprint, '',
           CASE state WHEN 'interrupted' THEN 'failed' ELSE state END,  -- which was an end then
           labels, inputs, spec, created_ms, started_ms, ended_ms, expires_ms, ttl_ms, language,
           stages, notices, artifacts, failure,
           length(spec) +
               (SELECT coalesce(sum(value ->> 'size_bytes'), 0) FROM json_each(artifacts)),
           0, '', 0, 0, 0, '', '', ''
    FROM job;
    DELETE FROM sqlite_sequence WHERE name = 'job_2';
    INSERT INTO sqlite_sequence SELECT 'job_2', seq FROM sqlite_sequence WHERE name = 'job';
    DROP TABLE job;
    ALTER TABLE job_2 RENAME TO job;
    CREATE INDEX job_by_state ON job (state, number);
    CREATE INDEX job_by_tenant ON job (tenant, number);
    CREATE INDEX job_by_content ON job (tenant, content_key) WHERE content_key <> '';
    CREATE INDEX job_by_room ON job (tenant, kept_bytes);  -- they are summed for every new one
    CREATE INDEX job_by_expiry ON job (expires_ms) WHERE expires_ms IS NOT NULL;
    CREATE TABLE chunk (
        job     TEXT NOT NULL,
        stage   TEXT NOT NULL,
        number  INTEGER NOT NULL,
        data    BLOB NOT NULL,
        PRIMARY KEY (job, stage, number)
    ) STRICT;
    CREATE TABLE told (
        job     TEXT NOT NULL,
        number  INTEGER NOT NULL,  -- of the last event in data
        data    BLOB NOT NULL,
        PRIMARY KEY (job, number)
    ) STRICT;
    CREATE TABLE turn (
        tenant  TEXT PRIMARY KEY,
        served  INTEGER NOT NULL  -- greater than that of whoever was served before
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE media_use (
        tenant    TEXT NOT NULL,
        hour      INTEGER NOT NULL,  -- since the epoch
        media_ms  INTEGER NOT NULL,
        PRIMARY KEY (tenant, hour)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE identity (id TEXT NOT NULL) STRICT;  -- one row
    INSERT INTO identity VALUES (lower(hex(randomblob(16))));
    CREATE TABLE upload_2 (
        id               TEXT PRIMARY KEY,
        tenant           TEXT NOT NULL,
        request_id       TEXT,
        fingerprint      TEXT NOT NULL,
        filename         TEXT NOT NULL,
        size_bytes       INTEGER NOT NULL,
        committed_bytes  INTEGER NOT NULL,
        parts            TEXT NOT NULL,  -- JSON
        sha256           BLOB NOT NULL,
        complete         INTEGER NOT NULL,
        ttl_ms           INTEGER NOT NULL,
        expires_ms       INTEGER NOT NULL,
        UNIQUE (tenant, request_id)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO upload_2
    SELECT id, 'local', request_id, fingerprint, filename, size_bytes, committed_bytes, '[]',
           sha256, complete, ttl_ms, expires_ms
    FROM upload;
    DROP TABLE upload;
    ALTER TABLE upload_2 RENAME TO upload;
    CREATE INDEX upload_by_expiry ON upload (expires_ms);
    """,
    """
    ALTER TABLE job ADD COLUMN engine_usage TEXT NOT NULL DEFAULT '{}';  -- JSON
    """,
    """
    ALTER TABLE job ADD COLUMN length_ms INTEGER NOT NULL DEFAULT 0;  -- of its media; 0: not known
    ALTER TABLE job ADD COLUMN queued_ms INTEGER NOT NULL DEFAULT 0;  -- 0: as ever since created
    """
    + BACKLOG,
    """
    ALTER TABLE job ADD COLUMN asked TEXT NOT NULL DEFAULT '{}';  -- JSON: for logs and traces
    """,
)
