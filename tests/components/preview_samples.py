"""Sample previews: 34 values beside prior ones, with the deviations that the form's rules find in them."""

from collections.abc import Iterable
from typing import Any

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.deviations import evaluate
from preview.form.numbers import change_between
from preview.form.rules.base import Deviation, ReportMetadata
from preview.form.value_state import value_state
from preview.model.resources import JobDocument, SourceDocument, Value
from preview.model.reviews import Blocking, ReviewDocument
from preview.reports.decision_state import decision_state
from preview.reports.review_states import StoredDeviation
from preview.views.preview import FieldRow, Preview, SnapshotView, SourceView
from preview.views.report_review import ReportReview

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
COMPLETED_JOB = msgspec.structs.replace(
    JOB, job_id="job-agg-006", job_status="completed", completed=1.0, ended_at="2026-03-25T14:00:00Z"
)
QUIET_METADATA = ReportMetadata(period_id="2024", extract_day="2025-01-15")


def make_values(catalogue: Catalogue, **changed: Value) -> dict[str, Value]:
    """Return values in which no rule finds a deviation, with changes: None for a number that nothing supplies, and for
    a share with nothing to count.
    """
    shares = {field.field_key for field in catalogue.fields if field.unit == "prosent"}
    values: dict[str, Value] = {field.field_key: 95.0 if field.unit == "prosent" else 100 for field in catalogue.fields}
    values |= {
        "antall_undersokelser_avsluttet": 200,
        "antall_arsverk": 48.6,
        "antall_arsverk_ubesatt": 3.4,
        "antall_barn_med_tiltak_uten_plan": 8,
        "antall_barn_med_tiltak": 400,
    }
    return {key: value for key, value in (values | changed).items() if value is not None or key in shares}


def make_preview(
    catalogue: Catalogue,
    values: dict[str, Value],
    prior: dict[str, Value],
    facts: ReportMetadata = QUIET_METADATA,
    hidden: frozenset[str] = frozenset(),
    **changed: Any,
) -> Preview:
    """Return the read model of values and prior values, as `PreviewQuery.read` would."""
    deviations: dict[str, list[Deviation]] = {}
    for deviation in evaluate(catalogue, values, prior, facts):
        deviations.setdefault(deviation.field_key, []).append(deviation)
    rows: list[FieldRow] = []
    for field in catalogue.fields:
        key = field.field_key
        value = None if key in hidden else values.get(key)
        change, percent = change_between(value, prior.get(key), field.unit)
        rows.append(
            FieldRow(
                number=field.number,
                field_key=key,
                section_id=field.section_id,
                unit=field.unit,
                part_of=field.part_of,
                value=value,
                state=value_state(key, values, hidden),
                compared_value=prior.get(key),
                compared_state=value_state(key, prior),
                data_source="manuell" if field.sql is None else "fagsystem-cis",
                change=change,
                percent=percent,
                deviations=deviations.get(key, []),
            )
        )
    found = [deviation for of_field in deviations.values() for deviation in of_field]
    preview = Preview(
        position=1,
        organization_id="org-1042",
        organization_name="Barnevernstjenesten Oslo Sør",
        number="999903011-15",
        period_id="2024",
        compare_period_id="2023",
        reporting_period_id="2024",
        latest_period_id="2024",
        periods=["2025", "2024", "2023-H1", "2023"],
        snapshot=SNAPSHOT,
        newer_snapshot=None,
        compared_snapshot=SnapshotView("snap-002", "historical", True, "2025-01-08T10:00:00Z", 34, '"b"'),
        job=None,
        rows=rows,
        source=SourceView("fagsystem-cis", "CIS", "2025-01-15", 1480, 4, False),
        has_source=True,
        sources=[SourceDocument("v4", None, "CIS", "2023-06-01T00:00:00Z", "2025-01-15T11:00:00Z", 1480)],
        deliveries=[],
        review=make_review(found),
    )
    return msgspec.structs.replace(preview, **changed)


def make_review(deviations: Iterable[Deviation], **changed: Any) -> ReportReview:
    """Return the review of a report with these deviations, on which nothing has been decided, with changes of its
    document; `comments` are those of the report.
    """
    stored = [StoredDeviation.of(deviation) for deviation in deviations]
    comments = changed.pop("comments", [])
    document = ReviewDocument(
        organization_id="org-1042",
        period_id="2024",
        snapshot_id="snap-001",
        review_status="open",
        approval=None,
        changed_since_approval=[],
        blocking=[
            Blocking(each.severity, each.field_key, each.rule_id) for each in stored if each.severity != "notice"
        ],
        acknowledgements=[],
        comment_count=len(comments),
        open_comment_count=sum(comment.resolved_at is None for comment in comments),
    )
    document = msgspec.structs.replace(document, **changed)
    decision = decision_state(document.review_status, {each.code for each in document.blocking})
    return ReportReview(document, decision, comments, {each.key: each.named_values for each in stored})
