-- Municipalities that an organisation's deliveries name, so that it can be searched by them (rule 3.2, docs/domain.md).

CREATE TABLE kommune (
    organization_id TEXT NOT NULL REFERENCES organization,
    kommunenummer   TEXT NOT NULL,
    kommunenavn     TEXT NOT NULL,
    PRIMARY KEY (organization_id, kommunenummer)
) STRICT, WITHOUT ROWID;
