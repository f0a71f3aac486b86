"""Tests of listed and unlisted organisations, their ids and names (rules 3.1 and 3.2, docs/domain.md)."""

import pytest

from preview.model.resources import OrganizationDocument
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, document, event_types, events

DAY = "2024-05-01"
HEAD = "organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"


def listing(*lines: str) -> bytes:
    """Return an organisations file."""
    return (HEAD + "\n".join(lines)).encode()


def known(application: Application, service: SampleService) -> list[OrganizationDocument]:
    """Return all organisations with that number, by id."""
    rows, _, _ = application.organizations.page(1, 100_000)
    return [row for row in rows if row.organisasjonsnummer == service.organisasjonsnummer]


def test_listed_organisation_gets_id_and_name_from_file(application: Application, service: SampleService) -> None:
    imported = deliver(application, listing(f"org-l{service.number},Lista barnevern,{service.organisasjonsnummer},"))
    assert (imported.delivery_status, imported.format, imported.finding_count) == ("taken", "organizations", 0)
    assert imported.organizations == [f"org-l{service.number}"]
    deliver(application, service.folder(1, DAY))
    (only,) = known(application, service)
    assert (only.organization_id, only.organization_name, only.listed) == (
        f"org-l{service.number}",
        "Lista barnevern",
        True,
    )
    assert [source.case_count for source in only.sources] == [1]


def test_expected_organisation_is_listed_without_source(application: Application, service: SampleService) -> None:
    deliver(application, listing(f"org-l{service.number},Lista barnevern,{service.organisasjonsnummer},03"))
    (only,) = known(application, service)
    assert (only.bydelsnummer, only.listed, only.sources) == ("03", True, [])


def test_unlisted_organisation_is_named_by_municipality(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, DAY, kommunenavn="Nord-Fron"))
    (only,) = known(application, service)
    assert (only.organization_id, only.organization_name, only.listed) == (
        f"org-{service.kommune}",
        "Barnevernstjenesten Nord-Fron",
        False,
    )


def test_unlisted_bydel_is_named_by_municipality_and_bydel(application: Application, service: SampleService) -> None:
    given = {"org": service.organisasjonsnummer, "kommune": service.kommune, "kommunenavn": "Oslo"}
    for bydel in ("01", "02"):
        deliver(application, case_xml.folder(bydel=bydel, **given))
    assert [(row.organization_id, row.bydelsnummer, row.organization_name) for row in known(application, service)] == [
        (f"org-{service.kommune}-01", "01", "Barnevernstjenesten Oslo Testbydel"),
        (f"org-{service.kommune}-02", "02", "Barnevernstjenesten Oslo Testbydel"),
    ]


def test_used_id_gets_number_as_suffix(application: Application, service: SampleService) -> None:
    """This happens when a municipality gets a new organisation number."""
    successor = SampleService()
    deliver(application, service.folder(1, DAY))
    deliver(application, successor.folder(1, DAY, kommune=service.kommune))
    assert [row.organization_id for row in known(application, successor)] == [
        f"org-{service.kommune}-{successor.organisasjonsnummer}"
    ]
    assert [row.organization_id for row in known(application, service)] == [f"org-{service.kommune}"]


def test_unknown_municipality_uses_the_number_as_name(application: Application, service: SampleService) -> None:
    imported = deliver(application, service.folder(1, DAY, kommune="3", kommunenavn=None))
    assert [finding.code for finding in imported.findings] == ["kommunenummer"]
    (only,) = known(application, service)
    assert (only.organization_id, only.organization_name) == (
        f"org-{service.organisasjonsnummer}",
        "Barnevernstjenesten",
    )


def test_later_listing_changes_only_the_name(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, DAY))
    imported = deliver(application, listing(f"org-other{service.number},Et nytt navn,{service.organisasjonsnummer},"))
    assert (imported.organizations, imported.finding_count) == ([service.organization_id], 0)
    (only,) = known(application, service)
    assert (only.organization_id, only.organization_name, only.listed) == (
        service.organization_id,
        "Et nytt navn",
        True,
    )


def test_case_file_does_not_rename_listed_organisation(application: Application, service: SampleService) -> None:
    deliver(application, service.listing(f"org-l{service.number}", "Lista barnevern"))
    deliver(application, service.folder(1, DAY, kommunenavn="Annet"))
    assert known(application, service)[0].organization_name == "Lista barnevern"


def test_id_of_another_number_is_rejected_with_its_line(application: Application, service: SampleService) -> None:
    other = SampleService()
    deliver(application, service.folder(1, DAY))
    lines = [
        f"org-l{other.number},Tatt,{other.organisasjonsnummer},",
        f"{service.organization_id},Tatt,{SampleService().organisasjonsnummer},",
    ]
    imported = deliver(application, listing(*lines))
    (finding,) = imported.findings
    assert (finding.severity, finding.code, finding.file, finding.line) == ("error", "csv_organization_taken", 1, 3)
    assert imported.organizations == [f"org-l{other.number}"]
    assert known(application, service)[0].organization_name == "Barnevernstjenesten Testkommune"


def test_new_name_rerenders_documents(application: Application, service: SampleService) -> None:
    """Each snapshot gets an event; none becomes stale."""
    deliver(application, service.folder(1, DAY, ["2023-03-01", "2024-03-01"]))
    made = [aggregate(application, service.organization_id, period).snapshot_id for period in ("2023", "2024")]
    etags = [application.snapshots.get(snapshot).etag for snapshot in made]
    position = application.event_log.last_event_id()
    deliver(application, service.listing(service.organization_id, "Et nytt navn"))
    for snapshot, etag in zip(made, etags, strict=True):
        after = document(application, snapshot)
        assert (after.organization_name, after.cache_valid) == ("Et nytt navn", True)
        assert application.snapshots.get(snapshot).etag != etag
    actual = events(application, position)
    assert sorted(event_types(actual)) == ["snapshot_updated", "snapshot_updated", "source_received"]
    assert all(
        b'"changed_keys":["organization_name"]' in event.data for event in actual if event.type == "snapshot_updated"
    )


@pytest.mark.parametrize("name", ["Et navn", "Et nytt navn"])
def test_unchanged_listing_changes_no_document(application: Application, service: SampleService, name: str) -> None:
    deliver(application, service.listing(service.organization_id, "Et navn"), service.folder(1, DAY))
    made = aggregate(application, service.organization_id, "2024").snapshot_id
    position, etag = application.event_log.last_event_id(), application.snapshots.get(made).etag
    deliver(application, service.listing(service.organization_id, name))
    same = name == "Et navn"
    assert (application.snapshots.get(made).etag == etag) == same
    assert event_types(events(application, position)) == (
        ["source_received"] if same else ["snapshot_updated", "source_received"]
    )


def test_listing_and_case_files_fit_in_one_delivery(application: Application, service: SampleService) -> None:
    imported = deliver(
        application, service.listing(f"org-l{service.number}", "Lista barnevern"), service.folder(1, DAY)
    )
    assert (imported.format, imported.organizations) == ("mixed", [f"org-l{service.number}"])
