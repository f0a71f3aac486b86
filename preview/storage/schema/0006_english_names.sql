-- English names for generic tables and columns. Terms of the law and of the file format (sak, melding, frist) stay.

ALTER TABLE kilde RENAME TO source;
ALTER TABLE source RENAME COLUMN kilde TO source;
ALTER TABLE source RENAME COLUMN aar TO year;
ALTER TABLE source RENAME COLUMN versjon TO version;
ALTER TABLE source RENAME COLUMN forste_uttrekk TO first_extract_at;
ALTER TABLE source RENAME COLUMN siste_uttrekk TO last_extract_at;
ALTER TABLE source RENAME COLUMN siste_fulle TO last_full_at;
ALTER TABLE source RENAME COLUMN fagsystem TO case_system;
ALTER TABLE source RENAME COLUMN arsfil_delivery TO annual_file_delivery;
ALTER TABLE source RENAME COLUMN funn TO findings;

ALTER TABLE sak RENAME COLUMN kilde TO source;
ALTER TABLE sak RENAME COLUMN uttrekk TO extract_at;
ALTER TABLE sak RENAME COLUMN levering TO delivery_hash;
ALTER TABLE sak RENAME COLUMN innhold TO content_hash;
ALTER TABLE sak RENAME COLUMN funn TO findings;

ALTER TABLE sak_id RENAME COLUMN kilde TO source;
ALTER TABLE sak_id RENAME COLUMN nokkel TO key;

ALTER TABLE melding RENAME COLUMN kilde TO source;
ALTER TABLE undersokelse RENAME COLUMN kilde TO source;
ALTER TABLE plan RENAME COLUMN kilde TO source;
ALTER TABLE evaluering RENAME COLUMN kilde TO source;
ALTER TABLE tiltak RENAME COLUMN kilde TO source;
ALTER TABLE tilsyn RENAME COLUMN kilde TO source;
ALTER TABLE flytting RENAME COLUMN kilde TO source;

ALTER TABLE figur RENAME TO figure;
ALTER TABLE figure RENAME COLUMN verdi TO value;
ALTER TABLE figurversjon RENAME TO figure_version;
ALTER TABLE figure_version RENAME COLUMN versjon TO version;

ALTER TABLE lesing RENAME TO import_lock;
ALTER TABLE import_lock RENAME COLUMN kilde TO source;
ALTER TABLE due RENAME TO scheduled_aggregation;

ALTER TABLE verdi RENAME TO snapshot_value;
ALTER TABLE snapshot_value RENAME COLUMN verdi TO value;
ALTER TABLE snapshot RENAME COLUMN stamp TO input_version;
ALTER TABLE job RENAME COLUMN stamp TO input_version;
ALTER TABLE audit RENAME COLUMN verdi_before TO value_before;
ALTER TABLE audit RENAME COLUMN verdi_after TO value_after;

ALTER TABLE idempotency RENAME COLUMN door TO scope;
ALTER TABLE idempotency RENAME COLUMN body TO request_hash;
ALTER TABLE idempotency RENAME COLUMN answer TO response_body;
