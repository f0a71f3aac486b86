-- The delivery that a 15F source was imported from, so that of two files the one delivered later is held, whichever is
-- imported last (rule 2.3, docs/domain.md); and the findings of that file besides those of its cases.
-- NULL and 0 for a v4 source.

ALTER TABLE kilde ADD COLUMN arsfil_delivery INTEGER;
ALTER TABLE kilde ADD COLUMN funn INTEGER NOT NULL DEFAULT 0;
