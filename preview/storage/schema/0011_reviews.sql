-- Reviews of reports (docs/api.md, Reviews): what people decide, and the state that follows from it.

-- An approval never changes; its withdrawal is a row of its own. The newest one of a report is in force until withdrawn.
CREATE TABLE approval (
    approval        INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    snapshot        INTEGER NOT NULL,
    approved_by     TEXT NOT NULL,
    stated_name     TEXT,
    note            TEXT,
    approved_at     TEXT NOT NULL,
    field_values    TEXT NOT NULL,
    document        BLOB NOT NULL,
    etag            TEXT NOT NULL
) STRICT;
CREATE INDEX approval_of_report ON approval (organization_id, period_id, approval);
CREATE TRIGGER approval_never_changes BEFORE UPDATE ON approval
BEGIN
    SELECT RAISE(ABORT, 'an approval never changes');
END;

CREATE TABLE withdrawal (
    approval     INTEGER PRIMARY KEY REFERENCES approval,
    withdrawn_by TEXT NOT NULL,
    reason       TEXT NOT NULL,
    withdrawn_at TEXT NOT NULL
) STRICT;

-- `named_values` is what the acknowledged deviation said: the acknowledgement has lapsed while it says something else.
CREATE TABLE acknowledgement (
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    rule_id         TEXT NOT NULL,
    field_key       TEXT NOT NULL,
    reason          TEXT NOT NULL,
    acknowledged_by TEXT NOT NULL,
    acknowledged_at TEXT NOT NULL,
    named_values    TEXT NOT NULL,
    PRIMARY KEY (organization_id, period_id, rule_id, field_key)
) STRICT, WITHOUT ROWID;

CREATE TABLE comment (
    comment         INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    field_key       TEXT,
    text            TEXT NOT NULL,
    author          TEXT NOT NULL,
    created_at      TEXT NOT NULL,
    edited_at       TEXT,
    resolved_by     TEXT,
    resolved_at     TEXT,
    CHECK ((resolved_by IS NULL) = (resolved_at IS NULL))
) STRICT;
CREATE INDEX comment_of_report ON comment (organization_id, period_id, comment);

-- Derived in the transaction of any change: one row for each period of an organisation that has a completed snapshot.
CREATE TABLE review (
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    period_order    TEXT NOT NULL,
    snapshot        INTEGER NOT NULL REFERENCES snapshot ON DELETE CASCADE,
    review_status   TEXT NOT NULL CHECK (review_status IN ('open', 'approved', 'changed')),
    provisional     INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    errors          INTEGER NOT NULL,
    open_warnings   INTEGER NOT NULL,
    changed_values  TEXT NOT NULL,
    lapsed          TEXT NOT NULL,
    PRIMARY KEY (organization_id, period_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX review_in_order ON review (period_order DESC, organization_id);

-- The deviations of each report as its document is rendered, JSON. Every document is rendered again at the next start.
ALTER TABLE snapshot ADD COLUMN deviations TEXT NOT NULL DEFAULT '[]';
DELETE FROM meta WHERE key = 'document_shape';
