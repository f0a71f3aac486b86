-- The delivery and the file in it that a held case was read from, so that the faults of what is held can be listed; NULL
-- for what was delivered before. A 15F source has them for all its cases: `annual_file` is the file of
-- `annual_file_delivery`.

ALTER TABLE sak ADD COLUMN delivery INTEGER;
ALTER TABLE sak ADD COLUMN file INTEGER;
ALTER TABLE source ADD COLUMN annual_file INTEGER;
