-- What a delivery came to: findings by severity, lines of its CSV files that were read and imported, and what it is
-- (case system and newest extract). NULL: not known, as of deliveries that were imported before.

ALTER TABLE delivery ADD COLUMN errors INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN warnings INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN notices INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN lines INTEGER;
ALTER TABLE delivery ADD COLUMN imported_lines INTEGER NOT NULL DEFAULT 0;
ALTER TABLE delivery ADD COLUMN case_system TEXT;
ALTER TABLE delivery ADD COLUMN extract_day TEXT;

UPDATE delivery SET
    errors = (SELECT count(*) FROM finding WHERE finding.delivery = delivery.delivery AND severity = 'error'),
    warnings = (SELECT count(*) FROM finding WHERE finding.delivery = delivery.delivery AND severity = 'warning'),
    notices = (SELECT count(*) FROM finding WHERE finding.delivery = delivery.delivery AND severity = 'notice');
