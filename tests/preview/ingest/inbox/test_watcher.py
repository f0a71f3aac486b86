"""Tests of the watched folder: complete files are delivered, refused files come back with a report."""

import json
import os
import stat
import time
from pathlib import Path

import pytest

from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.inbox_helpers import (
    MARCH,
    SETTLE_SECONDS,
    ManualPoller,
    finished_deliveries,
    has_claims,
    remaining_files,
    wait_until_empty,
    watching_application,
)
from tests.support.pipeline import wait_until, zip_files

EMPTY_LISTING = b"organization_id,organization_name,organisasjonsnummer,bydelsnummer\norg-1,N,12,\n"
"""An organisations file whose only line is left out."""


def test_file_is_imported_and_deleted(data_dir: Path, inbox: Path, service: SampleService) -> None:
    with watching_application(data_dir, inbox) as application:
        (inbox / "sak.xml").write_bytes(service.folder(1, MARCH, [MARCH]))
        wait_until_empty(inbox)
        (delivery,) = finished_deliveries(application)
        assert (delivery.delivery_status, delivery.actor, delivery.full) == ("taken", "inbox", False)
        assert (delivery.new_cases, delivery.organizations) == (1, [service.organization_id])


def test_file_is_not_imported_while_written(data_dir: Path, inbox: Path, service: SampleService) -> None:
    content = service.folder(1, MARCH, [MARCH])
    with watching_application(data_dir, inbox) as application:
        with (inbox / "sak.xml").open("wb") as file:
            for at in range(0, len(content), len(content) // 12 + 1):
                file.write(content[at : at + len(content) // 12 + 1])
                file.flush()
                time.sleep(SETTLE_SECONDS / 4)  # longer than SETTLE in all
                assert application.deliveries.page(None, None, 1, 1)[1] == 0
        wait_until_empty(inbox)
        (delivery,) = finished_deliveries(application)
        assert (delivery.delivery_status, delivery.refused_files) == ("taken", 0)


@pytest.mark.parametrize("beside", ["sak.xml.part", ".sak.xml.Xy12", "SAK.TMP", "~sak.xml", "sak.xml~"])
def test_temporary_name_is_ignored_until_renamed(
    data_dir: Path, inbox: Path, service: SampleService, beside: str
) -> None:
    other = SampleService()
    with watching_application(data_dir, inbox, inbox_settle_seconds=0.0) as application:
        (inbox / beside).write_bytes(service.folder(1, MARCH))
        for number in (1, 2):  # two further looks
            (inbox / f"{number}.xml").write_bytes(other.folder(number, MARCH))
            wait_until(lambda: remaining_files(inbox) == {beside}, "the other file to be taken")
        (inbox / beside).rename(inbox / "sak.xml")
        wait_until_empty(inbox)
        assert [delivery.organizations for delivery in finished_deliveries(application)][-1] == [
            service.organization_id
        ]


def test_file_is_complete_when_renamed_from_temporary_name(data_dir: Path, inbox: Path, service: SampleService) -> None:
    """A renamed file is complete at once, without the time that other files must be unchanged."""
    with watching_application(data_dir, inbox, started=False) as application:
        looking = ManualPoller(application, inbox, settle_seconds=3600.0)
        (inbox / "sak.part").write_bytes(service.folder(1, MARCH))
        (inbox / "andre.xml").write_bytes(service.folder(2, MARCH))
        looking()
        (inbox / "sak.part").rename(inbox / "sak.xml")
        looking()
        assert application.deliveries.page(None, None, 1, 1)[1] == 1
        assert {Path(path).name for path in remaining_files(inbox)} == {"andre.xml", "sak.xml"}
        assert (inbox / "andre.xml").exists()
        assert not (inbox / "sak.xml").exists()


def test_file_names_and_subfolders_are_kept(data_dir: Path, inbox: Path, service: SampleService) -> None:
    names = ["a b.xml", "sak æøå.xml", "Sør/Østre Å/sak.xml", "Sør/sak.xml", "uten endelse"]
    for number, name in enumerate(names):
        (inbox / name).parent.mkdir(parents=True, exist_ok=True)
        (inbox / name).write_bytes(service.folder(number, MARCH))
    broken = os.fsencode(inbox) + b"/latin-\xe6.xml"
    with open(broken, "wb") as file:  # noqa: PTH123, no UTF-8
        file.write(service.folder(9, MARCH))
    with watching_application(data_dir, inbox, inbox_taken="move") as application:
        wait_until(lambda: len(remaining_files(inbox / "taken")) == 6 and not has_claims(inbox), "all to be taken")
        assert remaining_files(inbox) == {f"taken/{name}" for name in names} | {"taken/latin-\udce6.xml"}
        assert sum(delivery.new_cases for delivery in finished_deliveries(application)) == 6
        assert stat.S_IMODE((inbox / "taken" / "a b.xml").stat().st_mode) == 0o600


def test_file_with_the_name_of_an_earlier_one_is_numbered(data_dir: Path, inbox: Path, service: SampleService) -> None:
    with watching_application(data_dir, inbox, inbox_taken="move"):
        for number in (1, 2, 3):
            (inbox / "sak.xml").write_bytes(service.folder(number, MARCH))
            wait_until(
                lambda number=number: len(remaining_files(inbox / "taken")) == number and not has_claims(inbox),
                "it to be taken",
            )
    assert remaining_files(inbox) == {"taken/sak.xml", "taken/sak-2.xml", "taken/sak-3.xml"}


def test_refused_file_gets_a_report_without_its_content(data_dir: Path, inbox: Path, service: SampleService) -> None:
    sentinel = "Kari-Nordmann-12345678901"
    broken = service.folder(2, MARCH, Journalnummer=sentinel)[:-20] + f"<{sentinel}".encode()
    (inbox / "under").mkdir()
    (inbox / "under" / f"{sentinel} æ.xml").write_bytes(broken)
    for number in (1, 3):
        (inbox / f"{number}.xml").write_bytes(service.folder(number, MARCH))
    inbox.chmod(0o750)
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: len(remaining_files(inbox / "refused")) == 2 and not has_claims(inbox), "it to come back")
        (delivery,) = finished_deliveries(application)
        assert (delivery.delivery_status, delivery.files, delivery.refused_files, delivery.new_cases) == (
            "taken",
            3,
            1,
            2,
        )
    back, report = (
        inbox / "refused" / "under" / f"{sentinel} æ.xml",
        inbox / "refused" / "under" / f"{sentinel} æ.xml.report.json",
    )
    assert remaining_files(inbox) == {str(path.relative_to(inbox)) for path in (back, report)}
    assert back.read_bytes() == broken
    assert stat.S_IMODE(back.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (inbox / "refused", back.parent, inbox / ".taking")} == {
        0o700
    }
    assert stat.S_IMODE(report.stat().st_mode) == 0o600
    assert sentinel not in report.read_text()
    actual = json.loads(report.read_text())
    assert actual["delivery_id"] == delivery.delivery_id
    assert [(finding["severity"], finding["code"], finding["file"]) for finding in actual["findings"]] == [
        ("refused", "not_well_formed", 1)
    ]
    assert actual["findings"][0]["line"] > 0
    assert {language: bool(text) for language, text in actual["findings"][0]["actions"].items()} == {
        "nb": True,
        "nn": True,
        "en": True,
    }


def test_refused_files_are_identified_among_many_findings(data_dir: Path, inbox: Path, service: SampleService) -> None:
    noisy = service.folder(1, MARCH, meldinger=[case_xml.melding(None) for _ in range(990)])
    (inbox / "a.xml").write_bytes(noisy)
    (inbox / "b.xml").write_bytes(service.folder(2, MARCH, meldinger=[case_xml.melding(None) for _ in range(990)]))
    for number in range(30):
        (inbox / f"c{number}.xml").write_bytes(
            b"<Barnevern/>" if number % 3 == 0 else service.folder(10 + number, MARCH)
        )
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: len(remaining_files(inbox / "refused")) == 20 and not has_claims(inbox), "them to come back")
        (delivery,) = finished_deliveries(application)
        assert delivery.refused_files == 10
        assert delivery.finding_count > 1500
        assert len(application.deliveries.get(delivery.delivery_id).findings) == 1000
    names = {f"refused/c{number}.xml" for number in range(0, 30, 3)}
    assert remaining_files(inbox) == names | {f"{name}.report.json" for name in names}


def test_zip_is_one_delivery_whatever_its_name(data_dir: Path, inbox: Path, service: SampleService) -> None:
    (inbox / "a.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "b.dat").write_bytes(zip_files([service.folder(2, MARCH), service.folder(3, MARCH)]))
    (inbox / "c.zip").write_bytes(zip_files([service.folder(4, MARCH), b"<", b"<"]))
    (inbox / "d.xml").write_bytes(service.folder(5, MARCH))
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: remaining_files(inbox) == {"refused/c.zip", "refused/c.zip.report.json"}, "them to be taken")
        rows = finished_deliveries(application)
        assert sorted((row.files, row.refused_files, row.new_cases) for row in rows) == [
            (2, 0, 2),
            (2, 0, 2),
            (3, 2, 1),
        ]
    actual = json.loads((inbox / "refused" / "c.zip.report.json").read_text())
    assert [finding["file"] for finding in actual["findings"]] == [2, 3]


def test_link_and_device_are_refused(data_dir: Path, inbox: Path, tmp_path: Path, service: SampleService) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "sak.xml").write_bytes(service.folder(1, MARCH))
    (inbox / "file").symlink_to(elsewhere / "sak.xml")
    (inbox / "folder").symlink_to(elsewhere)
    os.mkfifo(inbox / "pipe")
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: len(remaining_files(inbox / "refused")) == 6, "them to come back")
        assert application.deliveries.page(None, None, 1, 1)[1] == 0
    assert json.loads((inbox / "refused" / "folder.report.json").read_text())["findings"][0]["code"] == "not_a_file"
    assert remaining_files(elsewhere) == {"sak.xml"}


def test_large_file_is_refused_and_others_are_split(data_dir: Path, inbox: Path, service: SampleService) -> None:
    size = len(service.folder(1, MARCH))
    for number in range(5):
        (inbox / f"{number}.xml").write_bytes(service.folder(number, MARCH))
    (inbox / "large.xml").write_bytes(service.folder(9, MARCH) + b" " * size * 2)
    with watching_application(data_dir, inbox, max_delivery_bytes=int(size * 2.5)) as application:
        wait_until(
            lambda: remaining_files(inbox) == {"refused/large.xml", "refused/large.xml.report.json"}, "them to be taken"
        )
        assert [delivery.files for delivery in finished_deliveries(application)] == [2, 2, 1]
    assert json.loads((inbox / "refused" / "large.xml.report.json").read_text())["findings"][0]["code"] == "too_large"


def test_file_manager_files_are_ignored(data_dir: Path, inbox: Path, service: SampleService) -> None:
    noise = {".DS_Store", "Thumbs.db", "desktop.ini", "._sak.xml"}
    for name in noise:
        (inbox / name).write_bytes(b"x")
    (inbox / "sak.xml").write_bytes(service.folder(1, MARCH))
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: remaining_files(inbox) == noise, "the file to be taken")
        assert [delivery.files for delivery in finished_deliveries(application)] == [1]


def test_csv_files_are_imported(data_dir: Path, inbox: Path, service: SampleService) -> None:
    (inbox / "1 organisasjoner.csv").write_bytes(service.listing("org-ny", "Ny tjeneste"))
    (inbox / "2 sak.xml").write_bytes(service.folder(1, MARCH))
    with watching_application(data_dir, inbox) as application:
        wait_until_empty(inbox)
        finished_deliveries(application)
        (listed,) = application.organizations.list_options()
        assert (listed.organization_id, listed.organization_name) == ("org-ny", "Ny tjeneste")


def test_delivery_of_which_nothing_was_imported_is_returned(data_dir: Path, inbox: Path) -> None:
    (inbox / "organisasjoner.csv").write_bytes(EMPTY_LISTING)
    with watching_application(data_dir, inbox) as application:
        wait_until(lambda: len(remaining_files(inbox / "refused")) == 2 and not has_claims(inbox), "it to come back")
        (delivery,) = finished_deliveries(application)
        assert application.deliveries.is_empty(delivery.delivery_id)
    report = json.loads((inbox / "refused" / "organisasjoner.csv.report.json").read_text())
    assert report["delivery_id"] == delivery.delivery_id
    assert len(report["findings"]) == delivery.finding_count > 0
