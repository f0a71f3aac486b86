"""Render a snapshot's document from its row, its values and the prior period's values. Pure functions.

The rendered bytes are the cache that the API serves (rule 2d, docs/api.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import msgspec

from preview.core.ids import format_snapshot_id
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.rules.base import Deviation
from preview.form.suppression import suppressed_fields
from preview.model.resources import FieldValue, PriorPeriod, SectionValues, SnapshotDocument, Value
from preview.reports.deviation_check import SnapshotValues, judge, rows_by_severity
from preview.reports.status import DerivedStatus
from preview.storage.snapshots import SnapshotRow

Values = Mapping[str, tuple[Value, str | None]]
"""(value, data source) by field key."""


class DocumentState(msgspec.Struct, frozen=True, array_like=True):
    """What a document shows besides its own values: the document is rendered again whenever any of it differs.

    It is stored as a JSON array with the document (`snapshot.rendered_from`), so the order of the fields must not
    change.
    """

    name: str
    status: str
    cache_valid: bool
    completion: int
    prior: int | None
    prior_completion: int
    prior_aggregated_at: str | None

    @classmethod
    def of_snapshot(cls, row: SnapshotRow, organization_name: str, derived: DerivedStatus) -> Self:
        """Return the state that the snapshot's document must show."""
        prior = derived.prior
        return cls(
            name=organization_name,
            status=derived.status,
            cache_valid=derived.cache_valid,
            completion=row.completion,
            prior=prior.snapshot if prior else None,
            prior_completion=prior.completion if prior else 0,
            prior_aggregated_at=prior.aggregated_at if prior else None,
        )


@dataclass(frozen=True)
class SnapshotRendering:
    """A rendered document with what is stored beside it.

    `body` is JSON; `populated` counts the fields that show a value, `missing` those that no source or figure gives;
    `deviation_counts` are the numbers of fields with a deviation, by severity. Messages of `deviations` may contain
    suppressed values.
    """

    state: DocumentState
    body: bytes
    populated: int
    missing: int
    deviation_counts: dict[str, int]
    deviations: list[Deviation]


def visible_values(catalogue: Catalogue, values: Values, suppress: bool) -> dict[str, Value]:
    """Return every field's value as it may leave the store.

    Args:
        catalogue: The form; its fields give the keys and their order.
        values: The stored values; a missing field is None.
        suppress: Whether small counts are withheld as None (rule 8, docs/domain.md).
    """
    raw_values: dict[str, Value] = {
        field.field_key: values[field.field_key][0] if field.field_key in values else None for field in catalogue.fields
    }
    hidden_keys = suppressed_fields(catalogue, raw_values) if suppress else frozenset[str]()
    return {key: None if key in hidden_keys else value for key, value in raw_values.items()}


def render(
    catalogue: Catalogue,
    row: SnapshotRow,
    state: DocumentState,
    prior: SnapshotRow | None,
    values: Values,
    prior_values: Values,
    *,
    suppress: bool,
) -> SnapshotRendering:
    """Render the document of a snapshot.

    Args:
        catalogue: The form.
        row: The snapshot.
        state: Its derived state.
        prior: The snapshot of the prior period whose values are shown beside its own, or None.
        values: Its stored values, auxiliary ones too.
        prior_values: The stored values of `prior`; empty without one.
        suppress: Whether small counts are withheld.
    """
    current_visible = visible_values(catalogue, values, suppress)
    prior_visible = visible_values(catalogue, prior_values, suppress)
    sections = [
        SectionValues(
            section.section_id,
            section.titles.nb,
            [
                FieldValue(key, current_visible[key], prior_visible[key], values[key][1] if key in values else None)
                for key in (field.field_key for field in catalogue.fields_in_section(section.section_id))
            ],
        )
        for section in catalogue.sections
    ]
    document = SnapshotDocument(
        snapshot_id=format_snapshot_id(row.snapshot),
        organization_id=row.organization_id,
        organization_name=state.name,
        period_id=row.period_id,
        snapshot_status=state.status,  # pyright: ignore[reportArgumentType]  (a key of TRANSITIONS)
        cache_valid=state.cache_valid,
        aggregated_at=row.aggregated_at,
        sections=sections,
        prior_period=_prior_period(prior) if prior else None,
    )
    body = msgspec.json.encode(document)
    current = SnapshotValues.from_rows(catalogue, suppress, values, row.facts)
    compared = SnapshotValues.from_rows(catalogue, suppress, prior_values, prior.facts if prior else None)
    deviations = judge(catalogue, Period.parse(row.period_id), current, compared)
    return SnapshotRendering(
        state=state,
        body=body,
        populated=sum(value is not None for value in current_visible.values()),
        missing=sum(current.state(key) == "missing" for key in current_visible),
        deviation_counts=rows_by_severity(deviations),
        deviations=deviations,
    )


def parse_rendered_values(document: bytes) -> dict[str, tuple[Value, Value]]:
    """Return (value, prior value) by field key, as a rendered document shows them."""
    return {
        field.field_key: (field.value, field.prior_period_value)
        for section in msgspec.json.decode(document, type=SnapshotDocument).sections
        for field in section.fields
    }


def _prior_period(prior: SnapshotRow) -> PriorPeriod:
    return PriorPeriod(prior.period_id, format_snapshot_id(prior.snapshot), prior.aggregated_at or "")
