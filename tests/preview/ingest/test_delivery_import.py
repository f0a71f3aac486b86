"""Tests of the transactions of a delivery: their size, and recovery from a crash between two of them."""

from pathlib import Path

import msgspec
import pytest

from preview.core.errors import ParserCrashed
from preview.ingest import delivery_import
from preview.ingest.chunks import AdaptiveBatchSize
from preview.ingest.deliveries import Deliveries
from preview.ingest.delivery_completion import DebounceSettings
from preview.ingest.spool import Spool
from preview.model.case_records import CaseFolder
from preview.model.findings import FindingCode
from preview.parsing.messages import Batch
from preview.runtime.application import Application
from preview.storage import deliveries as store
from preview.storage.database import Connection
from preview.storage.deliveries import DeliveryRow
from tests.builders.case_records import case_folder, fake_hash
from tests.support.pipeline import open_application


def deliveries_service(application: Application, batch_size: AdaptiveBatchSize) -> Deliveries:
    """Return a service over the application's store whose transactions begin with that size."""
    spool = Spool(application.settings.data_dir / "spool", 1_000_000, application.worker_id)
    return Deliveries(application.database, application.report_config, spool, DebounceSettings(False, 0, 0), batch_size)


def one_file_per_case(count: int) -> list[CaseFolder]:
    """Return case files of different cases; each names a previous delivery that is not stored."""
    return [
        msgspec.structs.replace(
            case_folder(step, f"{step}", 1), file=step, previous_delivery_hash=fake_hash("never seen")
        )
        for step in range(1, count + 1)
    ]


def test_interrupted_batch_is_counted_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stored_findings = [FindingCode.BYTE_ORDER_MARK.finding(step, 1) for step in range(1, 9)]
    whole = Batch(format="v4", files=8, folders=one_file_per_case(7), findings=stored_findings)
    committed_files: list[int] = []
    set_progress = store.set_progress

    def crash_in_third_transaction(connection: Connection, row: DeliveryRow) -> bool:
        committed_files.append(row.files)
        if len(committed_files) == 3:
            raise ParserCrashed("The parser crashed between two transactions.")
        return set_progress(connection, row)

    monkeypatch.setattr(store, "set_progress", crash_in_third_transaction)
    with open_application(data_dir, started=False) as application:
        service = deliveries_service(application, AdaptiveBatchSize(minimum=2, maximum=2))
        delivery_id = service.receive([b"not parsed"], full=False, actor="test").delivery_id
        for status in ("received", "taken"):
            row = service.claim(application.worker_id)
            assert row is not None
            service.process(row, lambda _: iter([whole]))
            assert service.get(delivery_id).delivery_status == status
        imported = service.get(delivery_id)
    assert committed_files == [2, 4, 6, 4, 4, 6]
    assert (imported.new_cases, imported.unchanged_cases, imported.changed_cases) == (7, 0, 0)
    assert (imported.files, imported.completed) == (8, 1)
    assert sorted((finding.code, finding.file) for finding in imported.findings) == sorted(
        [("byte_order_mark", file) for file in range(1, 9)] + [("forrige_not_seen", file) for file in range(1, 8)]
    )


def test_batch_size_adapts_to_time_per_folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chunk_sizes: list[int] = []
    clock = [0.0]
    seconds_per_folder = [0.00005]
    set_progress = store.set_progress

    def advance_clock(connection: Connection, row: DeliveryRow) -> bool:
        folders = row.files - sum(chunk_sizes)
        chunk_sizes.append(folders)
        clock[0] += folders * seconds_per_folder[0]
        if len(chunk_sizes) == 3:
            seconds_per_folder[0] = 1.0
        return set_progress(connection, row)

    monkeypatch.setattr(delivery_import.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(store, "set_progress", advance_clock)
    with open_application(data_dir, started=False) as application:
        application.deliveries.receive([b"not parsed"], full=False, actor="test")
        row = application.deliveries.claim(application.worker_id)
        assert row is not None
        batch = Batch(format="v4", files=700, folders=one_file_per_case(700))
        application.deliveries.process(row, lambda _: iter([batch]))
        assert application.deliveries.get("dlv-001").new_cases == 700
    assert chunk_sizes == [20, 200, 200, 200, 20, 20, 20]
