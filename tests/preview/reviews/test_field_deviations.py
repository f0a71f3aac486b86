"""The deviations of one field in the reports of all services, and the answers to them."""

from pathlib import Path

from preview.core.periods import Period
from preview.form.deviations import HIDDEN_MESSAGE
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.preview.reviews.conftest import MISSING_WARNING, ReviewedService
from tests.support.pipeline import aggregate, deliver, open_application

STAFF = MISSING_WARNING[1]


def test_deviation_is_found_in_the_period_with_its_answer(reviewed: ReviewedService) -> None:
    query = reviewed.application.reviews.field_deviations
    (found,), position = query.read(STAFF, Period(2024))
    assert (found.organization_id, found.deviation.rule_id, found.acknowledgement) == (reviewed.key[0], "mangler", None)
    assert found.deviation.params == {"prior": 12.5, "prior_period": "2023"}
    assert query.read(STAFF, Period(2023))[0] == []
    assert query.read("antall_flyttinger", Period(2024))[0] == []

    reviewed.acknowledge()
    (found,), later = query.read(STAFF, Period(2024))
    assert found.acknowledgement is not None
    assert (found.acknowledgement.reason, found.acknowledgement.acknowledged_by) == ("Tallene er kontrollert.", "kari")
    assert later > position

    # The answer was to another number.
    reviewed.figures(f"2023,{STAFF},14")
    reviewed.aggregate("2023")
    (found,), _ = query.read(STAFF, Period(2024))
    assert (found.deviation.params["prior"], found.acknowledgement) == (14.0, None)


def test_deviations_are_those_of_the_preview_when_counts_are_withheld(data_dir: Path, service: SampleService) -> None:
    """Two of five children are without a plan, which the notice would say."""
    with open_application(data_dir, suppress_small_counts=True) as application:
        plans = {case: {"planer": [case_xml.plan("2024-02-01")]} for case in (1, 2, 3)}
        files = [
            service.folder(case, "2025-01-15", tiltak=[case_xml.tiltak("2024-02-01")], **plans.get(case, {}))
            for case in range(1, 6)
        ]
        deliver(application, service.folder(9, "2023-01-01"), *files)
        aggregate(application, service.organization_id, "2024")
        query = application.reviews.field_deviations
        rows = application.previews.read(service.organization_id, "2024").rows
        shown = [each for row in rows for each in row.deviations if not each.about_report]
        found = [each.deviation for row in rows for each in query.read(row.field_key, Period(2024))[0]]
        named = [(each.rule_id, each.message, each.params) for each in found]
        assert named == [(each.rule_id, each.message, each.params) for each in shown]
        assert ("uten_plan", HIDDEN_MESSAGE, {}) in named
