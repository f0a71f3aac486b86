-- What makes a repetition recognisable is committed together with the change that it repeats.

-- A key without a response belonged to a request that was interrupted before its change was committed.
DELETE FROM idempotency WHERE status IS NULL;
CREATE TABLE stored_response (
    scope         TEXT NOT NULL,
    key           TEXT NOT NULL,
    request_hash  BLOB NOT NULL,
    status        INTEGER NOT NULL,
    location      TEXT,
    response_body BLOB NOT NULL,
    created_at    TEXT NOT NULL,
    PRIMARY KEY (scope, key)
) STRICT, WITHOUT ROWID;
INSERT INTO stored_response
SELECT scope, key, request_hash, status, location, coalesce(response_body, x''), created_at FROM idempotency;
DROP TABLE idempotency;
ALTER TABLE stored_response RENAME TO idempotency;
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- The claim of the watched folder that the delivery was received from, null for other deliveries.
ALTER TABLE delivery ADD COLUMN inbox_claim TEXT;
CREATE UNIQUE INDEX delivery_by_claim ON delivery (inbox_claim) WHERE inbox_claim IS NOT NULL;
