-- Deliveries, snapshots, jobs, events and the audit trail. Times are RFC 3339 text in UTC (`…Z`).

CREATE TABLE delivery (
    delivery        INTEGER PRIMARY KEY AUTOINCREMENT,
    delivery_status TEXT NOT NULL CHECK (delivery_status IN ('received', 'reading', 'taken', 'refused')),
    "full"          INTEGER NOT NULL CHECK ("full" IN (0, 1)),
    format          TEXT,
    size_bytes      INTEGER NOT NULL,
    sha256          TEXT NOT NULL,
    spool           TEXT,
    completed       REAL NOT NULL DEFAULT 0,
    files           INTEGER NOT NULL DEFAULT 0,
    refused_files   INTEGER NOT NULL DEFAULT 0,
    new_cases       INTEGER NOT NULL DEFAULT 0,
    changed_cases   INTEGER NOT NULL DEFAULT 0,
    unchanged_cases INTEGER NOT NULL DEFAULT 0,
    removed_cases   INTEGER NOT NULL DEFAULT 0,
    finding_count   INTEGER NOT NULL DEFAULT 0,
    actor           TEXT NOT NULL,
    worker          INTEGER,
    attempt         INTEGER NOT NULL DEFAULT 0,
    received_at     TEXT NOT NULL,
    completed_at    TEXT
) STRICT;
CREATE INDEX delivery_open ON delivery (delivery) WHERE delivery_status IN ('received', 'reading');

CREATE TABLE delivery_organization (
    delivery        INTEGER NOT NULL REFERENCES delivery,
    organization_id TEXT NOT NULL REFERENCES organization,
    changed_cases   INTEGER NOT NULL,
    PRIMARY KEY (delivery, organization_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX delivery_organization_by ON delivery_organization (organization_id, delivery);

-- Stored findings of a delivery (see storage/deliveries.py for the limits); `delivery.finding_count` counts all.
CREATE TABLE finding (
    delivery INTEGER NOT NULL REFERENCES delivery,
    nr       INTEGER NOT NULL,
    severity TEXT NOT NULL,
    code     TEXT NOT NULL,
    file     INTEGER NOT NULL,
    line     INTEGER NOT NULL,
    element  TEXT NOT NULL,
    detail   TEXT NOT NULL,
    PRIMARY KEY (delivery, nr)
) STRICT, WITHOUT ROWID;

-- Sources that a delivery is being imported into (rule S5, docs/api.md): inserted at the first change of the source,
-- deleted in the last transaction of the delivery.
CREATE TABLE lesing (
    kilde    INTEGER NOT NULL REFERENCES kilde,
    delivery INTEGER NOT NULL REFERENCES delivery,
    PRIMARY KEY (kilde, delivery)
) STRICT, WITHOUT ROWID;

CREATE TABLE snapshot (
    snapshot            INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id     TEXT NOT NULL REFERENCES organization,
    period_id           TEXT NOT NULL,
    period_order        TEXT NOT NULL,
    snapshot_status     TEXT NOT NULL CHECK (snapshot_status IN ('processing', 'failed', 'current', 'historical')),
    cache_valid         INTEGER NOT NULL CHECK (cache_valid IN (0, 1)),
    invalidated         INTEGER NOT NULL DEFAULT 0 CHECK (invalidated IN (0, 1)),
    created_at          TEXT NOT NULL,
    aggregated_at       TEXT,
    completion          INTEGER NOT NULL DEFAULT 0,
    stamp               TEXT,
    facts               TEXT,
    populated           INTEGER NOT NULL DEFAULT 0,
    errors              INTEGER NOT NULL DEFAULT 0,
    warnings            INTEGER NOT NULL DEFAULT 0,
    notices             INTEGER NOT NULL DEFAULT 0,
    last_job            INTEGER NOT NULL DEFAULT 0,
    document            BLOB,
    etag                TEXT,
    rendered_from       TEXT,
    CHECK ((aggregated_at IS NULL) = (completion = 0)),
    CHECK (aggregated_at IS NOT NULL OR snapshot_status IN ('processing', 'failed')),
    CHECK (aggregated_at IS NOT NULL OR cache_valid = 0)
) STRICT;
CREATE UNIQUE INDEX one_current ON snapshot (organization_id) WHERE snapshot_status = 'current';
CREATE INDEX snapshot_by_organization ON snapshot (organization_id, period_order DESC, snapshot DESC);
CREATE INDEX snapshot_by_period ON snapshot (period_order DESC, snapshot DESC);

CREATE TABLE verdi (
    snapshot    INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
    field_key   TEXT NOT NULL,
    verdi       ANY,
    data_source TEXT,
    PRIMARY KEY (snapshot, field_key)
) STRICT, WITHOUT ROWID;

-- No foreign key to snapshot: a job stays readable after its snapshot was deleted (section 5, docs/api.md).
CREATE TABLE job (
    job             INTEGER PRIMARY KEY AUTOINCREMENT,
    snapshot        INTEGER NOT NULL,
    organization_id TEXT NOT NULL,
    period_id       TEXT NOT NULL,
    automatic       INTEGER NOT NULL CHECK (automatic IN (0, 1)),
    job_status      TEXT NOT NULL CHECK (job_status IN ('waiting', 'running', 'completed', 'failed', 'cancelled')),
    requested_by    TEXT NOT NULL,
    reason          TEXT,
    completed       REAL NOT NULL DEFAULT 0,
    estimate        INTEGER NOT NULL,
    detail          TEXT,
    stamp           TEXT,
    attempt         INTEGER NOT NULL DEFAULT 0,
    worker          INTEGER,
    cases           INTEGER NOT NULL,
    seconds         REAL,
    created_at      TEXT NOT NULL,
    started_at      TEXT,
    ended_at        TEXT,
    CHECK ((worker IS NOT NULL) = (job_status = 'running')),
    CHECK ((ended_at IS NOT NULL) = (job_status IN ('completed', 'failed', 'cancelled')))
) STRICT;
CREATE UNIQUE INDEX one_waits ON job (snapshot) WHERE job_status = 'waiting';
CREATE UNIQUE INDEX one_runs ON job (snapshot) WHERE job_status = 'running';
CREATE INDEX job_open ON job (job) WHERE job_status IN ('waiting', 'running');
CREATE INDEX job_by_snapshot ON job (snapshot, job);

-- Scheduled automatic aggregations (rule S6): due at the earlier of the two times, in seconds since the epoch.
CREATE TABLE due (
    organization_id TEXT PRIMARY KEY REFERENCES organization,
    quiet_at        REAL NOT NULL,
    latest_at       REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- Periods with a snapshot that was deleted by DELETE: they get no automatic first snapshot (rule S6).
CREATE TABLE deleted_period (
    organization_id TEXT NOT NULL,
    period_id       TEXT NOT NULL,
    PRIMARY KEY (organization_id, period_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE event (
    event           INTEGER PRIMARY KEY AUTOINCREMENT,
    type            TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    period_id       TEXT,
    snapshot        INTEGER,
    data            BLOB NOT NULL
) STRICT;

CREATE TABLE audit (
    audit           INTEGER PRIMARY KEY AUTOINCREMENT,
    at              TEXT NOT NULL,
    actor           TEXT NOT NULL,
    action          TEXT NOT NULL,
    organization_id TEXT NOT NULL,
    period_id       TEXT,
    snapshot        INTEGER,
    job             INTEGER,
    delivery        INTEGER,
    reason          TEXT,
    field_key       TEXT,
    verdi_before    ANY,
    verdi_after     ANY
) STRICT;
CREATE INDEX audit_by_snapshot ON audit (snapshot, audit);

-- Stored POST responses by Idempotency-Key (rule H3); `status` is NULL while the first request runs.
CREATE TABLE idempotency (
    door       TEXT NOT NULL,
    key        TEXT NOT NULL,
    body       BLOB NOT NULL,
    status     INTEGER,
    location   TEXT,
    answer     BLOB,
    worker     INTEGER,
    created_at TEXT NOT NULL,
    PRIMARY KEY (door, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE worker (
    worker INTEGER PRIMARY KEY AUTOINCREMENT,
    since  TEXT NOT NULL
) STRICT;

CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;
