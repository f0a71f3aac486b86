"""Deliveries declared full (`domain.md` 1.3), clause by clause, through the real pipeline."""

import pytest

from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, events

ONE, TWO, THREE = ["2024-01-10"], ["2024-01-10", "2024-02-10"], ["2024-01-10", "2024-02-10", "2024-02-20"]
BEFORE, TIME, AFTER = "2024-03-01", "2024-04-01", "2024-05-01"
"""Before, at and after the time T of the full deliveries here."""


def deliver_full(application: Application, *files: bytes) -> DeliveryDocument:
    """Delivers them as a full delivery."""
    return deliver(application, *files, full=True)


def not_full_severities(delivery: DeliveryDocument) -> list[str]:
    """Severities of the findings that it was not taken as full."""
    return [str(finding.severity) for finding in delivery.findings if finding.code == "full_not_taken"]


# Takes out what is not in it.


def test_full_delivery_removes_missing_cases(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE), service.folder(2, BEFORE, TWO))
    taken = deliver_full(application, service.folder(2, TIME, THREE))
    assert service.stored_melding_days(application) == [THREE]
    assert (taken.full, taken.removed_cases, taken.changed_cases, not_full_severities(taken)) == (True, 1, 1, [])


def test_full_delivery_time_is_its_newest_extract(application: Application, service: SampleService) -> None:
    """A case of the same moment as its newest folder is no newer than it."""
    deliver(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    deliver_full(application, service.folder(2, TIME, TWO), service.folder(3, BEFORE, THREE))
    assert service.stored_melding_days(application) == [TWO, THREE]


def test_case_newer_than_the_full_delivery_stays(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, AFTER, ONE), service.folder(2, BEFORE, TWO))
    deliver_full(application, service.folder(2, TIME, TWO))
    assert service.stored_melding_days(application) == [ONE, TWO]


def test_case_with_an_older_folder_in_full_delivery_stays(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, TWO), service.folder(2, BEFORE, TWO))
    deliver_full(application, service.folder(1, "2024-02-01", ONE), service.folder(2, TIME, TWO))
    assert service.stored_melding_days(application) == [TWO, TWO]


def test_case_delivered_under_its_other_id_stays(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    deliver_full(application, service.folder(2, TIME, TWO, migrert=service.case_id(1)))
    assert service.stored_melding_days(application) == [TWO]


def test_other_organisations_keep_their_cases(application: Application, service: SampleService) -> None:
    other = SampleService()
    deliver(application, service.folder(1, BEFORE, ONE), other.folder(1, BEFORE, TWO))
    deliver_full(application, service.folder(2, TIME, THREE))
    assert (service.stored_melding_days(application), other.stored_melding_days(application)) == ([THREE], [TWO])


def test_each_organisation_loses_its_own_missing_cases(application: Application, service: SampleService) -> None:
    other = SampleService()
    deliver(application, *(each.folder(case, BEFORE, ONE) for each in (service, other) for case in (1, 2)))
    taken = deliver_full(application, service.folder(1, TIME, ONE), other.folder(2, TIME, TWO))
    assert (service.stored_melding_days(application), other.stored_melding_days(application), taken.removed_cases) == ([ONE], [TWO], 2)


# Leaves tombstones of T.


@pytest.mark.parametrize(("day", "comes_back"), [(BEFORE, False), (TIME, False), ("2024-04-01T12:00:01+01:00", True), (AFTER, True)])
def test_removed_case_is_revived_only_by_a_newer_folder(
    application: Application, service: SampleService, day: str, comes_back: bool
) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    deliver_full(application, service.folder(2, TIME, TWO))
    taken = deliver(application, service.folder(1, day, THREE))
    assert service.stored_melding_days(application) == ([THREE, TWO] if comes_back else [TWO])
    assert (taken.new_cases, taken.unchanged_cases) == ((1, 0) if comes_back else (0, 1))


# The source remembers T.


@pytest.mark.parametrize(("day", "comes_in"), [(BEFORE, False), (TIME, False), (AFTER, True)])
def test_unknown_case_is_imported_only_if_newer(application: Application, service: SampleService, day: str, comes_in: bool) -> None:
    """It was not in the full delivery, so an older folder of it is of a case that has gone since."""
    deliver_full(application, service.folder(1, TIME, ONE))
    deliver(application, service.folder(2, day, TWO))
    assert service.stored_melding_days(application) == ([ONE, TWO] if comes_in else [ONE])


def test_stored_case_accepts_older_folder_by_usual_rule(application: Application, service: SampleService) -> None:
    """Its folder is older than T, and one between the two holds."""
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, "2024-02-01", ONE))
    deliver(application, service.folder(2, BEFORE, TWO))
    assert service.stored_melding_days(application) == [ONE, TWO]


def test_the_first_delivery_of_a_source_may_be_full(application: Application, service: SampleService) -> None:
    taken = deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    assert (service.stored_melding_days(application), taken.new_cases, not_full_severities(taken)) == ([ONE, TWO], 2, [])
    assert service.source(application).last_full_at == "2024-04-01T11:00:00.000000Z"


# Where it does not count as full.


def test_full_delivery_with_refused_file_removes_nothing(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    taken = deliver_full(application, service.folder(2, TIME, TWO), b"<Barnevern><Sak></Barnevern>")
    assert service.stored_melding_days(application) == [ONE, TWO]
    assert (taken.refused_files, taken.removed_cases, not_full_severities(taken)) == (1, 0, ["notice"])
    assert service.source(application).last_full_at is None
    deliver(application, service.folder(3, BEFORE, THREE))
    assert service.stored_melding_days(application) == [ONE, TWO, THREE]


@pytest.mark.parametrize("day", [TIME, BEFORE])
def test_full_delivery_not_newer_removes_nothing(application: Application, service: SampleService, day: str) -> None:
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    taken = deliver_full(application, service.folder(2, day, THREE))
    assert service.stored_melding_days(application) == [ONE, THREE]
    assert (taken.removed_cases, not_full_severities(taken)) == (0, ["notice"])
    assert service.source(application).last_full_at == "2024-04-01T11:00:00.000000Z"


def test_newer_full_delivery_removes_again(application: Application, service: SampleService) -> None:
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    taken = deliver_full(application, service.folder(2, AFTER, TWO))
    assert (service.stored_melding_days(application), taken.removed_cases, not_full_severities(taken)) == ([TWO], 1, [])
    assert service.source(application).last_full_at == "2024-05-01T11:00:00.000000Z"


def test_full_delivery_applies_per_organisation(application: Application, service: SampleService) -> None:
    """The other had a later full one before."""
    other = SampleService()
    deliver_full(application, other.folder(1, AFTER, ONE))
    deliver(application, service.folder(1, BEFORE, ONE))
    taken = deliver_full(application, service.folder(2, TIME, TWO), other.folder(2, "2024-03-15", TWO))
    assert (service.stored_melding_days(application), other.stored_melding_days(application)) == ([TWO], [ONE])
    assert (taken.removed_cases, not_full_severities(taken)) == (1, ["notice"])


# What follows from it.


def test_removed_cases_make_snapshots_stale(application: Application, service: SampleService) -> None:
    """Though no folder in it is new, and no day of the source is."""
    deliver(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    made = aggregate(application, service.organization_id, "2024")
    place = application.event_log.last_event_id()
    taken = deliver_full(application, service.folder(2, TIME, TWO, delivery_id=case_xml.uid()))
    assert not document(application, made.snapshot_id).cache_valid
    told = {event.type: event.data for event in events(application, place)}
    assert told.keys() == {"cache_invalidated", "source_received"}
    assert b'"changed_cases":1' in told["source_received"]
    assert taken.removed_cases == 1
