-- The number of fields that no source or figure gives (rule 7.4, docs/domain.md). A share with nothing to count is none
-- of them any more, nor is it a deviation, so that every report's counts are determined again at the next start.

ALTER TABLE snapshot ADD COLUMN missing INTEGER NOT NULL DEFAULT 0;
DELETE FROM meta WHERE key = 'document_shape';
