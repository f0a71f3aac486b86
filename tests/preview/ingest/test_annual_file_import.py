"""Tests of 15F files that replace earlier ones (rules 1.12, 2.2 to 2.4 and 3.2, docs/domain.md)."""

import pytest

from preview.core.errors import ValidationError
from preview.runtime.application import Application
from tests.builders import kostra_xml
from tests.builders.services import SampleService
from tests.support.annual_file_helpers import RECEIVED, arsfil, bydel, child, counts, received, sources
from tests.support.pipeline import aggregate, deliver, document, event_types, events, values

BYDELER = ("01", "02", "03")


# Replacing the year of one organisation.


def test_later_file_replaces_the_earlier(application: Application, service: SampleService) -> None:
    first = arsfil(service, child(1, "2020-01-10"), child(2, "2020-02-10"), child(3, "2020-03-10"))
    assert counts(deliver(application, first)) == (3, 0, 0, 0)
    assert service.stored_melding_days(application) == [["2020-01-10"], ["2020-02-10"], ["2020-03-10"]]
    later = arsfil(service, child(4, "2020-04-10", "2020-04-11"), child(1, "2020-01-10"))
    assert counts(deliver(application, later)) == (0, 1, 1, 1)
    assert sorted(service.stored_melding_days(application)) == [["2020-01-10"], ["2020-04-10", "2020-04-11"]]
    assert received(application, service.organization_id) == 3


def test_repeated_file_changes_nothing(application: Application, service: SampleService) -> None:
    children = [child(1, "2020-01-10"), child(2, "2020-02-10"), child(3, "2020-02-10"), child(4)]
    deliver(application, arsfil(service, *children))
    made = aggregate(application, service.organization_id, "2020")
    version, position = service.version(application), events(application)[-1].event_id
    assert counts(deliver(application, arsfil(service, *children))) == (0, 0, 4, 0)
    assert counts(deliver(application, arsfil(service, *reversed(children)))) == (0, 0, 4, 0)
    assert service.version(application) == version
    assert document(application, made.snapshot_id).cache_valid
    assert event_types(events(application, position)) == ["source_received"] * 2


def test_equal_children_are_counted_separately(application: Application, service: SampleService) -> None:
    """Two children whose stored content is equal have no id that distinguishes them."""
    deliver(application, arsfil(service, *[child(number, "2020-01-10") for number in (1, 2, 3)]))
    assert len(service.stored_melding_days(application)) == 3
    assert counts(deliver(application, arsfil(service, *[child(number, "2020-01-10") for number in (2, 3)]))) == (
        0,
        0,
        2,
        1,
    )
    assert counts(deliver(application, arsfil(service, *[child(number, "2020-01-10") for number in range(5)]))) == (
        3,
        0,
        2,
        0,
    )
    assert service.stored_melding_days(application) == [["2020-01-10"]] * 5


def test_content_change_bumps_version_and_stales_snapshots(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, child(1, "2020-01-10")))
    made = aggregate(application, service.organization_id, "2020")
    version, position = service.version(application), events(application)[-1].event_id
    deliver(application, arsfil(service, child(1, "2020-01-11")))
    assert service.version(application) == version + 1
    assert not document(application, made.snapshot_id).cache_valid
    assert event_types(events(application, position)) == ["cache_invalidated", "source_received"]


def test_file_findings_count_as_source_findings(application: Application, service: SampleService) -> None:
    """The deviation `funn` shows their number (rule 7), so a different number is different content."""
    deliver(application, arsfil(service, child(1)))
    version = service.version(application)
    deliver(application, kostra_xml.annual_file(child(1), org=service.organisasjonsnummer, kommune="x"))
    assert service.version(application) == version + 1
    aggregate(application, service.organization_id, "2020")
    preview = application.previews.read(service.organization_id, "2020")
    assert preview.source is not None
    assert preview.source.findings == 2
    assert [
        deviation.rule_id for row in preview.rows for deviation in row.deviations if deviation.rule_id == "funn"
    ] == ["funn"]


def test_each_year_is_a_source_of_its_own(application: Application, service: SampleService) -> None:
    for year in (2019, 2020):
        deliver(application, arsfil(service, child(1, f"{year}-01-10"), year=year))
    deliver(application, arsfil(service, child(2, "2020-05-10"), child(3, "2020-05-10"), year=2020))
    found = sources(application, service.organization_id)
    assert [(source.format, source.year, source.case_system, source.case_count) for source in found] == [
        ("15f", 2019, "", 1),
        ("15f", 2020, "", 2),
    ]
    assert [(source.first_extract_at, source.last_extract_at) for source in found] == [
        (f"{year}-12-31T22:59:59Z", f"{year}-12-31T22:59:59Z") for year in (2019, 2020)
    ]
    assert received(application, service.organization_id, "2019") == 1
    assert received(application, service.organization_id, "2020") == 2


def test_files_of_one_year_are_applied_in_order(application: Application, service: SampleService) -> None:
    imported = deliver(
        application, arsfil(service, child(1, "2020-01-10"), child(2)), arsfil(service, child(3, "2020-03-10"))
    )
    assert (imported.format, counts(imported)) == ("15f", (2, 1, 0, 1))
    assert service.stored_melding_days(application) == [["2020-03-10"]]


def test_15f_and_folders_in_one_delivery(application: Application, service: SampleService) -> None:
    imported = deliver(
        application,
        service.folder(1, "2024-05-01", ["2024-05-01"]),
        arsfil(service, child(1)),
        service.folder(2, "2024-05-02"),
    )
    assert (imported.format, counts(imported), imported.organizations) == (
        "mixed",
        (3, 0, 0, 0),
        [service.organization_id],
    )
    assert [(source.format, source.case_count) for source in sources(application, service.organization_id)] == [
        ("v4", 2),
        ("15f", 1),
    ]


def test_full_delivery_removes_nothing_from_15f(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, child(1, "2020-01-10")))
    deliver(application, service.folder(1, "2024-05-01"), full=True)
    assert [(source.format, source.case_count) for source in sources(application, service.organization_id)] == [
        ("v4", 1),
        ("15f", 1),
    ]


# Bydeler (2.3, 2.4).


def test_a_file_is_divided_into_an_organisation_a_bydel(application: Application, service: SampleService) -> None:
    children = [
        child(nr, f"2020-0{nr}-10", bydel=number, bydelsnavn=f"Bydel {number}") for nr, number in enumerate(BYDELER, 1)
    ]
    imported = deliver(application, arsfil(service, *children, child(9), kommunenavn="Ås"))
    ids = [service.organization_id, *[bydel(service, number) for number in BYDELER]]
    assert imported.organizations == ids
    rows, _, _ = application.organizations.page(1, 100_000)
    named = {
        row.organization_id: (row.organization_name, row.bydelsnummer, row.listed)
        for row in rows
        if row.organization_id in ids
    }
    assert named[ids[0]] == ("Barnevernstjenesten Ås", None, False)
    assert named[ids[1]] == ("Barnevernstjenesten Ås Bydel 01", "01", False)
    assert [received(application, organization_id) for organization_id in ids] == [0, 1, 1, 1]


def test_a_later_file_replaces_all_bydeler_of_the_number(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, *[child(nr, "2020-01-10", bydel=number) for nr, number in enumerate(BYDELER)]))
    made = {number: aggregate(application, bydel(service, number), "2020").snapshot_id for number in BYDELER}
    position = events(application)[-1].event_id
    later = [child(7, "2020-02-10", bydel="02"), child(2, "2020-01-10", bydel="03")]
    imported = deliver(application, arsfil(service, *later))
    assert counts(imported) == (0, 1, 1, 1)
    assert imported.organizations == [bydel(service, number) for number in BYDELER]
    assert deliver(application, arsfil(service, *later)).organizations == [
        bydel(service, number) for number in ("02", "03")
    ]
    assert {number: document(application, made[number]).cache_valid for number in BYDELER} == {
        "01": False,
        "02": False,
        "03": True,
    }
    actual = [(row.organization_id, row.type) for row in events(application, position)]
    assert sorted(actual) == sorted(
        [(bydel(service, number), "cache_invalidated") for number in ("01", "02")]
        + [(bydel(service, number), "source_received") for number in (*BYDELER, "02", "03")]  # of both deliveries
    )


def test_bydel_missing_from_later_file_loses_the_year(application: Application, service: SampleService) -> None:
    gone = bydel(service, "01")
    deliver(application, arsfil(service, child(1, "2020-01-10", bydel="01"), child(2, bydel="02")))
    made = aggregate(application, gone, "2020").snapshot_id
    deliver(application, arsfil(service, child(2, bydel="02")))
    assert sources(application, gone) == []
    assert values(document(application, made))[RECEIVED] == 1
    assert not document(application, made).cache_valid
    with pytest.raises(ValidationError):
        application.snapshots.request(gone, "2020", True, "test")
    deliver(application, arsfil(service, child(1, "2020-01-10", "2020-01-11", bydel="01")))
    assert [source.case_count for source in sources(application, gone)] == [1]
    assert received(application, gone) == 2


def test_bydel_without_15f_data_uses_its_folders(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, child(1, "2020-01-10", bydel="01")))
    deliver(application, service.folder(1, "2021-05-01", ["2020-05-01", "2020-05-02"], bydel="01"))
    made = aggregate(application, bydel(service, "01"), "2020").snapshot_id
    assert values(document(application, made))[RECEIVED] == 1
    deliver(application, arsfil(service, child(1, "2020-01-10", bydel="02")))
    assert not document(application, made).cache_valid
    assert received(application, bydel(service, "01")) == 2
    preview = application.previews.read(bydel(service, "01"), "2020")
    assert preview.source is not None
    assert (preview.source.data_source, preview.source.incomplete) == ("fagsystem-testsystem", True)


def test_child_is_moved_to_another_bydel(application: Application, service: SampleService) -> None:
    for number in ("01", "02"):
        deliver(application, arsfil(service, child(1, "2020-01-10", bydel=number), child(2, bydel="03")))
    assert [source.case_count for source in sources(application, bydel(service, "02"))] == [1]
    assert sources(application, bydel(service, "01")) == []


def test_other_number_in_municipality_is_another_organisation(application: Application, service: SampleService) -> None:
    other = SampleService()
    deliver(application, arsfil(service, child(1)))
    imported = deliver(
        application, kostra_xml.annual_file(child(2), org=other.organisasjonsnummer, kommune=service.kommune)
    )
    assert imported.organizations == [f"{service.organization_id}-{other.organisasjonsnummer}"]
    assert len(service.stored_melding_days(application)) == 1


def test_listed_organisation_keeps_its_id_and_name(application: Application, service: SampleService) -> None:
    deliver(application, service.listing(f"org-listed-{service.number}", "Et navn"))
    assert deliver(application, arsfil(service, child(1))).organizations == [f"org-listed-{service.number}"]
