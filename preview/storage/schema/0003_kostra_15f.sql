-- Which delivery a 15F source's cases come from, so that of two files the later one holds whichever is read last (domain.md 2.3), and
-- how many findings that file has besides those of its cases. Null and 0 for a v4 source.

ALTER TABLE kilde ADD COLUMN arsfil_delivery INTEGER;
ALTER TABLE kilde ADD COLUMN funn INTEGER NOT NULL DEFAULT 0;
