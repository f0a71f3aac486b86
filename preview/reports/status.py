"""Statuses and the cache flag follow from what is there, at any time (contract S1 to S5). Pure.

`TRANSITIONS` is the one table of legal moves; whatever writes a status goes through it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from preview.storage.jobs import JobRow
from preview.storage.snapshots import SnapshotRow

TRANSITIONS: Mapping[str, frozenset[str]] = {
    "processing": frozenset({"current", "historical", "failed"}),
    "failed": frozenset({"processing"}),
    "current": frozenset({"processing", "historical"}),
    "historical": frozenset({"processing", "current"}),
}
"""Status of a snapshot -> statuses that it may have next."""


@dataclass(frozen=True)
class DerivedStatus:
    """What follows for one snapshot. `prior` is the snapshot whose values stand beside its own (contract 2b)."""

    status: str
    cache_valid: bool
    prior: SnapshotRow | None


def latest_completed_by_period(snapshots: Sequence[SnapshotRow]) -> dict[str, SnapshotRow]:
    """By `period_id`, of one organisation's snapshots in list order (newest period first, then newest snapshot)."""
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
    """Of one organisation, by snapshot number.

    `snapshots` in list order; `open_jobs` waiting or running, by snapshot; `input_versions` what an aggregation would read now, by `period_id`,
    None while the source is being read or where there is none; `priors` the prior `period_id` of each `period_id`.
    """
    latest = latest_completed_by_period(snapshots)
    # Dicts keep order: the first is of the newest period that has a completed one (S1).
    candidate = next(iter(latest.values()), None)
    derived: dict[int, DerivedStatus] = {}
    for row in snapshots:
        status = _derive_status(row, open_jobs.get(row.snapshot, ()), candidate is not None and row.snapshot == candidate.snapshot)
        cache_valid = bool(row.completion) and not row.invalidated
        if cache_valid and latest[row.period_id].snapshot == row.snapshot:
            cache_valid = input_versions[row.period_id] is not None and row.input_version == input_versions[row.period_id]
        derived[row.snapshot] = DerivedStatus(status, cache_valid, latest.get(priors[row.period_id]))
    return derived
