"""The history of a field: periods of one kind, services in order, and values that must not be shown."""

from pathlib import Path

from preview.core.periods import Period
from tests.builders.services import SampleService
from tests.preview.reports.test_suppression_end_to_end import CHILDREN, aggregate_both_years
from tests.support.pipeline import aggregate, open_application


def test_history_has_periods_of_one_kind_and_withholds(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, suppress_small_counts=True) as application:
        aggregate_both_years(application, service)
        aggregate(application, service.organization_id, "2024-H1")
        read = application.field_histories.read
        found = read(CHILDREN, ["unknown", service.organization_id], Period(2024))
        (history,) = found.services
        assert (history.organization_id, found.period_ids) == (service.organization_id, ["2023", "2024"])
        assert [(each.value, each.state) for each in history.values] == [(None, "withheld"), (5, "present")]
        halves = read(CHILDREN, [service.organization_id], Period.parse("2023-H1"))
        assert halves.period_ids == ["2024-H1"]
        assert read(CHILDREN, [], Period(2024)).services == []
