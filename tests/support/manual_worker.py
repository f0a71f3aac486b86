"""The worker's steps taken by hand, so that a test says what happens between them. For an application that is not started."""

from preview.core.periods import Period
from preview.model.case_records import Mappe
from preview.reports.snapshots import automatic
from preview.runtime.application import Application
from preview.storage.jobs import JobRow
from tests.builders.case_records import batch

ORGANIZATION = "org-0301-02"
"""That of the folders of `mapper.py`; its first DatoUttrekk is in March 2024."""


def take(application: Application, *mapper: Mappe) -> str:
    """A delivery of these folders is received, claimed, and taken whole; its id."""
    name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
    row = application.deliveries.claim(application.worker_number, name)
    assert row is not None

    application.deliveries.take(row, lambda _: iter([batch(list(mapper))]))
    return name


def claim(application: Application) -> JobRow:
    """The next job, which there is."""
    job = application.jobs.claim(application.worker_number)
    assert job is not None
    return job


def complete(application: Application, job: JobRow) -> None:
    """Reads and completes it."""
    result = application.jobs.read(job, lambda _: None)
    assert result is not None
    application.jobs.complete(job, result, 0.1)


def work_off(application: Application) -> list[str]:
    """Completes all that waits; the period of each job."""
    done: list[str] = []
    while (job := application.jobs.claim(application.worker_number)) is not None:
        complete(application, job)
        done.append(job.period_id)
    return done


def time_comes(application: Application, *open_periods: str) -> None:
    """The source has been quiet for long enough (contract S6)."""
    periods = [Period.parse(period) for period in open_periods]
    application.database.write(lambda connection: automatic(connection, application.form, ORGANIZATION, periods))
