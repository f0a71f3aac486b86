"""A period's first snapshot is made automatically only from data that reach 31 days into it (rule S6, docs/api.md)."""

from datetime import datetime
from pathlib import Path

import msgspec
import pytest

from preview.core.clock import sortable_timestamp
from tests.builders.case_records import case_folder
from tests.support.manual_worker import complete_waiting_jobs, process_delivery, trigger_automatic_aggregation
from tests.support.pipeline import open_application


@pytest.mark.parametrize(
    ("extract_at", "periods"),
    [
        # A late correction: a melding received in December is concluded, and the case sent again, in January.
        ("2024-01-05T09:00:00+01:00", ["2023-H2", "2023"]),
        # 31 January is 30 days after 1 January, the first day of 2024 and of its first half.
        ("2024-01-31T23:59:59+01:00", ["2023-H2", "2023"]),
        # 31 days after, by the clock of Norway: in UTC it is still 31 January.
        ("2024-02-01T00:30:00+01:00", ["2024-H1", "2024", "2023-H2", "2023"]),
        # 1 August is 31 days after 1 July, the first day of the second half.
        ("2024-07-31T12:00:00+02:00", ["2024-H1", "2024", "2023-H2", "2023"]),
        ("2024-08-01T00:30:00+02:00", ["2024-H1", "2024-H2", "2024", "2023-H2", "2023"]),
    ],
)
def test_late_correction_opens_no_report_of_the_new_period(data_dir: Path, extract_at: str, periods: list[str]) -> None:
    instant = sortable_timestamp(datetime.fromisoformat(extract_at))
    with open_application(data_dir, started=False) as application:
        process_delivery(application, msgspec.structs.replace(case_folder(1, "a", 1), extract_at=instant))
        trigger_automatic_aggregation(application, "2024", "2024-H1", "2024-H2", "2023", "2023-H2")
        assert sorted(complete_waiting_jobs(application)) == sorted(periods)
