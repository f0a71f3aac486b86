-- When an event was written, so that the log can be pruned by age. Those that are there have it in their data, under the name of their kind.

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
