"""Tests of the demo's deliveries: content, order and reproducibility."""

import csv
import io
from collections import defaultdict
from datetime import date
from pathlib import Path

from preview.demo.deliveries import demo_deliveries, write_demo_deliveries
from preview.demo.figures import latest_half_year
from preview.demo.service_profiles import demo_services, service_without_data
from tests.preview.demo.conftest import TODAY, Demo


def test_another_seed_gives_other_cases() -> None:
    first = [delivery.content for delivery, _ in zip(demo_deliveries(TODAY, 1), range(3), strict=False)]
    other = [delivery.content for delivery, _ in zip(demo_deliveries(TODAY, 2), range(3), strict=False)]
    assert first[:2] == other[:2]
    assert first[2] != other[2]


def test_the_example_is_the_same_whatever_the_day(demo: Demo) -> None:
    later = [delivery.content for delivery, _ in zip(demo_deliveries(date(2031, 2, 3)), range(4), strict=False)]
    assert later[2:] == [delivery.content for delivery in demo.deliveries[2:4]]


def test_deliveries_are_ordered_csv_first_then_by_size(demo: Demo) -> None:
    names = [delivery.name for delivery in demo.deliveries]
    assert names[:4] == ["01-organisasjoner.csv", "02-bemanning.csv", "03-org-1042-2023.zip", "04-org-1042-2024.zip"]
    assert names == sorted(names)
    rest = list(demo.folders)[1:]
    cases = {
        name: len({folder.sak.get("Journalnummer") for folder in folders if folder.root})
        for name, folders in demo.folders.items()
    }
    assert [cases[name] for name in rest] == sorted(cases[name] for name in rest)
    assert [delivery.name for delivery in demo.deliveries if delivery.full] == ["22-org-3405-full.zip"]


def test_number_of_cases_and_folders(demo: Demo) -> None:
    cases = {
        name: len({folder.sak.get("Journalnummer") for folder in folders if folder.root})
        for name, folders in demo.folders.items()
    }
    assert len(cases) == 12
    assert min(cases.values()) >= 40
    assert 2_800 <= max(cases.values()) <= 3_000
    assert 800 <= cases["org-1042"] <= 900
    assert 7_000 <= sum(map(len, demo.folders.values())) <= 9_500


def test_thirteen_organisations_one_without_data_one_unlisted(demo: Demo) -> None:
    listed = list(csv.DictReader(io.StringIO(demo.deliveries[0].content.decode())))
    numbers = {(row["organisasjonsnummer"], row["bydelsnummer"]) for row in listed}
    ids = {row["organization_id"] for row in listed}
    assert len(listed) == len(numbers) == len(ids) == 12
    assert set(demo.folders) - ids == {"org-1865"}
    assert ids - set(demo.folders) == {service_without_data(TODAY).organization_id}
    assert {"organization_id": "org-1042", "organization_name": "Barnevernstjenesten Oslo Sør"}.items() <= listed[
        0
    ].items()


def test_organisation_numbers_are_invalid() -> None:
    for service in (*demo_services(TODAY), service_without_data(TODAY)):
        number = service.organisasjonsnummer
        assert number.startswith("9999")
        assert len(number) == 9
        total = sum(int(digit) * weight for digit, weight in zip(number, (3, 2, 7, 6, 5, 4, 3, 2, 1), strict=True))
        assert total % 11, "the control digit is right, so it may be somebody's"


def test_folders_name_their_organisation(demo: Demo) -> None:
    known = {service.organization_id: service for service in demo_services(TODAY)}
    for organization_id, folders in demo.folders.items():
        service = known[organization_id]
        for folder in folders:
            if folder.root is not None:
                avgiver = folder.root.find("Avgiver")
                assert avgiver is not None
                assert avgiver.get("Organisasjonsnummer") == service.organisasjonsnummer
                assert (avgiver.get("Kommunenummer"), avgiver.get("Kommunenavn")) == service.kommune
                assert avgiver.get("Bydelsnummer") == (service.bydel[0] if service.bydel else None)


def test_example_has_no_staffing_for_2024(demo: Demo) -> None:
    rows = list(csv.DictReader(io.StringIO(demo.deliveries[1].content.decode())))
    example = {(row["period_id"], row["field_key"]) for row in rows if row["organization_id"] == "org-1042"}
    assert example == {("2023", "antall_arsverk"), ("2023", "antall_arsverk_ubesatt")}
    assert {row["organization_id"] for row in rows} < {service.organization_id for service in demo_services(TODAY)}


def test_each_period_is_aggregated_once_per_service(demo: Demo) -> None:
    """Bodø also has a report of the last ended year before its last delivery, which changes most of it."""
    asked = [
        snapshot
        for delivery in demo.deliveries
        if not delivery.name.endswith("-correction.zip")
        for snapshot in delivery.aggregate
    ]
    assert [snapshot for snapshot in set(asked) if asked.count(snapshot) > 1] == [("org-1804", "2025")]
    periods: defaultdict[str, set[str]] = defaultdict(set)
    for organization_id, period in asked:
        periods[organization_id].add(period)
    everything = {"2023", "2024", "2025", "2026", "2025-H1", "2026-H1"}
    assert periods["org-1042"] == {"2023", "2024"}
    assert periods["org-1103"] == periods["org-5501"] == everything
    assert periods["org-5601"] == everything - {"2023"}
    assert periods["org-1508"] == {"2023", "2024", "2025", "2025-H1"}
    assert periods["org-3405"] == periods["org-0301-02"] == everything | {"2019", "2020", "2021", "2022"}


def test_earlier_years_come_last_and_newest_first(demo: Demo) -> None:
    reporting = ["org-1865", "org-3405", "org-1804", "org-4601-08", "org-0301-02"]
    last = demo.deliveries[-4 * len(reporting) :]
    assert [(delivery.name[3:], delivery.aggregate) for delivery in last] == [
        (f"{organization_id}-{year}.xml", ((organization_id, year),))
        for year in ("2022", "2021", "2020", "2019")
        for organization_id in reporting
    ]
    assert [delivery.name for delivery in demo.deliveries if delivery.name.endswith(".xml")][:-20] == [
        "09-org-1865-2023.xml",
        "39-org-0301-02-2023.xml",
    ]


def test_service_corrects_its_report_after_its_approval(demo: Demo) -> None:
    """The decisions of a service follow its last delivery, and the correction follows the decisions."""
    decided = [delivery.name[3:] for delivery in demo.deliveries if delivery.decisions]
    assert decided == [
        "org-5025-2026.zip",
        "org-5601-2026.zip",
        "org-3405-full.zip",
        "org-1804-2026.zip",
        "org-5001-02-2026.zip",
        "org-5501-2026.zip",
        "org-0301-02-2026.zip",
        "org-1103-2026.zip",
    ]
    following = next(nr for nr, delivery in enumerate(demo.deliveries, 1) if delivery.name.endswith(decided[1]))
    correction = demo.deliveries[following]
    assert (correction.name[3:], correction.aggregate) == ("org-5601-correction.zip", (("org-5601", "2025"),))


def test_half_year_has_ended() -> None:
    assert str(latest_half_year(date(2026, 6, 30))) == "2025-H2"
    assert str(latest_half_year(date(2026, 7, 1))) == "2026-H1"


def test_written_files_equal_the_deliveries(demo: Demo, tmp_path: Path) -> None:
    """The same day and seed give the same bytes."""
    shares: list[float] = []
    written = write_demo_deliveries(tmp_path / "new" / "folder", TODAY, progress=shares.append)
    assert [
        (delivery.path.name, delivery.path.read_bytes(), delivery.full, delivery.aggregate) for delivery in written
    ] == [(delivery.name, delivery.content, delivery.full, delivery.aggregate) for delivery in demo.deliveries]
    assert shares == sorted(shares)
    assert shares[-1] == 1
