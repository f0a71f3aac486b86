"""Tests that 15F files are imported whole and in the order of delivery (rule 2.3, docs/domain.md; rules S4 and S5,
docs/api.md).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preview.ingest.annual_file_import import AnnualFileImporter
from preview.ingest.case_merge import CaseMerger
from preview.model.case_records import AnnualFile
from preview.parsing import file_parser
from preview.parsing.delivery import Batch
from preview.runtime.application import Application
from preview.storage.database import Connection
from tests.builders.services import SampleService
from tests.preview.parsing.parser_helpers import KEY, NOW
from tests.support.annual_file_helpers import RECEIVED, arsfil, bydel, child
from tests.support.manual_worker import claim_job, complete_job, complete_waiting_jobs
from tests.support.pipeline import deliver, document, open_application, values

# Never half of two files.


def test_reader_sees_either_file_completely(application: Application, service: SampleService) -> None:
    """The file has more children than a batch has case files, but is imported in one transaction."""
    deliver(
        application, arsfil(service, *[child(number, "2020-01-10", bydel=f"0{number % 2}") for number in range(450)])
    )
    receipt = application.deliveries.receive(
        [arsfil(service, *[child(number, "2020-02-10", bydel=f"0{number % 3}") for number in range(450)])],
        full=False,
        actor="test",
    )
    seen: set[tuple[str, int]] = set()
    while application.deliveries.get(receipt.delivery_id).completed_at is None:
        seen |= application.database.read(lambda connection: stored_melding_days(connection, service))
    assert seen <= {("2020-01-10", 450), ("2020-02-10", 450)}
    assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
        ("2020-02-10", 450)
    }


def stored_melding_days(connection: Connection, service: SampleService) -> set[tuple[str, int]]:
    """Return the number of meldinger of all bydeler by day of receipt."""
    rows = connection.execute(
        """SELECT mottatt, count(*) FROM melding JOIN source USING (source) JOIN organization USING (organization_id)
        WHERE organisasjonsnummer = ? GROUP BY mottatt""",
        (service.organisasjonsnummer,),
    )
    return set(rows.fetchall())


def test_failed_import_keeps_the_earlier_file(application: Application, service: SampleService) -> None:
    deliver(application, arsfil(service, child(1, "2020-01-10", bydel="01"), child(2, "2020-01-10", bydel="02")))
    later = read(arsfil(service, child(1, "2020-02-10", bydel="01"), child(2, "2020-02-10", bydel="02")))
    later.parts[1].individer.append(None)  # type: ignore[arg-type]
    number = application.database.read(
        lambda connection: connection.execute("SELECT max(delivery) FROM delivery").fetchone()[0]
    )
    with pytest.raises(AttributeError):
        application.database.write(
            lambda connection: AnnualFileImporter(CaseMerger(number, full=False)).import_files(connection, [later])
        )
    assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {("2020-01-10", 2)}


def read(data: bytes, file: int = 1) -> AnnualFile:
    """Return the file as the parser returns it."""
    (found,) = file_parser.parse_file(data, file, KEY, NOW).annual_files
    return found


def test_locked_source_is_stale_and_aggregations_wait(data_dir: Path, service: SampleService) -> None:
    """Rule S5; a bydel that the file empties is locked too, because the next file of the delivery may fill it again."""
    first = read(arsfil(service, child(1, "2020-01-10", bydel="01"), child(2, bydel="02")))
    emptying = read(arsfil(service, child(2, bydel="02")))
    filling = read(arsfil(service, child(1, "2020-03-10", "2020-03-11", bydel="01"), child(2, bydel="02")), file=2)
    with open_application(data_dir, started=False) as application:
        process_batches(application, lambda: iter([Batch("15f", files=1, annual_files=[first])]))
        made = application.snapshots.request(bydel(service, "01"), "2020", False, "test")[0].snapshot_id
        untouched = application.snapshots.request(bydel(service, "02"), "2020", False, "test")[0].snapshot_id
        assert complete_waiting_jobs(application) == ["2020", "2020"]

        def slowly() -> Iterator[Batch]:
            """Yield a batch; it is imported when the next one is read."""
            yield Batch("15f", files=1, bytes_read=1, total_bytes=2, annual_files=[emptying])
            assert document(application, made).cache_valid
            yield Batch("15f", files=2, bytes_read=2, total_bytes=2, annual_files=[filling])
            assert not document(application, made).cache_valid
            assert document(application, untouched).cache_valid
            application.snapshots.request(bydel(service, "01"), "2020", False, "test")
            assert complete_waiting_jobs(application) == []

        process_batches(application, slowly)
        complete_job(application, claim_job(application))
        newest = application.snapshots.page(bydel(service, "01"), "2020", None, 1, 1)[0][0].snapshot_id
        assert values(document(application, newest))[RECEIVED] == 2


def process_batches(application: Application, batches: Any) -> None:
    """Import a delivery of these batches."""
    name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
    row = application.deliveries.claim(application.worker_id, name)
    assert row is not None
    application.deliveries.process(row, lambda _: batches())


# The later file is the one delivered later, whichever is read last.


def test_earlier_delivery_processed_later_changes_nothing(data_dir: Path, service: SampleService) -> None:
    earlier = read(arsfil(service, child(1, "2020-01-10"), child(2, "2020-01-10", bydel="01")), file=3)
    later = read(arsfil(service, child(3, "2020-03-10")))
    with open_application(data_dir, started=False) as application:
        numbers = [
            int(application.deliveries.receive([b"."], full=False, actor="test").delivery_id.removeprefix("dlv-"))
            for _ in range(2)
        ]
        folds = [CaseMerger(number, full=False) for number in numbers]
        for merger, arsfil_ in reversed(list(zip(folds, (earlier, later), strict=True))):
            application.database.write(
                lambda connection, merger=merger, arsfil_=arsfil_: AnnualFileImporter(merger).import_files(
                    connection, [arsfil_]
                )
            )
        assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
            ("2020-03-10", 1)
        }
        assert [(finding.severity, finding.code, finding.file) for finding in folds[0].findings] == [
            ("notice", "earlier_file", 3)
        ]
        assert (folds[0].counts["unchanged"], folds[1].counts["new"], folds[0].changed_by_organization) == (2, 1, {})
        assert application.organizations.page(1, 10)[1] == 1


def test_imported_files_are_skipped_after_crash(data_dir: Path, service: SampleService) -> None:
    """A delivery with two files of one year that is read again must not return to the first file."""
    first, second = (read(arsfil(service, child(nr, f"2020-0{nr}-10")), file=nr) for nr in (1, 2))
    with open_application(data_dir, started=False) as application:
        number = int(application.deliveries.receive([b"."], full=False, actor="test").delivery_id.removeprefix("dlv-"))
        application.database.write(
            lambda connection: AnnualFileImporter(CaseMerger(number, full=False)).import_files(
                connection, [first, second]
            )
        )
        again = CaseMerger(number, full=False, completed_files=2)
        assert (
            application.database.write(
                lambda connection: AnnualFileImporter(again).import_files(connection, [first, second])
            )
            == set()
        )
        assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
            ("2020-02-10", 1)
        }
        assert not again.counts
