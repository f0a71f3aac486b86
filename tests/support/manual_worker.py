"""Runs the steps of a worker one by one, on an application that is not started."""

from preview.core.periods import Period
from preview.model.case_records import CaseFolder
from preview.reports.automatic_aggregation import schedule_automatic_aggregations
from preview.runtime.application import Application
from preview.storage.jobs import JobRow
from tests.builders.case_records import batch

ORGANIZATION = "org-0301-02"
"""The organisation of `builders/case_records.py`; its first DatoUttrekk is in March 2024."""


def process_delivery(application: Application, *folders: CaseFolder) -> str:
    """Receive, claim and import a delivery of these case files; return its id."""
    name = application.deliveries.receive([b"not parsed"], full=False, actor="test").delivery_id
    row = application.deliveries.claim(application.worker_id, name)
    assert row is not None

    application.deliveries.process(row, lambda _: iter([batch(list(folders))]))
    return name


def claim_job(application: Application) -> JobRow:
    """Claim the next job; there must be one."""
    job = application.jobs.claim(application.worker_id)
    assert job is not None
    return job


def complete_job(application: Application, job: JobRow) -> None:
    """Aggregate and complete a claimed job."""
    result = application.jobs.aggregate(job, lambda _: None)
    assert result is not None
    application.jobs.complete(job, result, 0.1)


def complete_waiting_jobs(application: Application) -> list[str]:
    """Complete all waiting jobs and return their periods."""
    completed: list[str] = []
    while (job := application.jobs.claim(application.worker_id)) is not None:
        complete_job(application, job)
        completed.append(job.period_id)
    return completed


def trigger_automatic_aggregation(application: Application, *open_periods: str) -> None:
    """Schedule the automatic aggregations as after the debounce time (rule S6, docs/api.md)."""
    periods = [Period.parse(period) for period in open_periods]
    application.database.write(
        lambda connection: schedule_automatic_aggregations(connection, application.report_config, ORGANIZATION, periods)
    )
