"""The transactions of a delivery: as long as they may be and no longer, and whole wherever the delivery ends between them."""

from pathlib import Path

import msgspec
import pytest

from preview.core.errors import ParserCrashed
from preview.ingest import delivery_import
from preview.model.case_records import CaseFolder
from preview.model.findings import FindingCode
from preview.parsing.delivery import Batch
from preview.storage import deliveries as store
from preview.storage.database import Connection
from preview.storage.deliveries import DeliveryRow
from tests.builders.case_records import case_folder, fake_hash
from tests.support.pipeline import open_application


def one_file_per_case(count: int) -> list[CaseFolder]:
    """A file each, every one of a case that names a delivery before it which nobody has seen."""
    return [
        msgspec.structs.replace(case_folder(step, f"{step}", 1), file=step, previous_delivery_hash=fake_hash("never seen"))
        for step in range(1, count + 1)
    ]


def test_interrupted_batch_is_counted_once(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(delivery_import, "_MIN_BATCH", 2)
    monkeypatch.setattr(delivery_import, "_MAX_BATCH", 2)
    noted = [FindingCode.BYTE_ORDER_MARK.finding(step, 1) for step in range(1, 9)]
    whole = Batch(format="v4", files=8, folders=one_file_per_case(7), findings=noted)
    parts: list[int] = []
    note_progress = store.set_progress

    def dying(connection: Connection, row: DeliveryRow) -> bool:
        parts.append(row.files)
        if len(parts) == 3:
            raise ParserCrashed("It ends between two parts.")
        return note_progress(connection, row)

    monkeypatch.setattr(store, "set_progress", dying)
    with open_application(data_dir, started=False) as application:
        name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
        for status in ("received", "taken"):
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            application.deliveries.process(row, lambda _: iter([whole]))
            assert application.deliveries.get(name).delivery_status == status
        taken = application.deliveries.get(name)
    assert parts == [2, 4, 6, 4, 4, 6]
    assert (taken.new_cases, taken.unchanged_cases, taken.changed_cases, taken.files, taken.completed) == (7, 0, 0, 8, 1)
    assert sorted((finding.code, finding.file) for finding in taken.findings) == sorted(
        [("byte_order_mark", file) for file in range(1, 9)] + [("forrige_not_seen", file) for file in range(1, 8)]
    )


def test_batch_size_adapts_to_time_per_folder(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """They begin with few, have at most 200, and no fewer than few where the store is slow."""
    parts: list[int] = []
    clock = [0.0]
    slow = [0.00005]
    note_progress = store.set_progress

    def noting(connection: Connection, row: DeliveryRow) -> bool:
        folders = row.files - sum(parts)
        parts.append(folders)
        clock[0] += folders * slow[0]
        if len(parts) == 3:
            slow[0] = 1.0
        return note_progress(connection, row)

    monkeypatch.setattr(delivery_import.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(store, "set_progress", noting)
    with open_application(data_dir, started=False) as application:
        application.deliveries.receive([b"of no matter"], full=False, actor="test")
        row = application.deliveries.claim(application.worker_id)
        assert row is not None
        mapper = one_file_per_case(700)
        application.deliveries.process(row, lambda _: iter([Batch(format="v4", files=700, folders=mapper)]))
        assert application.deliveries.get("dlv-001").new_cases == 700
    assert parts == [20, 200, 200, 200, 20, 20, 20]
