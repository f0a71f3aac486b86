-- Searching of deliveries: each filter has an index in the order in which they are listed, so that a page of them costs
-- the same whatever the number of deliveries.

CREATE INDEX delivery_by_status ON delivery (delivery_status, delivery);
CREATE INDEX delivery_with_refusals ON delivery (delivery) WHERE delivery_status = 'refused' OR refused_files > 0;
CREATE INDEX delivery_with_errors ON delivery (delivery) WHERE errors > 0;
CREATE INDEX delivery_with_warnings ON delivery (delivery) WHERE warnings > 0;
CREATE INDEX delivery_with_notices ON delivery (delivery) WHERE notices > 0;
CREATE INDEX delivery_without_findings ON delivery (delivery) WHERE delivery_status = 'taken' AND finding_count = 0;
CREATE INDEX finding_by_code ON finding (code, delivery);
