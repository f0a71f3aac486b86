-- What a delivery prepares in short transactions before it takes effect in one, and what it leaves to be deleted
-- (section 5, docs/architecture.md).

-- The figures of an organisation are one set. A delivery prepares another set and brings it into use as a whole.
-- A set that is not in use belongs to the delivery that prepares it, or is to be deleted.
CREATE TABLE figure_set (
    figure_set      INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL REFERENCES organization,
    in_use          INTEGER NOT NULL CHECK (in_use IN (0, 1)),
    delivery        INTEGER,
    replaces        INTEGER,
    CHECK (in_use = 0 OR delivery IS NULL)
) STRICT;
CREATE UNIQUE INDEX figure_set_in_use ON figure_set (organization_id) WHERE in_use = 1;
CREATE INDEX figure_set_of_organization ON figure_set (organization_id);

INSERT INTO figure_set (organization_id, in_use)
SELECT organization_id, 1 FROM figure_version
UNION
SELECT organization_id, 1 FROM figure;

ALTER TABLE figure RENAME TO figure_before_sets;
ALTER TABLE figure_version RENAME TO figure_version_before_sets;

CREATE TABLE figure (
    figure_set  INTEGER NOT NULL REFERENCES figure_set,
    period_id   TEXT NOT NULL,
    field_key   TEXT NOT NULL,
    value       REAL NOT NULL,
    data_source TEXT NOT NULL,
    PRIMARY KEY (figure_set, period_id, field_key)
) STRICT, WITHOUT ROWID;

-- Version of the figures of a period; rises with each change of them (rule 1.12).
CREATE TABLE figure_version (
    figure_set INTEGER NOT NULL REFERENCES figure_set,
    period_id  TEXT NOT NULL,
    version    INTEGER NOT NULL,
    PRIMARY KEY (figure_set, period_id)
) STRICT, WITHOUT ROWID;

INSERT INTO figure (figure_set, period_id, field_key, value, data_source)
SELECT figure_set, period_id, field_key, value, data_source FROM figure_before_sets JOIN figure_set USING (organization_id);
INSERT INTO figure_version (figure_set, period_id, version)
SELECT figure_set, period_id, version FROM figure_version_before_sets JOIN figure_set USING (organization_id);
DROP TABLE figure_before_sets;
DROP TABLE figure_version_before_sets;

-- Lines of a delivery's figures as they were read; the last line of a field counts.
CREATE TABLE staged_figure (
    delivery        INTEGER NOT NULL REFERENCES delivery,
    organization_id TEXT NOT NULL,
    period_id       TEXT NOT NULL,
    field_key       TEXT NOT NULL,
    file            INTEGER NOT NULL,
    line            INTEGER NOT NULL,
    value           REAL,
    data_source     TEXT NOT NULL,
    PRIMARY KEY (delivery, organization_id, period_id, field_key, file, line)
) STRICT, WITHOUT ROWID;

-- Content of the case tables that belongs to no case: it is prepared by the delivery, or, where that is NULL, to be
-- deleted before the source is unlocked. A source whose year is negative is the same for the cases of a 15F source.
CREATE TABLE detached_case (
    source   INTEGER NOT NULL,
    sak      INTEGER NOT NULL,
    delivery INTEGER,
    PRIMARY KEY (source, sak)
) STRICT, WITHOUT ROWID;

-- `outcome` is set when everything of a delivery has been read and prepared: what is left is to report it for each
-- organisation, for which the file is not needed. `cases_done` counts the imported cases of the file after `files`.
ALTER TABLE delivery ADD COLUMN outcome TEXT CHECK (outcome IN ('taken', 'refused'));
ALTER TABLE delivery ADD COLUMN cases_done INTEGER NOT NULL DEFAULT 0;

-- `full_at` is the time of a full delivery that has been carried out for the organisation (rule 1.3).
ALTER TABLE delivery_organization ADD COLUMN reported INTEGER NOT NULL DEFAULT 0 CHECK (reported IN (0, 1));
ALTER TABLE delivery_organization ADD COLUMN full_at TEXT;

CREATE INDEX source_not_in_use ON source (source) WHERE year < 0;
CREATE INDEX figure_set_not_in_use ON figure_set (figure_set) WHERE in_use = 0;
