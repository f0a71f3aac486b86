"""A preview made by hand: 34 values beside their prior ones, with the deviations that the form's own rules find in them."""

from typing import Any

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.deviations import evaluate
from preview.form.rules.base import Deviation, Facts
from preview.model.resources import JobDocument, SourceDocument, Value
from preview.views.preview import Preview, Row, SnapshotView, SourceView, difference

SNAPSHOT = SnapshotView("snap-001", "current", True, "2026-03-25T14:00:00Z", 34, '"a"')
JOB = JobDocument(
    job_id="job-agg-007",
    snapshot_id="snap-001",
    organization_id="org-1042",
    period_id="2024",
    job_status="running",
    requested_by="api",
    reason=None,
    completed=0.62,
    estimated_completion_seconds=20,
    detail=None,
    created_at="2026-03-25T14:59:00Z",
    started_at="2026-03-25T14:59:01Z",
    ended_at=None,
)
QUIET = Facts(period_id="2024", uttrekk="2025-01-15")


def values_of(catalogue: Catalogue, **changed: Value) -> dict[str, Value]:
    """Values in which no rule finds anything, but for what is changed."""
    quiet: dict[str, Value] = {field.field_key: 95.0 if field.unit == "prosent" else 100 for field in catalogue.fields}
    quiet |= {
        "antall_undersokelser_avsluttet": 200,
        "antall_arsverk": 48.6,
        "antall_arsverk_ubesatt": 3.4,
        "antall_barn_med_tiltak_uten_plan": 8,
        "antall_barn_med_tiltak": 400,
    }
    return quiet | changed


def preview_of(
    catalogue: Catalogue,
    values: dict[str, Value],
    prior: dict[str, Value],
    facts: Facts = QUIET,
    hidden: frozenset[str] = frozenset(),
    **changed: Any,
) -> Preview:
    """What `Previews.read` would give for them."""
    deviations: dict[str, list[Deviation]] = {}
    for deviation in evaluate(catalogue, values, prior, facts):
        deviations.setdefault(deviation.field_key, []).append(deviation)
    rows: list[Row] = []
    for field in catalogue.fields:
        key = field.field_key
        value = None if key in hidden else values[key]
        change, percent = difference(value, prior[key], field.unit)
        rows.append(
            Row(
                number=field.number,
                field_key=key,
                section_id=field.section_id,
                unit=field.unit,
                part_of=field.part_of,
                value=value,
                hidden=key in hidden,
                compared_value=prior[key],
                compared_hidden=False,
                data_source="manuell" if field.sql is None else "fagsystem-cis",
                change=change,
                percent=percent,
                deviations=deviations.get(key, []),
            )
        )
    made = Preview(
        place=1,
        organization_id="org-1042",
        organization_name="Barnevernstjenesten Oslo Sør",
        number="999903011-15",
        period_id="2024",
        compare_period_id="2023",
        periods=["2025", "2024", "2023-H1", "2023"],
        snapshot=SNAPSHOT,
        newer=None,
        compared=SnapshotView("snap-002", "historical", True, "2025-01-08T10:00:00Z", 34, '"b"'),
        job=None,
        rows=rows,
        source=SourceView("fagsystem-cis", "CIS", "2025-01-15", 1480, 4, False),
        has_source=True,
        held=[SourceDocument("v4", None, "CIS", "2023-06-01T00:00:00Z", "2025-01-15T11:00:00Z", 1480)],
        deliveries=[],
    )
    return msgspec.structs.replace(made, **changed)
