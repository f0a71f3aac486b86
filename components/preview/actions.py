"""What a person may do with a report in each state, and why not where not: one table for what is drawn."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Words
from preview.i18n import formatting
from preview.model.resources import JobDocument
from preview.views.preview import Preview


@dataclass(frozen=True)
class Offer:
    """`why` says why it cannot be done now; empty where it can."""

    action: str
    why: str

    @property
    def is_open(self) -> bool:
        """Whether it can be done."""
        return not self.why


def offers(preview: Preview, job: JobDocument | None, words: Words, is_complete: bool) -> Mapping[str, Offer]:
    """By action. Of `aggregate` and `again` the first is for a period without values, the second for one that has them."""
    first, anew = _why_not_aggregate(preview, job, words, is_complete), _without_source(preview, words)
    deleted = "" if preview.snapshot else words("why.nothing_to_delete")
    exported = "" if is_complete else words("why.nothing_to_export")
    whys = {"aggregate": first, "again": anew, "delete": deleted, "export": exported, "deliver": ""}
    return {action: Offer(action, why) for action, why in whys.items()}


def seconds_left(job: JobDocument) -> int:
    """Until it completes, as far as can be told; at least 1."""
    return max(1, math.ceil(job.estimated_completion_seconds * (1 - job.completed)))


def _why_not_aggregate(preview: Preview, job: JobDocument | None, words: Words, is_complete: bool) -> str:
    if not is_complete and job is not None and job.job_status in ("waiting", "running"):
        return words("why.running", n=seconds_left(job))
    return _without_source(preview, words)


def _without_source(preview: Preview, words: Words) -> str:
    return "" if preview.has_source else words("why.no_source", period=formatting.period(words.language, preview.period_id))


@dataclass(frozen=True)
class ShownJobFacts:
    """A job as it is told whole: (what, said) in order."""

    facts: tuple[tuple[str, str], ...]


def job_facts(job: JobDocument | None, words: Words) -> ShownJobFacts | None:
    """The last job of what is shown; None without one."""
    if job is None:
        return None
    facts = [
        (words("job.fact.status"), words(f"job.status.{job.job_status}")),
        (words("job.fact.requested_by"), words(f"deliver.door.{job.requested_by}") if job.requested_by in DOORS else job.requested_by),
        (words("job.fact.created"), value_formatting.instant(job.created_at, words.language)),
    ]
    if job.reason:
        facts.append((words("job.fact.reason"), job.reason))
    if job.job_status in ("waiting", "running"):
        facts.append((words("job.fact.progress"), value_formatting.part(job.completed, words.language)))
        facts.append((words("job.fact.left"), words.count("job.left", seconds_left(job))))
    if job.ended_at:
        facts.append((words("job.fact.ended"), value_formatting.instant(job.ended_at, words.language)))
    return ShownJobFacts((*facts, (words("job.fact.id"), job.job_id)))


DOORS = frozenset({"api", "dashboard", "cli", "inbox", "auto", "demo"})
"""Actors that are doors, not persons; each has a text `deliver.door.…`."""
