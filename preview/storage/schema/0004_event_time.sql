-- Time of an event, so that the log can be pruned by age. Existing events have it in their data, under a key that
-- depends on the event type.

ALTER TABLE event ADD COLUMN at TEXT NOT NULL DEFAULT '';

UPDATE event SET at = coalesce(
    json_extract(CAST(data AS TEXT), '$.updated_at'),
    json_extract(CAST(data AS TEXT), '$.received_at'),
    json_extract(CAST(data AS TEXT), '$.created_at'),
    json_extract(CAST(data AS TEXT), '$.aggregated_at'),
    json_extract(CAST(data AS TEXT), '$.failed_at'),
    json_extract(CAST(data AS TEXT), '$.invalidated_at'),
    json_extract(CAST(data AS TEXT), '$.deleted_at'),
    ''
);
