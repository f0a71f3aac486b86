"""Deliveries declared full (`domain.md` 1.3), clause by clause, through the real pipeline."""

import pytest

from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import Service
from tests.support.pipeline import aggregate, deliver, document, events

ONE, TWO, THREE = ["2024-01-10"], ["2024-01-10", "2024-02-10"], ["2024-01-10", "2024-02-10", "2024-02-20"]
BEFORE, TIME, AFTER = "2024-03-01", "2024-04-01", "2024-05-01"
"""Before, at and after the time T of the full deliveries here."""


def full(application: Application, *files: bytes) -> DeliveryDocument:
    """Delivers them as a full delivery."""
    return deliver(application, *files, full=True)


def not_taken(delivery: DeliveryDocument) -> list[str]:
    """Severities of the findings that it was not taken as full."""
    return [str(finding.severity) for finding in delivery.findings if finding.code == "full_not_taken"]


# Takes out what is not in it.


def test_it_takes_out_held_cases_that_are_not_in_it(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, BEFORE, ONE), service.folder(2, BEFORE, TWO))
    taken = full(application, service.folder(2, TIME, THREE))
    assert service.held(application) == [THREE]
    assert (taken.full, taken.removed_cases, taken.changed_cases, not_taken(taken)) == (True, 1, 1, [])


def test_its_time_is_its_newest(application: Application, service: Service) -> None:
    """A case of the same moment as its newest folder is no newer than it."""
    deliver(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    full(application, service.folder(2, TIME, TWO), service.folder(3, BEFORE, THREE))
    assert service.held(application) == [TWO, THREE]


def test_a_case_newer_than_it_stays(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, AFTER, ONE), service.folder(2, BEFORE, TWO))
    full(application, service.folder(2, TIME, TWO))
    assert service.held(application) == [ONE, TWO]


def test_a_case_that_is_in_it_with_an_older_folder_stays_as_held(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, BEFORE, TWO), service.folder(2, BEFORE, TWO))
    full(application, service.folder(1, "2024-02-01", ONE), service.folder(2, TIME, TWO))
    assert service.held(application) == [TWO, TWO]


def test_a_case_that_is_in_it_under_its_other_id_stays(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    full(application, service.folder(2, TIME, TWO, migrert=service.case_id(1)))
    assert service.held(application) == [TWO]


def test_other_organisations_keep_theirs(application: Application, service: Service) -> None:
    other = Service()
    deliver(application, service.folder(1, BEFORE, ONE), other.folder(1, BEFORE, TWO))
    full(application, service.folder(2, TIME, THREE))
    assert (service.held(application), other.held(application)) == ([THREE], [TWO])


def test_of_several_organisations_each_loses_its_own(application: Application, service: Service) -> None:
    other = Service()
    deliver(application, *(each.folder(case, BEFORE, ONE) for each in (service, other) for case in (1, 2)))
    taken = full(application, service.folder(1, TIME, ONE), other.folder(2, TIME, TWO))
    assert (service.held(application), other.held(application), taken.removed_cases) == ([ONE], [TWO], 2)


# Leaves tombstones of T.


@pytest.mark.parametrize(("day", "comes_back"), [(BEFORE, False), (TIME, False), ("2024-04-01T12:00:01+01:00", True), (AFTER, True)])
def test_what_it_took_out_is_revived_by_a_newer_folder_alone(
    application: Application, service: Service, day: str, comes_back: bool
) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    full(application, service.folder(2, TIME, TWO))
    taken = deliver(application, service.folder(1, day, THREE))
    assert service.held(application) == ([THREE, TWO] if comes_back else [TWO])
    assert (taken.new_cases, taken.unchanged_cases) == ((1, 0) if comes_back else (0, 1))


# The source remembers T.


@pytest.mark.parametrize(("day", "comes_in"), [(BEFORE, False), (TIME, False), (AFTER, True)])
def test_a_case_not_held_is_taken_in_only_if_it_is_newer(application: Application, service: Service, day: str, comes_in: bool) -> None:
    """It was not in the full delivery, so an older folder of it is of a case that has gone since."""
    full(application, service.folder(1, TIME, ONE))
    deliver(application, service.folder(2, day, TWO))
    assert service.held(application) == ([ONE, TWO] if comes_in else [ONE])


def test_a_case_held_takes_an_older_folder_by_the_usual_rule(application: Application, service: Service) -> None:
    """Its folder is older than T, and one between the two holds."""
    full(application, service.folder(1, TIME, ONE), service.folder(2, "2024-02-01", ONE))
    deliver(application, service.folder(2, BEFORE, TWO))
    assert service.held(application) == [ONE, TWO]


def test_the_first_delivery_of_a_source_may_be_full(application: Application, service: Service) -> None:
    taken = full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    assert (service.held(application), taken.new_cases, not_taken(taken)) == ([ONE, TWO], 2, [])
    assert service.source(application).siste_fulle == "2024-04-01T11:00:00.000000Z"


# Where it does not count as full.


def test_with_a_refused_file_it_takes_nothing_out(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    taken = full(application, service.folder(2, TIME, TWO), b"<Barnevern><Sak></Barnevern>")
    assert service.held(application) == [ONE, TWO]
    assert (taken.refused_files, taken.removed_cases, not_taken(taken)) == (1, 0, ["notice"])
    assert service.source(application).siste_fulle is None
    deliver(application, service.folder(3, BEFORE, THREE))
    assert service.held(application) == [ONE, TWO, THREE]


@pytest.mark.parametrize("day", [TIME, BEFORE])
def test_one_no_newer_than_an_earlier_one_takes_nothing_out(application: Application, service: Service, day: str) -> None:
    full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    taken = full(application, service.folder(2, day, THREE))
    assert service.held(application) == [ONE, THREE]
    assert (taken.removed_cases, not_taken(taken)) == (0, ["notice"])
    assert service.source(application).siste_fulle == "2024-04-01T11:00:00.000000Z"


def test_a_newer_one_counts_again(application: Application, service: Service) -> None:
    full(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    taken = full(application, service.folder(2, AFTER, TWO))
    assert (service.held(application), taken.removed_cases, not_taken(taken)) == ([TWO], 1, [])
    assert service.source(application).siste_fulle == "2024-05-01T11:00:00.000000Z"


def test_it_counts_for_one_organisation_and_not_for_another(application: Application, service: Service) -> None:
    """The other had a later full one before."""
    other = Service()
    full(application, other.folder(1, AFTER, ONE))
    deliver(application, service.folder(1, BEFORE, ONE))
    taken = full(application, service.folder(2, TIME, TWO), other.folder(2, "2024-03-15", TWO))
    assert (service.held(application), other.held(application)) == ([TWO], [ONE])
    assert (taken.removed_cases, not_taken(taken)) == (1, ["notice"])


# What follows from it.


def test_what_it_takes_out_makes_snapshots_stale(application: Application, service: Service) -> None:
    """Though no folder in it is new, and no day of the source is."""
    deliver(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    made = aggregate(application, service.organization_id, "2024")
    place = application.events.newest()
    taken = full(application, service.folder(2, TIME, TWO, levering=case_xml.uid()))
    assert not document(application, made.snapshot_id).cache_valid
    told = {event.type: event.data for event in events(application, place)}
    assert told.keys() == {"cache_invalidated", "source_received"}
    assert b'"changed_cases":1' in told["source_received"]
    assert taken.removed_cases == 1
