"""Derive each snapshot's status and cache flag from the stored data (rules S1 to S5, docs/api.md). Pure functions.

`TRANSITIONS` is the only table of legal status changes, and `check_transition` guards every write of a status.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preview.core.errors import PreviewError
from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "processing": frozenset({"current", "historical", "failed"}),
    "failed": frozenset({"processing"}),
    "current": frozenset({"processing", "historical"}),
    "historical": frozenset({"processing", "current"}),
}
"""Status of a snapshot -> statuses that can follow it."""


class IllegalTransition(PreviewError):
    """A snapshot's status would change in a way that `TRANSITIONS` does not allow: an error of the program."""


def check_transition(before: str, after: str) -> None:
    """Raise `IllegalTransition` unless the status can stay or become `after`."""
    if after != before and after not in TRANSITIONS[before]:
        raise IllegalTransition(f"A snapshot cannot go from {before} to {after}.")


@dataclass(frozen=True)
class DerivedStatus:
    """Derived state of one snapshot; `prior` is the snapshot that supplies its prior period's values (rule 2b)."""

    status: str
    cache_valid: bool
    prior: SnapshotRow | None


def latest_completed_by_period(snapshots: Sequence[SnapshotRow]) -> dict[str, SnapshotRow]:
    """Return the newest completed snapshot of each period, by `period_id`, newest period first.

    Args:
        snapshots: Snapshots of one organisation in list order: newest period first, then newest snapshot.
    """
    latest: dict[str, SnapshotRow] = {}
    for row in snapshots:
        if row.completion:
            latest.setdefault(row.period_id, row)
    return latest


def _derive_status(row: SnapshotRow, open_jobs: Sequence[JobRow], is_current: bool) -> str:
    if any(not job.automatic or not row.completion for job in open_jobs):
        return "processing"
    if not row.completion:
        return "failed"
    return "current" if is_current else "historical"


def derive_statuses(
    snapshots: Sequence[SnapshotRow],
    open_jobs: Mapping[int, Sequence[JobRow]],
    input_versions: Mapping[str, str | None],
    priors: Mapping[str, str],
) -> dict[int, DerivedStatus]:
    """Return the derived state of every snapshot of one organisation, by snapshot number.

    Args:
        snapshots: Its snapshots in list order: newest period first, then newest snapshot.
        open_jobs: Its jobs that wait or run, by snapshot number.
        input_versions: The version that an aggregation would read now, by `period_id`. None while the source is being
            imported (rule S5), and where no source supplies the period.
        priors: The prior `period_id` of each `period_id`.
    """
    latest = latest_completed_by_period(snapshots)
    # The first entry belongs to the newest period that has a completed snapshot (rule S1).
    candidate = next(iter(latest.values()), None)
    derived: dict[int, DerivedStatus] = {}
    for row in snapshots:
        status = _derive_status(
            row, open_jobs.get(row.snapshot, ()), candidate is not None and row.snapshot == candidate.snapshot
        )
        cache_valid = bool(row.completion) and not row.invalidated
        if cache_valid and latest[row.period_id].snapshot == row.snapshot:
            cache_valid = (
                input_versions[row.period_id] is not None and row.input_version == input_versions[row.period_id]
            )
        derived[row.snapshot] = DerivedStatus(status, cache_valid, latest.get(priors[row.period_id]))
    return derived
