"""What a person may do with a report in each state, and why not where not: one table for what is drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.i18n import formatting
from preview.model.resources import JobDocument
from preview.views.preview import Preview


@dataclass(frozen=True)
class Action:
    """`why` says why it cannot be done now; empty where it can."""

    name: str
    disabled_reason: str

    @property
    def is_enabled(self) -> bool:
        """Whether it can be done."""
        return not self.disabled_reason


def available_actions(preview: Preview, job: JobDocument | None, t: Translator, is_complete: bool) -> Mapping[str, Action]:
    """By action. Of `aggregate` and `again` the first is for a period without values, the second for one that has them."""
    aggregate_reason, again_reason = _aggregate_disabled_reason(preview, job, t, is_complete), _missing_source_reason(preview, t)
    delete_reason = "" if preview.snapshot else t("why.nothing_to_delete")
    export_reason = "" if is_complete else t("why.nothing_to_export")
    disabled_reasons = {
        "aggregate": aggregate_reason,
        "again": again_reason,
        "delete": delete_reason,
        "export": export_reason,
        "deliver": "",
    }
    return {name: Action(name, reason) for name, reason in disabled_reasons.items()}


def remaining_seconds(job: JobDocument) -> int:
    """Until it completes, as far as can be told; at least 1."""
    return max(1, math.ceil(job.estimated_completion_seconds * (1 - job.completed)))


def _aggregate_disabled_reason(preview: Preview, job: JobDocument | None, t: Translator, is_complete: bool) -> str:
    if not is_complete and job is not None and job.job_status in ("waiting", "running"):
        return t("why.running", n=remaining_seconds(job))
    return _missing_source_reason(preview, t)


def _missing_source_reason(preview: Preview, t: Translator) -> str:
    return "" if preview.has_source else t("why.no_source", period=formatting.period(t.language, preview.period_id))


@dataclass(frozen=True)
class JobFactsView:
    """A job as it is told whole: (what, said) in order."""

    facts: tuple[tuple[str, str], ...]


def job_facts(job: JobDocument | None, t: Translator) -> JobFactsView | None:
    """The last job of what is shown; None without one."""
    if job is None:
        return None
    facts = [
        (t("job.fact.status"), t(f"job.status.{job.job_status}")),
        (t("job.fact.requested_by"), t(f"deliver.door.{job.requested_by}") if job.requested_by in SYSTEM_ACTORS else job.requested_by),
        (t("job.fact.created"), value_formatting.instant(job.created_at, t.language)),
    ]
    if job.reason:
        facts.append((t("job.fact.reason"), job.reason))
    if job.job_status in ("waiting", "running"):
        facts.append((t("job.fact.progress"), value_formatting.share(job.completed, t.language)))
        facts.append((t("job.fact.left"), t.plural("job.left", remaining_seconds(job))))
    if job.ended_at:
        facts.append((t("job.fact.ended"), value_formatting.instant(job.ended_at, t.language)))
    return JobFactsView((*facts, (t("job.fact.id"), job.job_id)))


SYSTEM_ACTORS = frozenset({"api", "dashboard", "cli", "inbox", "auto", "demo"})
"""Actors that are doors, not persons; each has a text `deliver.door.…`."""
