"""A snapshot's document, rendered from its row, its values and its prior's. Pure; the bytes are the cache (contract 2, 2d)."""

import hashlib
from collections.abc import Mapping

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.suppression import hidden
from preview.model.resources import Document, FieldValue, PriorPeriod, SectionValues, Value, snapshot_id
from preview.reports.status import Standing
from preview.storage.snapshots import SnapshotRow

Values = Mapping[str, tuple[Value, str | None]]


def shown(catalogue: Catalogue, values: Values, suppress: bool) -> dict[str, Value]:
    """The fields' values as they may leave the store: with `suppress`, small counts are null (`domain.md` 8)."""
    plain: dict[str, Value] = {
        field.field_key: values[field.field_key][0] if field.field_key in values else None for field in catalogue.fields
    }
    out = hidden(catalogue, plain) if suppress else frozenset[str]()
    return {key: None if key in out else value for key, value in plain.items()}


def render(
    catalogue: Catalogue, row: SnapshotRow, name: str, standing: Standing, values: Values, prior_values: Values, *, suppress: bool
) -> tuple[bytes, str]:
    """(document as JSON, strong ETag)."""
    current, prior = shown(catalogue, values, suppress), shown(catalogue, prior_values, suppress)
    sections = [
        SectionValues(
            section.section_id,
            section.titles.nb,
            [
                FieldValue(key, current[key], prior[key], values[key][1] if key in values else None)
                for key in (field.field_key for field in catalogue.fields_of(section.section_id))
            ],
        )
        for section in catalogue.sections
    ]
    before = standing.prior
    document = Document(
        snapshot_id=snapshot_id(row.snapshot),
        organization_id=row.organization_id,
        organization_name=name,
        period_id=row.period_id,
        snapshot_status=standing.status,  # pyright: ignore[reportArgumentType]  (a key of MOVES)
        cache_valid=standing.cache_valid,
        aggregated_at=row.aggregated_at,
        sections=sections,
        prior_period=PriorPeriod(before.period_id, snapshot_id(before.snapshot), before.aggregated_at or "") if before else None,
    )
    body = msgspec.json.encode(document)
    return body, f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def shown_in(document: bytes) -> dict[str, tuple[Value, Value]]:
    """(value, prior value) that a rendered document shows, by field key."""
    return {
        field.field_key: (field.value, field.prior_period_value)
        for section in msgspec.json.decode(document, type=Document).sections
        for field in section.fields
    }
