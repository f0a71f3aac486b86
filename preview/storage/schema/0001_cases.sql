-- The case base (section 4, docs/domain.md): what is stored of organisations, sources and cases.
-- Days are ISO text; `uttrekk` is a time in UTC as text of fixed width, which sorts by time.
-- The primary key of each case table begins with `kilde`: the rows of a source lie together (rule 4.2).
-- 0006_english_names.sql renames tables and columns: kilde to source, aar to year, and so on.

CREATE TABLE organization (
    organization_id     TEXT PRIMARY KEY,
    organization_name   TEXT NOT NULL,
    organisasjonsnummer TEXT NOT NULL,
    bydelsnummer        TEXT NOT NULL DEFAULT '',
    listed              INTEGER NOT NULL CHECK (listed IN (0, 1)),
    UNIQUE (organisasjonsnummer, bydelsnummer)
) STRICT;

CREATE TABLE kilde (
    kilde           INTEGER PRIMARY KEY AUTOINCREMENT,
    organization_id TEXT NOT NULL REFERENCES organization,
    format          TEXT NOT NULL CHECK (format IN ('v4', '15f')),
    aar             INTEGER NOT NULL CHECK ((format = 'v4') = (aar = 0)),
    versjon         INTEGER NOT NULL DEFAULT 0,
    forste_uttrekk  TEXT,
    siste_uttrekk   TEXT,
    siste_fulle     TEXT,
    fagsystem       TEXT NOT NULL DEFAULT '',
    UNIQUE (organization_id, format, aar)
) STRICT;

CREATE TABLE sak (
    kilde    INTEGER NOT NULL REFERENCES kilde,
    sak      INTEGER NOT NULL,
    uttrekk  TEXT NOT NULL,
    levering BLOB,
    innhold  BLOB,
    fodt     TEXT,
    funn     INTEGER NOT NULL DEFAULT 0,
    slettet  INTEGER NOT NULL CHECK (slettet IN (0, 1)),
    PRIMARY KEY (kilde, sak)
) STRICT, WITHOUT ROWID;

CREATE TABLE sak_id (
    kilde  INTEGER NOT NULL,
    nokkel BLOB NOT NULL,
    sak    INTEGER NOT NULL,
    PRIMARY KEY (kilde, nokkel),
    FOREIGN KEY (kilde, sak) REFERENCES sak
) STRICT, WITHOUT ROWID;
CREATE INDEX sak_id_sak ON sak_id (kilde, sak);

CREATE TABLE melding (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    mottatt TEXT NOT NULL, konkludert TEXT, konklusjon INTEGER, frist TEXT NOT NULL,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE undersokelse (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    startet TEXT NOT NULL, konkludert TEXT, konklusjon INTEGER, frist TEXT NOT NULL,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE plan (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    start TEXT NOT NULL, slutt TEXT, type INTEGER,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE evaluering (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    utfort TEXT NOT NULL,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE tiltak (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    start TEXT NOT NULL, slutt TEXT, kategori TEXT,
    omsorg INTEGER NOT NULL, akutt INTEGER NOT NULL, hjelpetiltak INTEGER NOT NULL, plassering INTEGER NOT NULL,
    opphevet INTEGER,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE tilsyn (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    utfort TEXT NOT NULL,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE flytting (
    kilde INTEGER NOT NULL, sak INTEGER NOT NULL, nr INTEGER NOT NULL,
    dato TEXT NOT NULL, arsak TEXT, til TEXT,
    PRIMARY KEY (kilde, sak, nr)
) STRICT, WITHOUT ROWID;

CREATE TABLE figur (
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    field_key       TEXT NOT NULL,
    verdi           REAL NOT NULL,
    data_source     TEXT NOT NULL,
    PRIMARY KEY (organization_id, period_id, field_key)
) STRICT, WITHOUT ROWID;

-- Version of the supplementary figures of an organisation and period; rises with each change of them (rule 1.12).
CREATE TABLE figurversjon (
    organization_id TEXT NOT NULL REFERENCES organization,
    period_id       TEXT NOT NULL,
    versjon         INTEGER NOT NULL,
    PRIMARY KEY (organization_id, period_id)
) STRICT, WITHOUT ROWID;
