-- The municipalities that an organisation's deliveries name, so that it is found by them whatever it is called.

CREATE TABLE kommune (
    organization_id TEXT NOT NULL REFERENCES organization,
    kommunenummer   TEXT NOT NULL,
    kommunenavn     TEXT NOT NULL,
    PRIMARY KEY (organization_id, kommunenummer)
) STRICT, WITHOUT ROWID;
