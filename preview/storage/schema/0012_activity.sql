-- Which deliveries are behind a job, and an audit trail that tells everything that happened, in the order of the events
-- (docs/api.md, Activity and changes).

-- The delivery that made a version of what aggregations read: `v4`, `15f:YEAR` or `figures:PERIOD` (rule 1.12). Versions
-- that were made before this migration have no row: their deliveries are not known. A delivery notes the versions of
-- figures with the set that it prepares; they count if that set was used. `figure_set` is 0 for a source.
CREATE TABLE input_change (
    organization_id TEXT NOT NULL REFERENCES organization,
    input           TEXT NOT NULL,
    version         INTEGER NOT NULL,
    figure_set      INTEGER NOT NULL,
    delivery        INTEGER NOT NULL,
    PRIMARY KEY (organization_id, input, version, figure_set)
) STRICT, WITHOUT ROWID;

-- Sets of figures that were brought into use. A row stays when the set has been replaced.
CREATE TABLE used_figure_set (
    figure_set      INTEGER PRIMARY KEY,
    organization_id TEXT NOT NULL REFERENCES organization
) STRICT;
CREATE INDEX used_figure_set_of_organization ON used_figure_set (organization_id);

-- The versions that a completed job has read and the completion before it had not, as JSON: {input: [after, up to]}.
-- NULL: the job has not completed, or not all deliveries of them are known.
ALTER TABLE job ADD COLUMN lineage TEXT;

-- `event` reports the action. `changes_report` is NULL for an action, and set for a value that it changed: 1 if the
-- value is that of the report (the newest completed snapshot of the period), 0 if it is only the snapshot's own.
-- `withheld_*` tell whether domain 8 withholds the value; NULL: not known.
ALTER TABLE audit ADD COLUMN event INTEGER;
ALTER TABLE audit ADD COLUMN rule_id TEXT;
ALTER TABLE audit ADD COLUMN changes_report INTEGER CHECK (changes_report IN (0, 1));
ALTER TABLE audit ADD COLUMN withheld_before INTEGER CHECK (withheld_before IN (0, 1));
ALTER TABLE audit ADD COLUMN withheld_after INTEGER CHECK (withheld_after IN (0, 1));

UPDATE audit SET rule_id = substr(action, length('acknowledged ') + 1), action = 'acknowledged'
WHERE action LIKE 'acknowledged %';
UPDATE audit SET rule_id = substr(action, length('acknowledgement_deleted ') + 1), action = 'acknowledgement_deleted'
WHERE action LIKE 'acknowledgement_deleted %';

-- The event of each action that is in the trail.
CREATE INDEX event_of_snapshot ON event (type, snapshot);
CREATE INDEX audit_of_job ON audit (job, action);
UPDATE audit SET event = (
    SELECT min(event) FROM event WHERE event.type = 'snapshot_created' AND event.snapshot = audit.snapshot
) WHERE action = 'requested';
UPDATE audit SET event = (
    SELECT min(event) FROM event WHERE event.type = 'snapshot_deleted' AND event.snapshot = audit.snapshot
) WHERE action = 'deleted';
UPDATE audit SET event = (
    SELECT min(event) FROM event WHERE event.type = 'aggregation_failed' AND event.snapshot = audit.snapshot
        AND CAST(substr(json_extract(CAST(event.data AS TEXT), '$.job_id'), length('job-agg-') + 1) AS INTEGER) = audit.job
) WHERE action = 'failed';
-- The newest of equal actions has the newest of their events, and so on: retention removes the oldest of both.
UPDATE audit SET event = paired.event FROM (
    SELECT actions.audit, events.event FROM (
        SELECT audit, snapshot, at, reason,
            row_number() OVER (PARTITION BY snapshot, at, reason ORDER BY audit DESC) AS nr
        FROM audit WHERE action = 'invalidated'
    ) AS actions JOIN (
        SELECT event, snapshot, json_extract(CAST(data AS TEXT), '$.invalidated_at') AS at,
            json_extract(CAST(data AS TEXT), '$.reason') AS reason,
            row_number() OVER (
                PARTITION BY snapshot, json_extract(CAST(data AS TEXT), '$.invalidated_at'),
                    json_extract(CAST(data AS TEXT), '$.reason')
                ORDER BY event DESC
            ) AS nr
        FROM event WHERE type = 'cache_invalidated'
    ) AS events USING (snapshot, at, reason, nr)
) AS paired WHERE audit.audit = paired.audit;
UPDATE audit SET event = paired.event FROM (
    SELECT actions.audit, events.event FROM (
        SELECT audit, organization_id, period_id, actor, changed,
            row_number() OVER (PARTITION BY organization_id, period_id, actor, changed ORDER BY audit DESC) AS nr
        FROM (
            SELECT *, CASE WHEN action IN ('approved', 'approval_withdrawn') THEN 'approval'
                WHEN action IN ('acknowledged', 'acknowledgement_deleted') THEN 'acknowledgement'
                WHEN action = 'commented' OR action LIKE 'comment!_%' ESCAPE '!' THEN 'comment' END AS changed
            FROM audit
        ) WHERE changed IS NOT NULL
    ) AS actions JOIN (
        SELECT event, organization_id, period_id, json_extract(CAST(data AS TEXT), '$.actor') AS actor,
            json_extract(CAST(data AS TEXT), '$.changed') AS changed,
            row_number() OVER (
                PARTITION BY organization_id, period_id, json_extract(CAST(data AS TEXT), '$.actor'),
                    json_extract(CAST(data AS TEXT), '$.changed')
                ORDER BY event DESC
            ) AS nr
        FROM event WHERE type = 'review_updated'
    ) AS events USING (organization_id, period_id, actor, changed, nr)
) AS paired WHERE audit.audit = paired.audit;

-- What the trail did not have: deliveries, completed jobs, and reviews that a value has changed.
INSERT INTO audit (at, actor, action, organization_id, delivery, event)
SELECT event.at, delivery.actor, 'delivered', event.organization_id, delivery.delivery, event.event
FROM event JOIN delivery ON delivery.delivery
    = CAST(substr(json_extract(CAST(event.data AS TEXT), '$.delivery_id'), length('dlv-') + 1) AS INTEGER)
WHERE event.type = 'source_received' ORDER BY event.event;
INSERT INTO audit (at, actor, action, organization_id, period_id, snapshot, job, reason, event)
SELECT event.at, job.requested_by, 'aggregated', event.organization_id, event.period_id, event.snapshot, job.job,
    job.reason, event.event
FROM event JOIN job ON job.job
    = CAST(substr(json_extract(CAST(event.data AS TEXT), '$.job_id'), length('job-agg-') + 1) AS INTEGER)
WHERE event.type = 'aggregation_completed' ORDER BY event.event;
INSERT INTO audit (at, actor, action, organization_id, period_id, event)
SELECT at, 'auto', 'review_changed', organization_id, period_id, event FROM event
WHERE type = 'review_updated' AND json_extract(CAST(data AS TEXT), '$.changed') = 'values' ORDER BY event;

UPDATE audit SET changes_report = 0, event = (
    SELECT completion.event FROM audit AS completion WHERE completion.job = audit.job AND completion.action = 'aggregated'
) WHERE action = 'replaced';
DROP INDEX event_of_snapshot;
DROP INDEX audit_of_job;

-- From where on the trail has every change of a report's values: the newest event of this migration, and its time.
INSERT INTO meta (key, value)
SELECT 'changes_recorded_from', seq || ' ' || strftime('%Y-%m-%dT%H:%M:%SZ', 'now') FROM sqlite_sequence
WHERE name = 'event';

-- Retention.
CREATE INDEX audit_by_age ON audit (at);
-- Activity, newest first: one index for each filter, which also has what the other filters compare.
CREATE INDEX activity_by_event ON audit (event) WHERE changes_report IS NULL AND event IS NOT NULL;
CREATE INDEX activity_by_organization ON audit (organization_id, event, period_id, action, actor)
    WHERE changes_report IS NULL AND event IS NOT NULL;
CREATE INDEX activity_by_actor ON audit (actor, event, period_id, action)
    WHERE changes_report IS NULL AND event IS NOT NULL;
CREATE INDEX activity_by_action ON audit (action, event, period_id)
    WHERE changes_report IS NULL AND event IS NOT NULL;
CREATE INDEX activity_by_period ON audit (period_id, event)
    WHERE changes_report IS NULL AND event IS NOT NULL;
-- The values that an event changed, and the history of one value of a report.
CREATE INDEX audit_values ON audit (event) WHERE changes_report IS NOT NULL;
CREATE INDEX audit_of_report ON audit (organization_id, period_id, field_key, event) WHERE changes_report = 1;
