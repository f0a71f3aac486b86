"""The actions that a report's state allows, the reasons why others are disabled, and the facts of its last job."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.core.actor import SYSTEM_ACTORS
from preview.i18n import formatting
from preview.model.resources import JobDocument
from preview.views.preview import Preview


@dataclass(frozen=True)
class Action:
    """An action of the page; `disabled_reason` says in a sentence why it is disabled, and is empty if it is enabled."""

    name: str
    disabled_reason: str

    @property
    def is_enabled(self) -> bool:
        """Whether the action can be performed now."""
        return not self.disabled_reason


def by_actor(actor: str, t: Translator) -> str:
    """Return by whom or through what something was done: `av kari.n`, `via API-et`."""
    return t(f"deliver.via.{actor}") if actor in SYSTEM_ACTORS else t("deliver.by", actor=actor)


def available_actions(
    preview: Preview, job: JobDocument | None, t: Translator, is_complete: bool
) -> Mapping[str, Action]:
    """Return the actions of a report by name.

    Args:
        preview: The report.
        job: Its last job, None if it never had one. During a job, its progress may be newer than the preview's.
        t: The texts in the visitor's language.
        is_complete: Whether the report has values. If so the page offers `again`, else `aggregate`.

    Returns:
        `aggregate`, `again`, `delete`, `export` and `deliver`.
    """
    aggregate_reason, again_reason = (
        _aggregate_disabled_reason(preview, job, t, is_complete),
        _missing_source_reason(preview, t),
    )
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
    """Return the estimated seconds until a job completes, at least 1."""
    return max(1, math.ceil(job.estimated_completion_seconds * (1 - job.completed)))


def _aggregate_disabled_reason(preview: Preview, job: JobDocument | None, t: Translator, is_complete: bool) -> str:
    if not is_complete and job is not None and job.job_status in ("waiting", "running"):
        return t("why.running", n=remaining_seconds(job))
    return _missing_source_reason(preview, t)


def _missing_source_reason(preview: Preview, t: Translator) -> str:
    return "" if preview.has_source else t("why.no_source", period=formatting.period(t.language, preview.period_id))


@dataclass(frozen=True)
class JobFactsView:
    """The facts of a job as pairs of label and value, in the order in which the page lists them."""

    facts: tuple[tuple[str, str], ...]


def job_facts(job: JobDocument | None, t: Translator) -> JobFactsView | None:
    """Return the facts of a job, None without a job."""
    if job is None:
        return None
    facts = [
        (t("job.fact.status"), t(f"job.status.{job.job_status}")),
        (
            t("job.fact.requested_by"),
            t(f"deliver.channel.{job.requested_by}") if job.requested_by in SYSTEM_ACTORS else job.requested_by,
        ),
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
