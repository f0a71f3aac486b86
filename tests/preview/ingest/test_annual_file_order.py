"""Tests that 15F files are imported whole and in the order of delivery (rule 2.3, docs/domain.md; rules S4 and S5,
docs/api.md).
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from preview.core.errors import ParserCrashed
from preview.ingest.annual_file_import import AnnualFileImporter
from preview.ingest.case_merge import CaseMerger
from preview.model.case_records import AnnualFile
from preview.parsing import file_parser
from preview.parsing.messages import Batch
from preview.runtime.application import Application
from preview.storage.database import Connection
from preview.storage.deliveries import DeliveryRow
from tests.builders.services import SampleService
from tests.preview.parsing.parser_helpers import KEY, NOW
from tests.support.annual_file_helpers import RECEIVED, arsfil, bydel, child
from tests.support.manual_worker import claim_job, complete_job, complete_waiting_jobs
from tests.support.pipeline import deliver, document, open_application, values

# Never half of two files.


def test_reader_sees_either_file_completely(application: Application, service: SampleService) -> None:
    """The file has more children than a batch has case files, but takes effect in one transaction."""
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
    """Return the number of meldinger of all bydeler by day of receipt, in sources that can be read."""
    rows = connection.execute(
        """SELECT mottatt, count(*) FROM melding JOIN source USING (source) JOIN organization USING (organization_id)
        WHERE organisasjonsnummer = ? AND year > 0 GROUP BY mottatt""",
        (service.organisasjonsnummer,),
    )
    return set(rows.fetchall())


def test_failed_import_keeps_the_earlier_file(data_dir: Path, service: SampleService) -> None:
    first = read(arsfil(service, child(1, "2020-01-10", bydel="01"), child(2, "2020-01-10", bydel="02")))
    later = read(arsfil(service, child(1, "2020-02-10", bydel="01"), child(2, "2020-02-10", bydel="02")))
    later.parts[1].individer.append(None)  # type: ignore[arg-type]
    with open_application(data_dir, started=False) as application:
        import_file(application, claim(application), first)
        with pytest.raises(AttributeError):
            import_file(application, claim(application), later)
        stored = application.database.read(lambda connection: stored_melding_days(connection, service))
        assert stored == {("2020-01-10", 2)}


def claim(application: Application) -> DeliveryRow:
    """Receive a delivery and claim it."""
    name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
    row = application.deliveries.claim(application.worker_id, name)
    assert row is not None
    return row


def import_file(application: Application, row: DeliveryRow, annual_file: AnnualFile) -> CaseMerger:
    """Import a file of a claimed delivery; return what it counted and found."""
    merger = CaseMerger(row.delivery, full=False)
    importer = AnnualFileImporter(application.database, application.report_config, row, merger)
    prepared = importer.prepare(annual_file)
    assert application.database.write(lambda connection: importer.take_effect(connection, prepared))
    return merger


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
    row = claim(application)
    application.deliveries.process(row, lambda _: batches())


# The later file is the one delivered later, whichever is read last.


def test_earlier_delivery_processed_later_changes_nothing(data_dir: Path, service: SampleService) -> None:
    earlier = read(arsfil(service, child(1, "2020-01-10"), child(2, "2020-01-10", bydel="01")), file=3)
    later = read(arsfil(service, child(3, "2020-03-10")))
    with open_application(data_dir, started=False) as application:
        rows = [claim(application) for _ in range(2)]
        last = import_file(application, rows[1], later)
        first = import_file(application, rows[0], earlier)
        assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
            ("2020-03-10", 1)
        }
        assert [(finding.severity, finding.code, finding.file) for finding in first.findings] == [
            ("notice", "earlier_file", 3)
        ]
        assert (first.counts["unchanged"], last.counts["new"], first.changed_by_organization) == (2, 1, {})
        assert application.organizations.page(1, 10)[1] == 1


def test_file_prepared_beside_a_later_delivery_is_compared_again(data_dir: Path, service: SampleService) -> None:
    """Two deliveries of one year prepare their files before either takes effect."""
    files = [read(arsfil(service, child(1, f"2020-0{month}-10"))) for month in (1, 2)]
    with open_application(data_dir, started=False) as application:
        rows = [claim(application) for _ in files]
        mergers = [CaseMerger(row.delivery, full=False) for row in rows]
        importers = [
            AnnualFileImporter(application.database, application.report_config, row, merger)
            for row, merger in zip(rows, mergers, strict=True)
        ]
        prepared = [importer.prepare(file) for importer, file in zip(importers, files, strict=True)]
        took_effect = [
            application.database.write(lambda connection, each=each: each[0].take_effect(connection, each[1]))
            for each in zip(importers, prepared, strict=True)
        ]
        assert took_effect == [True, False]
        again = importers[1].prepare(files[1])
        assert application.database.write(lambda connection: importers[1].take_effect(connection, again))
        assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
            ("2020-02-10", 1)
        }
        assert (mergers[0].counts["new"], mergers[1].counts["changed"]) == (1, 1)
        for row in rows:
            application.deliveries.release(row)
        application.database.write(
            lambda connection: connection.execute("UPDATE delivery SET delivery_status = 'taken'")
        )
        application.deliveries.delete_unused()
        assert application.database.read(
            lambda connection: connection.execute("SELECT count(*), sum(year) FROM source").fetchone()
        ) == (1, 2020)


def test_imported_files_are_skipped_after_crash(data_dir: Path, service: SampleService) -> None:
    """A delivery with two files of one year that is read again must not return to the first file."""
    first, second = (read(arsfil(service, child(nr, f"2020-0{nr}-10")), file=nr) for nr in (1, 2))

    def crashing() -> Iterator[Batch]:
        yield Batch("15f", files=2, annual_files=[first, second])
        yield Batch("15f", files=2)
        raise ParserCrashed("The parser crashed.")

    with open_application(data_dir, started=False) as application:
        process_batches(application, crashing)
        row = application.deliveries.claim(application.worker_id)
        assert row is not None
        assert row.files == 2
        prepared: list[AnnualFile] = []
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(AnnualFileImporter, "prepare", lambda _, file: prepared.append(file))
            application.deliveries.process(row, lambda _: iter([Batch("15f", files=2, annual_files=[first, second])]))
        assert prepared == []
        assert application.database.read(lambda connection: stored_melding_days(connection, service)) == {
            ("2020-02-10", 1)
        }
