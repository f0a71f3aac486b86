"""A snapshot's document, rendered from its row, its values and its prior's. Pure; the bytes are the cache (contract 2, 2d)."""

import hashlib
from collections.abc import Mapping

import msgspec

from preview.core.ids import format_snapshot_id
from preview.form.catalogue import Catalogue
from preview.form.suppression import suppressed_fields
from preview.model.resources import FieldValue, PriorPeriod, SectionValues, SnapshotDocument, Value
from preview.reports.status import DerivedStatus
from preview.storage.snapshots import SnapshotRow

Values = Mapping[str, tuple[Value, str | None]]


def visible_values(catalogue: Catalogue, values: Values, suppress: bool) -> dict[str, Value]:
    """The fields' values as they may leave the store: with `suppress`, small counts are null (`domain.md` 8)."""
    raw_values: dict[str, Value] = {
        field.field_key: values[field.field_key][0] if field.field_key in values else None for field in catalogue.fields
    }
    hidden_keys = suppressed_fields(catalogue, raw_values) if suppress else frozenset[str]()
    return {key: None if key in hidden_keys else value for key, value in raw_values.items()}


def render(
    catalogue: Catalogue, row: SnapshotRow, name: str, derived: DerivedStatus, values: Values, prior_values: Values, *, suppress: bool
) -> tuple[bytes, str]:
    """(document as JSON, strong ETag)."""
    current, prior = visible_values(catalogue, values, suppress), visible_values(catalogue, prior_values, suppress)
    sections = [
        SectionValues(
            section.section_id,
            section.titles.nb,
            [
                FieldValue(key, current[key], prior[key], values[key][1] if key in values else None)
                for key in (field.field_key for field in catalogue.fields_in_section(section.section_id))
            ],
        )
        for section in catalogue.sections
    ]
    prior_snapshot = derived.prior
    document = SnapshotDocument(
        snapshot_id=format_snapshot_id(row.snapshot),
        organization_id=row.organization_id,
        organization_name=name,
        period_id=row.period_id,
        snapshot_status=derived.status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
        cache_valid=derived.cache_valid,
        aggregated_at=row.aggregated_at,
        sections=sections,
        prior_period=PriorPeriod(prior_snapshot.period_id, format_snapshot_id(prior_snapshot.snapshot), prior_snapshot.aggregated_at or "")
        if prior_snapshot
        else None,
    )
    body = msgspec.json.encode(document)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def parse_rendered_values(document: bytes) -> dict[str, tuple[Value, Value]]:
    """(value, prior value) that a rendered document shows, by field key."""
    return {
        field.field_key: (field.value, field.prior_period_value)
        for section in msgspec.json.decode(document, type=SnapshotDocument).sections
        for field in section.fields
    }
