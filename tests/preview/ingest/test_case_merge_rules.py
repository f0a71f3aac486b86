"""Tests of the merge rules 1.1, 1.2, 1.4, 1.5, 1.11 and 1.12 (docs/domain.md) through the real pipeline."""

import pytest

from preview.model.resources import DeliveryDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, events

EARLY, LATE = "2024-03-01", "2024-05-01"
ONE, TWO, THREE = ["2024-01-10"], ["2024-01-10", "2024-02-10"], ["2024-01-10", "2024-02-10", "2024-02-20"]


def counts(delivery: DeliveryDocument) -> tuple[int, int, int, int]:
    """Return the counts (new, changed, unchanged, removed) of a delivery."""
    return delivery.new_cases, delivery.changed_cases, delivery.unchanged_cases, delivery.removed_cases


def codes(delivery: DeliveryDocument) -> list[str]:
    """Return the codes of the delivery's findings, in order."""
    return [finding.code for finding in delivery.findings]


# 1.1: the newest folder holds.


def test_newer_folder_replaces_an_older(application: Application, service: SampleService) -> None:
    assert counts(deliver(application, service.folder(1, EARLY, ONE))) == (1, 0, 0, 0)
    assert counts(deliver(application, service.folder(1, LATE, TWO))) == (0, 1, 0, 0)
    assert service.stored_melding_days(application) == [TWO]


def test_late_older_folder_changes_nothing(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, []), service.folder(2, LATE, TWO))
    before = service.version(application)
    assert counts(deliver(application, service.folder(2, "2024-04-01", ONE))) == (0, 0, 1, 0)
    assert service.stored_melding_days(application) == [[], TWO]
    assert service.version(application) == before


def test_last_read_of_simultaneous_folders_is_kept(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, ONE), service.folder(1, EARLY, TWO))
    assert service.stored_melding_days(application) == [TWO]
    assert counts(deliver(application, service.folder(1, EARLY, ONE))) == (0, 1, 0, 0)
    assert service.stored_melding_days(application) == [ONE]


def test_order_within_a_delivery_does_not_matter(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, LATE, TWO), service.folder(1, EARLY, ONE))
    assert service.stored_melding_days(application) == [TWO]


def test_an_equal_folder_changes_no_row(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, ONE))
    before = service.version(application)
    assert counts(deliver(application, service.folder(1, f"{EARLY}T18:00:00+01:00", ONE))) == (0, 0, 1, 0)
    assert service.version(application) == before


def test_newer_equal_folder_becomes_current(application: Application, service: SampleService) -> None:
    """A case file between the two must not be stored."""
    deliver(application, service.folder(1, EARLY, ONE))
    deliver(application, service.folder(1, LATE, ONE))
    assert counts(deliver(application, service.folder(1, "2024-04-01", TWO))) == (0, 0, 1, 0)
    assert service.stored_melding_days(application) == [ONE]


def test_case_of_two_bydeler_counts_in_each(application: Application) -> None:
    """A case may move between bydeler and keep its Id: it counts in each that delivered it (rule 3.3)."""
    first, second = SampleService(), SampleService()
    shared = case_xml.uid()
    for sender, days in ((first, ONE), (second, TWO)):
        meldinger = [case_xml.melding(day) for day in days]
        deliver(
            application,
            case_xml.folder(shared, org=sender.organisasjonsnummer, kommune=sender.kommune, meldinger=meldinger),
        )
    assert (first.stored_melding_days(application), second.stored_melding_days(application)) == ([ONE], [TWO])


# 1.2: a deleted case leaves a tombstone.


def test_deleted_case_is_removed(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, ONE), service.folder(2, EARLY, TWO))
    assert counts(deliver(application, service.folder(1, LATE, slettet=True))) == (0, 0, 0, 1)
    assert service.stored_melding_days(application) == [TWO]
    assert service.document(application).sources[0].case_count == 1


def test_late_older_folder_does_not_revive_a_deleted_case(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, ONE), service.folder(1, LATE, slettet=True))
    assert counts(deliver(application, service.folder(1, "2024-04-01", TWO))) == (0, 0, 1, 0)
    assert service.stored_melding_days(application) == []


def test_tombstone_may_arrive_first(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, LATE, slettet=True))
    assert counts(deliver(application, service.folder(1, EARLY, ONE))) == (0, 0, 1, 0)
    assert service.stored_melding_days(application) == []


def test_newer_folder_revives_a_deleted_case(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, EARLY, slettet=True))
    assert counts(deliver(application, service.folder(1, LATE, ONE))) == (1, 0, 0, 0)
    assert service.stored_melding_days(application) == [ONE]


# 1.4: the id in the system migrated from.


@pytest.mark.parametrize("migrated_first", [True, False])
def test_a_migrated_id_is_the_same_case_whichever_comes_first(
    application: Application, service: SampleService, migrated_first: bool
) -> None:
    old = service.folder(1, EARLY, ONE)
    new = service.folder(2, LATE, TWO, migrert=service.case_id(1))
    deliver(application, *([new, old] if migrated_first else [old, new]))
    assert service.stored_melding_days(application) == [TWO]


def test_merged_cases_keep_the_newest_folder(application: Application, service: SampleService) -> None:
    """Both ids had a case file before one of them showed that they are one case."""
    deliver(application, service.folder(1, LATE, THREE), service.folder(2, EARLY, ONE))
    assert len(service.stored_melding_days(application)) == 2
    imported = deliver(application, service.folder(2, "2024-04-01", TWO, migrert=service.case_id(1)))
    assert service.stored_melding_days(application) == [THREE]
    assert counts(imported) == (0, 1, 0, 0)


def test_migrated_case_keeps_both_ids(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(2, EARLY, ONE, migrert=service.case_id(1).upper()))
    deliver(application, service.folder(1, LATE, TWO))
    deliver(application, service.folder(2, "2024-06-01", THREE))
    assert service.stored_melding_days(application) == [THREE]


@pytest.mark.parametrize("migrert", ["4711", "i1", "00000000-0000-7000-8000-000000000001", "", " "])
def test_another_migrated_id_is_ignored(application: Application, service: SampleService, migrert: str) -> None:
    """Ids of KOSTRA repeat."""
    deliver(application, service.folder(1, EARLY, ONE, migrert=migrert), service.folder(2, EARLY, TWO, migrert=migrert))
    assert service.stored_melding_days(application) == [ONE, TWO]


# 1.5: the previous delivery of the same case.


def test_unknown_previous_delivery_is_a_finding(application: Application, service: SampleService) -> None:
    first, second = case_xml.uid(), case_xml.uid()
    assert codes(deliver(application, service.folder(1, EARLY, ONE, delivery_id=first))) == []
    assert (
        codes(deliver(application, service.folder(1, "2024-04-01", TWO, delivery_id=second, forrige=first.upper())))
        == []
    )
    imported = deliver(application, service.folder(1, LATE, THREE, forrige=first))
    assert codes(imported) == ["forrige_not_seen"]
    assert (imported.findings[0].severity, imported.findings[0].element) == ("warning", "Barnevern@ForrigeId")
    assert service.stored_melding_days(application) == [THREE]


def test_previous_delivery_is_compared_within_the_case(application: Application, service: SampleService) -> None:
    of_another = case_xml.uid()
    deliver(application, service.folder(1, EARLY, ONE, delivery_id=of_another))
    assert codes(deliver(application, service.folder(2, LATE, TWO, forrige=of_another))) == ["forrige_not_seen"]


def test_an_unchanged_folder_is_a_previous_delivery_too(application: Application, service: SampleService) -> None:
    second = case_xml.uid()
    deliver(application, service.folder(1, EARLY, ONE), service.folder(1, "2024-04-01", ONE, delivery_id=second))
    assert codes(deliver(application, service.folder(1, LATE, TWO, forrige=second))) == []


# 1.11: first and newest DatoUttrekk, and the case system.


def test_first_and_last_extract_cover_all_files(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, LATE, ONE))
    deliver(application, service.folder(1, EARLY, TWO))
    deliver(application, service.folder(1, "2024-06-01", ONE))
    (source,) = service.document(application).sources
    assert (source.format, source.year, source.case_count) == ("v4", None, 1)
    assert (source.first_extract_at, source.last_extract_at) == ("2024-03-01T11:00:00Z", "2024-06-01T11:00:00Z")


def test_case_system_is_taken_from_newest_file(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, LATE, ONE, fagsystem="Æsops Fagsystem (2)"))
    deliver(application, service.folder(2, EARLY, ONE, fagsystem="Et eldre"))
    assert service.document(application).sources[0].case_system == "Æsops Fagsystem (2)"
    made = document(application, aggregate(application, service.organization_id, "2024").snapshot_id)
    sources = {field.data_source for section in made.sections for field in section.fields}
    assert sources == {"fagsystem-aesops-fagsystem-2", None}


# 1.12: what changes a source's version, and with it a snapshot's cache flag.


CHANGES = {
    "another folder": (1, f"{EARLY}T18:00:00+01:00", TWO, True),
    "a new case": (2, EARLY, ONE, True),
    "an equal folder of the same day": (1, f"{EARLY}T18:00:00+01:00", ONE, False),
    "an equal folder of the next day": (1, "2024-03-02", ONE, True),
    "an equal folder of the day before": (1, "2024-02-29", ONE, True),
    "the same day in Norway, another in UTC": (1, f"{EARLY}T00:30:00+01:00", ONE, False),
    "the next day in Norway, the same in UTC": (1, "2024-03-02T00:30:00+01:00", ONE, True),
}


@pytest.mark.parametrize("what", CHANGES)
def test_the_version_changes_with_rows_and_days(application: Application, service: SampleService, what: str) -> None:
    case, uttrekk, days, changes = CHANGES[what]
    deliver(application, service.folder(1, EARLY, ONE))
    made = aggregate(application, service.organization_id, "2024")
    before, position = service.version(application), application.event_log.last_event_id()
    deliver(application, service.folder(case, uttrekk, days))
    assert (service.version(application) != before) == changes
    assert document(application, made.snapshot_id).cache_valid == (not changes)
    actual = [event.type for event in events(application, position)]
    assert actual == (["cache_invalidated", "source_received"] if changes else ["source_received"])
