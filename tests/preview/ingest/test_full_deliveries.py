"""Tests of full deliveries (rule 1.3, docs/domain.md), clause by clause, through the real pipeline."""

import io
import zipfile

import pytest

from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, events, zip_files

ONE, TWO, THREE = ["2024-01-10"], ["2024-01-10", "2024-02-10"], ["2024-01-10", "2024-02-10", "2024-02-20"]
BEFORE, TIME, AFTER = "2024-03-01", "2024-04-01", "2024-05-01"
"""Times before, at and after the time T of the full deliveries."""


def deliver_full(application: Application, *files: bytes) -> DeliveryDocument:
    """Deliver the files as a full delivery."""
    return deliver(application, *files, full=True)


def not_full_severities(delivery: DeliveryDocument) -> list[str]:
    """Return the severities of the findings `full_not_taken`."""
    return [str(finding.severity) for finding in delivery.findings if finding.code == "full_not_taken"]


# Takes out what is not in it.


def test_full_delivery_removes_missing_cases(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE), service.folder(2, BEFORE, TWO))
    imported = deliver_full(application, service.folder(2, TIME, THREE))
    assert service.stored_melding_days(application) == [THREE]
    assert (imported.full, imported.removed_cases, imported.changed_cases, not_full_severities(imported)) == (
        True,
        1,
        1,
        [],
    )


def test_full_delivery_time_is_its_newest_extract(application: Application, service: SampleService) -> None:
    """A case extracted at T is not newer than T."""
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
    deliver(application, *(sender.folder(case, BEFORE, ONE) for sender in (service, other) for case in (1, 2)))
    imported = deliver_full(application, service.folder(1, TIME, ONE), other.folder(2, TIME, TWO))
    assert (
        service.stored_melding_days(application),
        other.stored_melding_days(application),
        imported.removed_cases,
    ) == ([ONE], [TWO], 2)


# Leaves tombstones of T.


@pytest.mark.parametrize(
    ("day", "comes_back"), [(BEFORE, False), (TIME, False), ("2024-04-01T12:00:01+01:00", True), (AFTER, True)]
)
def test_removed_case_is_revived_only_by_a_newer_folder(
    application: Application, service: SampleService, day: str, comes_back: bool
) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    deliver_full(application, service.folder(2, TIME, TWO))
    imported = deliver(application, service.folder(1, day, THREE))
    assert service.stored_melding_days(application) == ([THREE, TWO] if comes_back else [TWO])
    assert (imported.new_cases, imported.unchanged_cases) == ((1, 0) if comes_back else (0, 1))


# The source remembers T.


@pytest.mark.parametrize(("day", "comes_in"), [(BEFORE, False), (TIME, False), (AFTER, True)])
def test_unknown_case_is_imported_only_if_newer(
    application: Application, service: SampleService, day: str, comes_in: bool
) -> None:
    """The case was not in the full delivery, so an older case file of it is of a case that was deleted since."""
    deliver_full(application, service.folder(1, TIME, ONE))
    deliver(application, service.folder(2, day, TWO))
    assert service.stored_melding_days(application) == ([ONE, TWO] if comes_in else [ONE])


def test_stored_case_accepts_older_folder_by_usual_rule(application: Application, service: SampleService) -> None:
    """Its case file is older than T, and a file between the two is accepted."""
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, "2024-02-01", ONE))
    deliver(application, service.folder(2, BEFORE, TWO))
    assert service.stored_melding_days(application) == [ONE, TWO]


def test_the_first_delivery_of_a_source_may_be_full(application: Application, service: SampleService) -> None:
    imported = deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    assert (service.stored_melding_days(application), imported.new_cases, not_full_severities(imported)) == (
        [ONE, TWO],
        2,
        [],
    )
    assert service.source(application).last_full_at == "2024-04-01T11:00:00.000000Z"


# Where it does not count as full.


def test_full_delivery_with_refused_file_removes_nothing(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    imported = deliver_full(application, service.folder(2, TIME, TWO), b"<Barnevern><Sak></Barnevern>")
    assert service.stored_melding_days(application) == [ONE, TWO]
    assert (imported.refused_files, imported.removed_cases, not_full_severities(imported)) == (1, 0, ["notice"])
    assert service.source(application).last_full_at is None
    deliver(application, service.folder(3, BEFORE, THREE))
    assert service.stored_melding_days(application) == [ONE, TWO, THREE]


@pytest.mark.parametrize("day", [TIME, BEFORE])
def test_full_delivery_not_newer_removes_nothing(application: Application, service: SampleService, day: str) -> None:
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, BEFORE, TWO))
    imported = deliver_full(application, service.folder(2, day, THREE))
    assert service.stored_melding_days(application) == [ONE, THREE]
    assert (imported.removed_cases, not_full_severities(imported)) == (0, ["notice"])
    assert service.source(application).last_full_at == "2024-04-01T11:00:00.000000Z"


def test_newer_full_delivery_removes_again(application: Application, service: SampleService) -> None:
    deliver_full(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    imported = deliver_full(application, service.folder(2, AFTER, TWO))
    assert (service.stored_melding_days(application), imported.removed_cases, not_full_severities(imported)) == (
        [TWO],
        1,
        [],
    )
    assert service.source(application).last_full_at == "2024-05-01T11:00:00.000000Z"


def test_full_delivery_applies_per_organisation(application: Application, service: SampleService) -> None:
    """The other organisation had a later full delivery before."""
    other = SampleService()
    deliver_full(application, other.folder(1, AFTER, ONE))
    deliver(application, service.folder(1, BEFORE, ONE))
    imported = deliver_full(application, service.folder(2, TIME, TWO), other.folder(2, "2024-03-15", TWO))
    assert (service.stored_melding_days(application), other.stored_melding_days(application)) == ([TWO], [ONE])
    assert (imported.removed_cases, not_full_severities(imported)) == (1, ["notice"])


# Archives (rule 3.6).


def test_cut_archive_with_an_archive_inside_removes_no_case(application: Application, service: SampleService) -> None:
    folders = [service.folder(case, BEFORE, ONE) for case in range(1, 6)]
    deliver(application, *folders)
    inner = zip_files([service.folder(5, TIME, TWO)])
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number, folder in enumerate(folders[:4]):
            archive.writestr(f"{number}.xml", folder)
        archive.writestr("inner.zip", inner)
    cut = out.getvalue()[: out.getvalue().index(inner) + len(inner)]
    imported = deliver_full(application, cut)
    assert (imported.delivery_status, imported.files, imported.refused_files) == ("refused", 1, 1)
    assert [finding.code for finding in imported.findings] == ["archive_unreadable"]
    assert (imported.removed_cases, service.stored_melding_days(application)) == (0, [ONE] * 5)


def test_leftovers_keep_no_delivery_from_being_full(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE), service.folder(2, BEFORE, ONE))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.xml", service.folder(2, TIME, TWO))
        for name in ("Desktop.ini", "@eaDir/a.xml@SynoEAStream", "~$a.xml", "a.xml:Zone.Identifier", ".fseventsd/x"):
            archive.writestr(name, "x")
    imported = deliver_full(application, out.getvalue())
    assert (imported.files, imported.refused_files, not_full_severities(imported)) == (1, 0, [])
    assert (imported.removed_cases, service.stored_melding_days(application)) == (1, [TWO])


def test_archive_without_file_is_refused(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, BEFORE, ONE))
    imported = deliver_full(application, zip_files([]))
    assert (imported.delivery_status, [finding.code for finding in imported.findings]) == ("refused", ["no_file"])
    assert service.stored_melding_days(application) == [ONE]


# What follows from it.


def test_removed_cases_make_snapshots_stale(application: Application, service: SampleService) -> None:
    """No case file in it is new, and no day of the source changes."""
    deliver(application, service.folder(1, TIME, ONE), service.folder(2, TIME, TWO))
    made = aggregate(application, service.organization_id, "2024")
    position = application.event_log.last_event_id()
    imported = deliver_full(application, service.folder(2, TIME, TWO, delivery_id=case_xml.uid()))
    assert not document(application, made.snapshot_id).cache_valid
    actual = {event.type: event.data for event in events(application, position)}
    assert actual.keys() == {"cache_invalidated", "source_received"}
    assert b'"changed_cases":1' in actual["source_received"]
    assert imported.removed_cases == 1
