"""Tests of the life cycle of deliveries through the real pipeline: receipt, import or refusal, events, spool."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preview.core.errors import NotFound, PayloadTooLarge, ValidationError
from preview.ingest.deliveries import DeliveryReader
from preview.parsing.messages import Batch
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.case_records import AVGIVER, batch, case_folder
from tests.builders.services import SampleService
from tests.support.pipeline import (
    deliver,
    document,
    event_types,
    events,
    open_application,
    spool_files,
    values,
    wait_until,
)

DAY = "2024-05-01"
NO_XML = b"<Barnevern><Sak></Barnevern>"


def test_delivery_is_on_disk_before_the_receipt(data_dir: Path, service: SampleService) -> None:
    content = service.folder(1, DAY)
    with open_application(data_dir, started=False) as application:
        receipt = application.deliveries.receive([content[:100], content[100:]], full=True, actor="someone")
        (file,) = spool_files(data_dir)
        assert file.read_bytes() == content
        assert (receipt.delivery_id, receipt.delivery_status, receipt.full, receipt.size_bytes) == (
            "dlv-001",
            "received",
            True,
            len(content),
        )
        waiting = application.deliveries.get("dlv-001")
        assert (waiting.delivery_status, waiting.actor, waiting.completed, waiting.completed_at) == (
            "received",
            "someone",
            0,
            None,
        )


def test_processed_delivery_is_deleted_from_the_spool(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir) as application:
        imported = deliver(application, service.folder(1, DAY))
        assert (imported.delivery_status, imported.completed) == ("taken", 1)
        wait_until(lambda: spool_files(data_dir) == [], "the spool to be empty")
        deliver(application, NO_XML)
        wait_until(lambda: spool_files(data_dir) == [], "the spool to be empty")


def test_oversized_delivery_leaves_no_file(data_dir: Path) -> None:
    with open_application(data_dir, started=False, max_delivery_bytes=10) as application:
        with pytest.raises(PayloadTooLarge, match="10 bytes"):
            application.deliveries.receive([b"12345", b"67890", b"1"], full=False, actor="test")
        assert spool_files(data_dir) == []
        assert application.deliveries.page(None, None, 1, 10) == ([], 0)
        application.deliveries.receive([b"12345", b"67890"], full=False, actor="test")


def test_aborted_upload_leaves_no_file(data_dir: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"12345"
        raise ConnectionError

    with open_application(data_dir, started=False) as application:
        with pytest.raises(ConnectionError):
            application.deliveries.receive(chunks(), full=False, actor="test")
        assert spool_files(data_dir) == []


def test_files_and_folders_are_one_delivery_in_order_of_name(
    data_dir: Path, tmp_path: Path, service: SampleService
) -> None:
    """Of two case files with the same time, the one that is read last wins (rule 1.1, docs/domain.md)."""
    sent = tmp_path / "sent"
    (sent / "later").mkdir(parents=True)
    (sent / "b.xml").write_bytes(service.folder(1, DAY, ["2024-01-10"]))
    (sent / "a.xml").write_bytes(service.folder(1, DAY, []))
    (sent / "later" / "a.xml").write_bytes(service.folder(2, DAY, ["2024-02-10"]))
    (tmp_path / "z.xml").write_bytes(service.folder(2, DAY, []))
    with open_application(data_dir) as application:
        receipt = application.deliveries.receive_paths([sent, tmp_path / "z.xml"], full=False, actor="test")
        wait_until(lambda: application.deliveries.get(receipt.delivery_id).completed_at is not None)
        assert application.deliveries.get(receipt.delivery_id).files == 4
        assert service.stored_melding_days(application) == [["2024-01-10"], []]


def test_a_folder_without_files_is_no_delivery(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "sent" / "@eaDir").mkdir(parents=True)
    (tmp_path / "sent" / "@eaDir" / "a.xml").write_bytes(b"x")
    (tmp_path / "sent" / "Desktop.ini").write_bytes(b"x")
    with open_application(data_dir, started=False) as application:
        with pytest.raises(ValidationError):
            application.deliveries.receive_paths([tmp_path / "sent"], full=False, actor="test")
        assert spool_files(data_dir) == []


def test_counts_of_files_and_cases(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, DAY), service.folder(2, DAY), service.folder(3, DAY))
    changes = [
        service.folder(1, "2024-05-02", ["2024-01-10"]),
        service.folder(2, "2024-05-02", slettet=True),
        service.folder(3, "2024-05-02"),
        service.folder(4, "2024-05-02"),
        service.folder(5, "2024-05-02"),
        NO_XML,
    ]
    imported = deliver(application, *changes, actor="someone")
    counted = (
        imported.files,
        imported.refused_files,
        imported.new_cases,
        imported.changed_cases,
        imported.unchanged_cases,
        imported.removed_cases,
    )
    assert counted == (6, 1, 2, 1, 1, 1)
    assert (imported.format, imported.delivery_status, imported.organizations, imported.actor) == (
        "v4",
        "taken",
        [service.organization_id],
        "someone",
    )
    assert [(finding.severity, finding.code, finding.file) for finding in imported.findings] == [
        ("refused", "not_well_formed", 6)
    ]


def test_delivery_of_only_refused_files_is_refused(application: Application) -> None:
    position = application.event_log.last_event_id()
    for refused in (deliver(application, NO_XML), deliver(application, NO_XML, b"no XML either")):
        assert (refused.delivery_status, refused.refused_files, refused.organizations) == ("refused", refused.files, [])
    assert events(application, position) == []


def test_first_1000_findings_are_stored_and_all_counted(application: Application, service: SampleService) -> None:
    """Findings are stored in order over many transactions."""
    changes = [service.folder(case, DAY, [""] * 600) for case in (1, 2)]  # meldinger without a date
    padding = [service.folder(case, DAY) for case in range(10, 410)]
    imported = deliver(application, changes[0], *padding[:200], NO_XML, *padding[200:], changes[1])
    assert imported.finding_count == 1201
    assert len(imported.findings) == 1000
    assert [finding.file for finding in imported.findings] == [1] * 600 + [202] + [403] * 399
    assert (imported.new_cases, service.document(application).sources[0].case_count) == (402, 402)


def test_check_findings_leave_room_for_file_findings(application: Application, service: SampleService) -> None:
    """Findings of checks are listed in order, if there is room."""
    first = date(2021, 1, 1)
    days = [first + timedelta(number) for number in range(900)]
    late = [case_xml.melding(day.isoformat(), (day + timedelta(8)).isoformat()) for day in days]
    padding = [service.folder(case, DAY) for case in range(10, 210)]
    imported = deliver(application, service.folder(1, DAY, andre=late), *padding, service.folder(2, DAY, [""] * 300))
    assert imported.finding_count == 1200
    assert [(finding.code, finding.file) for finding in imported.findings] == [("kontroll_melding_3", 1)] * 700 + [
        ("no_date", 202)
    ] * 300


def test_each_organisation_gets_one_event(application: Application, service: SampleService) -> None:
    """An organisation whose cases are unchanged gets one too."""
    other = SampleService()
    deliver(application, other.folder(1, DAY))
    position = application.event_log.last_event_id()
    imported = deliver(
        application, service.folder(1, DAY), service.folder(2, DAY), other.folder(1, DAY), service.folder(3, DAY)
    )
    actual = events(application, position)
    assert event_types(actual) == ["source_received", "source_received"]
    assert [msgspec.json.decode(event.data) for event in actual] == [
        {
            "event": "source_received",
            "delivery_id": imported.delivery_id,
            "organization_id": sender.organization_id,
            "changed_cases": changed,
            "received_at": imported.received_at,
        }
        for sender, changed in ((service, 3), (other, 0))
    ]
    assert all(event.period_id is None for event in actual)
    assert imported.organizations == [service.organization_id, other.organization_id]


def test_listed_newest_first_by_organisation_and_status(application: Application, service: SampleService) -> None:
    first = deliver(application, service.folder(1, DAY))
    refused = deliver(application, NO_XML)
    second = deliver(application, service.folder(1, DAY), SampleService().folder(1, DAY))
    rows, total = application.deliveries.page(service.organization_id, None, 1, 10)
    assert ([row.delivery_id for row in rows], total) == ([second.delivery_id, first.delivery_id], 2)
    assert [row.delivery_id for row in application.deliveries.page(service.organization_id, None, 2, 1)[0]] == [
        first.delivery_id
    ]
    assert application.deliveries.page(service.organization_id, "refused", 1, 10) == ([], 0)
    assert application.deliveries.page(None, "refused", 1, 1)[0][0].delivery_id == refused.delivery_id
    assert msgspec.to_builtins(rows[1]) == {
        key: value for key, value in msgspec.to_builtins(first).items() if key != "findings"
    }


@pytest.mark.parametrize("delivery_id", ["dlv-999", "dlv-0001", "dlv-1", "dlv-", "snap-001", "dlv-001 "])
def test_unknown_delivery_is_not_found(application: Application, delivery_id: str) -> None:
    with pytest.raises(NotFound):
        application.deliveries.get(delivery_id)


def test_recent_includes_newest_pending_and_requested(data_dir: Path) -> None:
    with open_application(data_dir, started=False) as application:
        names = [
            application.deliveries.receive([b"not parsed"], full=False, actor="test").delivery_id for _ in range(6)
        ]

        def recent(limit: int, *also: str) -> list[str]:
            return [view.summary.delivery_id for view in application.deliveries.recent(limit, also)]

        assert recent(2) == ["dlv-006", "dlv-005", "dlv-002", "dlv-001"]  # the oldest that wait are next
        for name in names:
            row = application.deliveries.claim(application.worker_id, name)
            assert row is not None
            application.deliveries.process(row, lambda _: iter(()))
        assert recent(2) == ["dlv-006", "dlv-005"]
        assert recent(2, "dlv-002", "dlv-099", "dlv-1 OR 1", "") == ["dlv-006", "dlv-005", "dlv-002"]


def test_findings_are_counted_by_code_and_severity(data_dir: Path) -> None:
    content: dict[str, Any] = {"uttrekk": "2024-12-31T12:00:00", "planer": [case_xml.plan(*case_xml.OLD_PLAN)]}
    without_zone = [case_xml.folder(case_xml.uid(case), **content) for case in range(2)]
    with open_application(data_dir) as application:
        actual = deliver(application, without_zone[0], b"<Barnevern><Sak/></Barnevern>", without_zone[1])
        (view,) = application.deliveries.recent(1)
    assert view.summary.finding_count == actual.finding_count == sum(finding.count for finding in view.findings)
    assert [(finding.severity, finding.code, finding.count, finding.file) for finding in view.findings] == [
        ("refused", "no_avgiver", 1, 2),
        ("notice", "no_zone", 2, 1),
    ]
    assert [name for _, name in view.organizations] == ["Barnevernstjenesten Testkommune"]


def test_source_is_stale_until_its_delivery_is_imported(data_dir: Path) -> None:
    """Rule S5 (docs/api.md), between the delivery's transactions: its jobs wait, other organisations' do not."""
    organization_id, other = "org-0301-02", SampleService()
    valid: list[bool] = []
    with open_application(data_dir, started=False) as application:

        def complete_jobs() -> list[str]:
            done: list[str] = []
            while (job := application.jobs.claim(application.worker_id)) is not None:
                result = application.jobs.aggregate(job, lambda _: None)
                assert result is not None
                application.jobs.complete(job, result, 0.1)
                done.append(job.organization_id)
            return done

        def process(name: str, read: DeliveryReader) -> None:
            row = application.deliveries.claim(application.worker_id, name)
            assert row is not None
            application.deliveries.process(row, read)

        def receive() -> str:
            return application.deliveries.receive([b"not parsed"], full=False, actor="test").delivery_id

        def slowly(_: Path) -> Iterator[Batch]:
            """Yield a batch; it is imported when the next one is read."""
            for step in (2, 3, 4):
                valid.append(document(application, made).cache_valid)
                yield batch([case_folder(step, f"{step}", step)])
            valid.append(document(application, made).cache_valid)
            application.snapshots.request(organization_id, "2024", False, "test")
            application.snapshots.request(other.organization_id, "2024", False, "test")
            assert complete_jobs() == [other.organization_id]

        giver = msgspec.structs.replace(
            AVGIVER, organisasjonsnummer=other.organisasjonsnummer, kommunenummer=other.kommune, bydelsnummer=""
        )
        process(
            receive(),
            lambda _: iter(
                [batch([case_folder(1, "a", 1), msgspec.structs.replace(case_folder(1, "a", 1), avgiver=giver)])]
            ),
        )
        made = application.snapshots.request(organization_id, "2024", False, "test")[0].snapshot_id
        assert complete_jobs() == [organization_id]
        process(receive(), slowly)
        assert valid == [True, True, False, False]
        assert not document(application, made).cache_valid
        assert complete_jobs() == [organization_id]
        assert (
            values(
                document(application, application.snapshots.page(organization_id, "2024", None, 1, 1)[0][0].snapshot_id)
            )["antall_meldinger_mottatt"]
            == 1 + 2 + 3 + 4
        )
