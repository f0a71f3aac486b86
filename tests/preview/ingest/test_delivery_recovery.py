"""Tests of interrupted deliveries: crashes of the parser, stops, missing files, several processes on one spool."""

from collections.abc import Iterator
from pathlib import Path

from preview.core.errors import ParserCrashed, ParserTooSlow
from preview.ingest.deliveries import MAX_ATTEMPTS
from preview.ingest.spool import Spool
from preview.parsing.messages import Batch
from tests.builders.case_records import batch, case_folder
from tests.builders.services import SampleService
from tests.support.pipeline import deliver, event_types, events, open_application, spool_files, wait_until

DAY = "2024-05-01"


def crashing_reader(_: Path) -> Iterator[Batch]:
    """A reader whose parser process crashes."""
    yield batch([])
    raise ParserCrashed("The reader ended while it read a delivery.")


def test_delivery_is_retried_then_refused_if_parser_crashes(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"what kills the reader"], full=False, actor="test").delivery_id
        statuses: list[str] = []
        for _ in range(MAX_ATTEMPTS):
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            assert application.deliveries.get(name).delivery_status == "reading"
            application.deliveries.process(row, crashing_reader)
            statuses.append(application.deliveries.get(name).delivery_status)
        assert statuses == ["received"] * (MAX_ATTEMPTS - 1) + ["refused"]
        assert [finding.code for finding in application.deliveries.get(name).findings] == ["unreadable_file"]
        assert application.deliveries.claim(application.worker_id) is None
        assert spool_files(data_dir) == []


def test_delivery_that_is_too_slow_for_its_bytes_is_refused_at_once(data_dir: Path) -> None:
    def slow(_: Path) -> Iterator[Batch]:
        yield batch([case_folder(1, "a", 1)])
        raise ParserTooSlow("The delivery takes longer than the bytes of its files allow.")

    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"slow to read"], full=False, actor="test").delivery_id
        row = application.deliveries.claim(application.worker_id)
        assert row is not None
        application.deliveries.process(row, slow)
        refused = application.deliveries.get(name)
        assert (refused.delivery_status, [finding.code for finding in refused.findings]) == ("refused", ["too_slow"])
        assert spool_files(data_dir) == []


def test_imported_part_counts_if_parser_crashes(data_dir: Path) -> None:
    """Committed changes stay; the snapshot must be shown as stale."""
    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"what kills the reader"], full=False, actor="test").delivery_id

        def half(_: Path) -> Iterator[Batch]:
            yield batch([case_folder(1, "a", 1)])
            yield batch([case_folder(2, "b", 2)])
            raise ParserCrashed("The reader ended while it read a delivery.")

        for _ in range(MAX_ATTEMPTS):
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            application.deliveries.process(row, half)
        refused = application.deliveries.get(name)
        assert (refused.delivery_status, refused.new_cases, refused.organizations) == ("refused", 1, ["org-0301-02"])
        assert event_types(events(application)) == ["source_received"]
        rows, _, _ = application.organizations.page(1, 10)
        assert [source.case_count for source in rows[0].sources] == [1]


def test_delivery_without_spool_file_is_refused(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir, started=False) as application:
        lost = application.deliveries.receive([service.folder(1, DAY)], full=False, actor="test").delivery_id
        spool_files(data_dir)[0].unlink()
    with open_application(data_dir) as application:
        wait_until(lambda: application.deliveries.get(lost).completed_at is not None, "the lost one")
        assert application.deliveries.get(lost).delivery_status == "refused"
        assert deliver(application, service.folder(1, DAY)).delivery_status == "taken"
        assert application.readiness_failures() == []


def test_stopping_releases_delivery_for_later_processing(data_dir: Path) -> None:
    contents = [batch([case_folder(1, "a", 1)]), batch([case_folder(2, "b", 2)])]
    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"not parsed"], full=False, actor="test").delivery_id
        for stopping, status in ((True, "received"), (False, "taken")):
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            application.deliveries.process(row, lambda _: iter(contents), lambda stopping=stopping: stopping)
            assert application.deliveries.get(name).delivery_status == status


def test_stopping_is_no_failed_attempt(data_dir: Path) -> None:
    """Stops do not count as attempts, neither between two batches nor together with the parser."""

    def stopped(_: Path) -> Iterator[Batch]:
        yield batch([case_folder(1, "a", 1)])
        yield batch([case_folder(2, "b", 2)])

    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"not parsed"], full=False, actor="test").delivery_id
        for read in [stopped, crashing_reader] * MAX_ATTEMPTS:
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            application.deliveries.process(row, read, lambda: True)
            assert application.deliveries.get(name).delivery_status == "received"
        row = application.deliveries.claim(application.worker_id)
        assert row is not None
        assert row.attempt == 1


def test_upload_of_another_process_is_not_deleted(data_dir: Path, service: SampleService) -> None:
    """A command starts beside a server between the last byte of a delivery and the insertion of its row."""
    content = service.folder(1, DAY)
    with open_application(data_dir, started=False) as server:

        def chunks() -> Iterator[bytes]:
            yield content[:50]
            with open_application(data_dir):
                assert len(spool_files(data_dir)) == 1
            yield content[50:]

        name = server.deliveries.receive(chunks(), full=False, actor="test").delivery_id
        with open_application(data_dir) as other:
            wait_until(lambda: other.deliveries.get(name).completed_at is not None, "the delivery")
            assert other.deliveries.get(name).delivery_status == "taken"


def test_files_of_dead_processes_are_deleted(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as application:
        dead, waiting = application.worker_id, application.deliveries.receive([b"kept"], full=False, actor="test")
    spool = Spool(data_dir / "spool", 1000, dead)
    left = spool.write([b"never written down"])
    spool.path(f"{left.name}.part").write_bytes(b"broken off")
    spool.path("something else").write_bytes(b"an unknown file")
    with open_application(data_dir, started=False) as application:
        application.deliveries.delete_orphans(lambda worker: worker == dead)
        assert len(spool_files(data_dir)) == 3
        application.deliveries.delete_orphans(lambda worker: False)
        assert [file.read_bytes() for file in spool_files(data_dir)] == [b"kept"]
        assert application.deliveries.get(waiting.delivery_id).delivery_status == "received"
