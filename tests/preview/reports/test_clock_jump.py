"""Automatic aggregation when the system's clock is set back."""

import time
from pathlib import Path

from preview.core.periods import Period
from preview.storage import jobs
from preview.storage.database import Connection
from tests.builders.services import SampleService
from tests.preview.reports.test_automatic_aggregation import wait_until_idle
from tests.support.pipeline import deliver, open_application


def test_clock_that_was_set_back_delays_no_aggregation(data_dir: Path, service: SampleService) -> None:
    with open_application(
        data_dir, auto_aggregate=True, auto_quiet_seconds=0.0, open_periods=(Period(2024),)
    ) as application:
        a_day_ahead = time.time() + 86_400
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        wait_until_idle(application)
        completed = application.snapshots.page(service.organization_id, None, None, 1, 10)[1]

        def change_and_schedule(connection: Connection) -> None:
            """Leave what a delivery left before the clock was set back by a day."""
            connection.execute("UPDATE source SET version = version + 1")
            jobs.schedule(connection, service.organization_id, a_day_ahead, a_day_ahead + 10)

        application.database.write(change_and_schedule)
        wait_until_idle(application)
        summaries, total, _ = application.snapshots.page(service.organization_id, None, None, 1, 10)
        assert (total, [summary.cache_valid for summary in summaries]) == (completed, [True] * completed)
