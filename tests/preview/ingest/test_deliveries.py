"""Deliveries as such: received, read, taken or refused, told of, and gone from the spool; through the real pipeline."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preview.core.errors import Invalid, NotFound, ReaderDied, TooLarge
from preview.ingest.deliveries import ATTEMPTS, Read
from preview.ingest.spool import Spool
from preview.parsing.delivery import Batch
from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.case_records import AVGIVER, batch, mappe
from tests.builders.services import Service
from tests.support.pipeline import deliver, document, events, kinds, opened, until, values

DAY = "2024-05-01"
NO_XML = b"<Barnevern><Sak></Barnevern>"


def spooled(data_dir: Path) -> list[Path]:
    """The files in the spool."""
    return list((data_dir / "spool").iterdir())


def died(_: Path) -> Iterator[Batch]:
    """A reader whose process ends."""
    yield batch([])
    raise ReaderDied("The reader ended while it read a delivery.")


# Received.


def test_it_is_on_disk_before_anyone_is_told(data_dir: Path, service: Service) -> None:
    content = service.folder(1, DAY)
    with opened(data_dir, started=False) as application:
        receipt = application.deliveries.receive([content[:100], content[100:]], full=True, actor="someone")
        (file,) = spooled(data_dir)
        assert file.read_bytes() == content
        assert (receipt.delivery_id, receipt.delivery_status, receipt.full, receipt.size_bytes) == (
            "dlv-001",
            "received",
            True,
            len(content),
        )
        waiting = application.deliveries.document("dlv-001")
        assert (waiting.delivery_status, waiting.actor, waiting.completed, waiting.completed_at) == ("received", "someone", 0, None)


def test_it_is_gone_from_the_spool_when_it_is_read(data_dir: Path, service: Service) -> None:
    with opened(data_dir) as application:
        taken = deliver(application, service.folder(1, DAY))
        assert (taken.delivery_status, taken.completed) == ("taken", 1)
        until(lambda: spooled(data_dir) == [], "the spool to be empty")
        deliver(application, NO_XML)
        until(lambda: spooled(data_dir) == [], "the spool to be empty")


def test_one_that_is_too_large_leaves_nothing(data_dir: Path) -> None:
    with opened(data_dir, started=False, max_delivery_bytes=10) as application:
        with pytest.raises(TooLarge, match="10 bytes"):
            application.deliveries.receive([b"12345", b"67890", b"1"], full=False, actor="test")
        assert spooled(data_dir) == []
        assert application.deliveries.page(None, None, 1, 10) == ([], 0)
        application.deliveries.receive([b"12345", b"67890"], full=False, actor="test")


def test_one_that_breaks_off_leaves_nothing(data_dir: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield b"12345"
        raise ConnectionError

    with opened(data_dir, started=False) as application:
        with pytest.raises(ConnectionError):
            application.deliveries.receive(chunks(), full=False, actor="test")
        assert spooled(data_dir) == []


def test_files_and_folders_are_one_delivery_in_order_of_name(data_dir: Path, tmp_path: Path, service: Service) -> None:
    """Of two with the same time, the one read last holds (`domain.md` 1.1)."""
    sent = tmp_path / "sent"
    (sent / "later").mkdir(parents=True)
    (sent / "b.xml").write_bytes(service.folder(1, DAY, ["2024-01-10"]))
    (sent / "a.xml").write_bytes(service.folder(1, DAY, []))
    (sent / "later" / "a.xml").write_bytes(service.folder(2, DAY, ["2024-02-10"]))
    (tmp_path / "z.xml").write_bytes(service.folder(2, DAY, []))
    with opened(data_dir) as application:
        receipt = application.deliveries.receive_paths([sent, tmp_path / "z.xml"], full=False, actor="test")
        until(lambda: application.deliveries.document(receipt.delivery_id).completed_at is not None)
        assert application.deliveries.document(receipt.delivery_id).files == 4
        assert service.held(application) == [["2024-01-10"], []]


def test_an_empty_folder_is_no_delivery(data_dir: Path, tmp_path: Path) -> None:
    (tmp_path / "sent").mkdir()
    with opened(data_dir, started=False) as application:
        with pytest.raises(Invalid):
            application.deliveries.receive_paths([tmp_path / "sent"], full=False, actor="test")
        assert spooled(data_dir) == []


# What became of it.


def test_counts_of_files_and_cases(application: Application, service: Service) -> None:
    deliver(application, service.folder(1, DAY), service.folder(2, DAY), service.folder(3, DAY))
    changes = [
        service.folder(1, "2024-05-02", ["2024-01-10"]),
        service.folder(2, "2024-05-02", slettet=True),
        service.folder(3, "2024-05-02"),
        service.folder(4, "2024-05-02"),
        service.folder(5, "2024-05-02"),
        NO_XML,
    ]
    taken = deliver(application, *changes, actor="someone")
    counted = (taken.files, taken.refused_files, taken.new_cases, taken.changed_cases, taken.unchanged_cases, taken.removed_cases)
    assert counted == (6, 1, 2, 1, 1, 1)
    assert (taken.format, taken.delivery_status, taken.organizations, taken.actor) == ("v4", "taken", [service.organization_id], "someone")
    assert [(finding.severity, finding.code, finding.file) for finding in taken.findings] == [("refused", "not_well_formed", 6)]


def test_one_of_which_every_file_is_refused_is_refused(application: Application) -> None:
    place = application.events.newest()
    for refused in (deliver(application, NO_XML), deliver(application, NO_XML, b"no XML either")):
        assert (refused.delivery_status, refused.refused_files, refused.organizations) == ("refused", refused.files, [])
    assert events(application, place) == []


def test_the_first_thousand_findings_are_kept_and_all_are_counted(application: Application, service: Service) -> None:
    """In the order in which they are found, over many transactions."""
    changes = [service.folder(case, DAY, [""] * 600) for case in (1, 2)]  # meldinger without a date
    padding = [service.folder(case, DAY) for case in range(10, 410)]
    taken = deliver(application, changes[0], *padding[:200], NO_XML, *padding[200:], changes[1])
    assert taken.finding_count == 1201
    assert len(taken.findings) == 1000
    assert [finding.file for finding in taken.findings] == [1] * 600 + [202] + [403] * 399
    assert (taken.new_cases, service.document(application).sources[0].case_count) == (402, 402)


def test_controls_leave_room_for_faults(application: Application, service: Service) -> None:
    """And are listed where there is room, in the order in which they are found."""
    first = date(2021, 1, 1)
    days = [first + timedelta(number) for number in range(900)]
    late = [case_xml.melding(day.isoformat(), (day + timedelta(8)).isoformat()) for day in days]
    padding = [service.folder(case, DAY) for case in range(10, 210)]
    taken = deliver(application, service.folder(1, DAY, andre=late), *padding, service.folder(2, DAY, [""] * 300))
    assert taken.finding_count == 1200
    assert [(finding.code, finding.file) for finding in taken.findings] == [("kontroll_melding_3", 1)] * 700 + [("no_date", 202)] * 300


def test_one_event_for_each_organisation(application: Application, service: Service) -> None:
    """Also for one that nothing changes for."""
    other = Service()
    deliver(application, other.folder(1, DAY))
    place = application.events.newest()
    taken = deliver(application, service.folder(1, DAY), service.folder(2, DAY), other.folder(1, DAY), service.folder(3, DAY))
    told = events(application, place)
    assert kinds(told) == ["source_received", "source_received"]
    assert [msgspec.json.decode(event.data) for event in told] == [
        {
            "event": "source_received",
            "delivery_id": taken.delivery_id,
            "organization_id": each.organization_id,
            "changed_cases": changed,
            "received_at": taken.received_at,
        }
        for each, changed in ((service, 3), (other, 0))
    ]
    assert all(event.period_id is None for event in told)
    assert taken.organizations == [service.organization_id, other.organization_id]


def test_listed_newest_first_by_organisation_and_status(application: Application, service: Service) -> None:
    first = deliver(application, service.folder(1, DAY))
    refused = deliver(application, NO_XML)
    second = deliver(application, service.folder(1, DAY), Service().folder(1, DAY))
    rows, total = application.deliveries.page(service.organization_id, None, 1, 10)
    assert ([row.delivery_id for row in rows], total) == ([second.delivery_id, first.delivery_id], 2)
    assert [row.delivery_id for row in application.deliveries.page(service.organization_id, None, 2, 1)[0]] == [first.delivery_id]
    assert application.deliveries.page(service.organization_id, "refused", 1, 10) == ([], 0)
    assert application.deliveries.page(None, "refused", 1, 1)[0][0].delivery_id == refused.delivery_id
    assert msgspec.to_builtins(rows[1]) == {key: value for key, value in msgspec.to_builtins(first).items() if key != "findings"}


@pytest.mark.parametrize("delivery_id", ["dlv-999", "dlv-0001", "dlv-1", "dlv-", "snap-001", "dlv-001 "])
def test_an_unknown_one(application: Application, delivery_id: str) -> None:
    with pytest.raises(NotFound):
        application.deliveries.document(delivery_id)


# What can go wrong with the reading.


def test_a_reader_that_dies_has_it_read_again_and_at_last_refused(data_dir: Path) -> None:
    with opened(data_dir, started=False) as application:
        name = application.deliveries.receive([b"what kills the reader"], full=False, actor="test").delivery_id
        statuses: list[str] = []
        for _ in range(ATTEMPTS):
            row = application.deliveries.claim(application.worker_number)
            assert row is not None
            assert application.deliveries.document(name).delivery_status == "reading"
            application.deliveries.take(row, died)
            statuses.append(application.deliveries.document(name).delivery_status)
        assert statuses == ["received"] * (ATTEMPTS - 1) + ["refused"]
        assert [finding.code for finding in application.deliveries.document(name).findings] == ["unreadable_file"]
        assert application.deliveries.claim(application.worker_number) is None
        assert spooled(data_dir) == []


def test_what_was_taken_before_the_reader_died_counts_and_the_source_is_told(data_dir: Path) -> None:
    """It cannot be taken back; that the source is stale must be seen."""
    with opened(data_dir, started=False) as application:
        name = application.deliveries.receive([b"what kills the reader"], full=False, actor="test").delivery_id

        def half(_: Path) -> Iterator[Batch]:
            yield batch([mappe(1, "a", 1)])
            yield batch([mappe(2, "b", 2)])
            raise ReaderDied("The reader ended while it read a delivery.")

        for _ in range(ATTEMPTS):
            row = application.deliveries.claim(application.worker_number)
            assert row is not None
            application.deliveries.take(row, half)
        refused = application.deliveries.document(name)
        assert (refused.delivery_status, refused.new_cases, refused.organizations) == ("refused", 1, ["org-0301-02"])
        assert kinds(events(application)) == ["source_received"]
        rows, _, _ = application.organizations.page(1, 10)
        assert [source.case_count for source in rows[0].sources] == [1]


def test_one_whose_file_is_gone_is_refused(data_dir: Path, service: Service) -> None:
    with opened(data_dir, started=False) as application:
        lost = application.deliveries.receive([service.folder(1, DAY)], full=False, actor="test").delivery_id
        spooled(data_dir)[0].unlink()
    with opened(data_dir) as application:
        until(lambda: application.deliveries.document(lost).completed_at is not None, "the lost one")
        assert application.deliveries.document(lost).delivery_status == "refused"
        assert deliver(application, service.folder(1, DAY)).delivery_status == "taken"
        assert application.faults() == []


def test_when_stopping_it_is_given_back_and_read_again(data_dir: Path) -> None:
    contents = [batch([mappe(1, "a", 1)]), batch([mappe(2, "b", 2)])]
    with opened(data_dir, started=False) as application:
        name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
        for stopping, status in ((True, "received"), (False, "taken")):
            row = application.deliveries.claim(application.worker_number)
            assert row is not None
            application.deliveries.take(row, lambda _: iter(contents), lambda stopping=stopping: stopping)
            assert application.deliveries.document(name).delivery_status == status


def test_stopping_is_no_failed_attempt(data_dir: Path) -> None:
    """However often the program is stopped beside a large delivery, be it between two batches or with its reader."""

    def stopped(_: Path) -> Iterator[Batch]:
        yield batch([mappe(1, "a", 1)])
        yield batch([mappe(2, "b", 2)])

    with opened(data_dir, started=False) as application:
        name = application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id
        for read in [stopped, died] * ATTEMPTS:
            row = application.deliveries.claim(application.worker_number)
            assert row is not None
            application.deliveries.take(row, read, lambda: True)
            assert application.deliveries.document(name).delivery_status == "received"
        row = application.deliveries.claim(application.worker_number)
        assert row is not None
        assert row.attempt == 1


# The spool of several processes.


def test_what_another_process_is_receiving_is_not_swept_away(data_dir: Path, service: Service) -> None:
    """A command line that starts beside a server, in the moment between a delivery's last byte and its row."""
    content = service.folder(1, DAY)
    with opened(data_dir, started=False) as server:

        def chunks() -> Iterator[bytes]:
            yield content[:50]
            with opened(data_dir):
                assert len(spooled(data_dir)) == 1
            yield content[50:]

        name = server.deliveries.receive(chunks(), full=False, actor="test").delivery_id
        with opened(data_dir) as other:
            until(lambda: other.deliveries.document(name).completed_at is not None, "the delivery")
            assert other.deliveries.document(name).delivery_status == "taken"


def test_the_newest_are_told_with_all_that_are_not_read_yet_and_those_asked_for(data_dir: Path) -> None:
    with opened(data_dir, started=False) as application:
        names = [application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id for _ in range(6)]

        def recent(limit: int, *also: str) -> list[str]:
            return [view.summary.delivery_id for view in application.deliveries.recent(limit, also)]

        assert recent(2) == ["dlv-006", "dlv-005", "dlv-002", "dlv-001"]  # the oldest that wait are next
        for name in names:
            row = application.deliveries.claim(application.worker_number, name)
            assert row is not None
            application.deliveries.take(row, lambda _: iter(()))
        assert recent(2) == ["dlv-006", "dlv-005"]
        assert recent(2, "dlv-002", "dlv-099", "dlv-1 OR 1", "") == ["dlv-006", "dlv-005", "dlv-002"]


def test_what_was_found_is_counted_by_code_severest_first(data_dir: Path) -> None:
    content: dict[str, Any] = {"uttrekk": "2024-12-31T12:00:00", "planer": [case_xml.plan(*case_xml.OLD_PLAN)]}
    without_zone = [case_xml.folder(case_xml.uid(case), **content) for case in range(2)]
    with opened(data_dir) as application:
        told = deliver(application, without_zone[0], b"<Barnevern><Sak/></Barnevern>", without_zone[1])
        (view,) = application.deliveries.recent(1)
    assert view.summary.finding_count == told.finding_count == sum(each.count for each in view.findings)
    assert [(each.severity, each.code, each.count, each.file) for each in view.findings] == [
        ("refused", "no_avgiver", 1, 2),
        ("notice", "no_zone", 2, 1),
    ]
    assert [name for _, name in view.organizations] == ["Barnevernstjenesten Testkommune"]


def test_what_the_dead_left_is_swept_away(data_dir: Path) -> None:
    with opened(data_dir, started=False) as application:
        dead, waiting = application.worker_number, application.deliveries.receive([b"kept"], full=False, actor="test")
    spool = Spool(data_dir / "spool", 1000, 10, dead)
    left = spool.put([b"never written down"])
    spool.path(f"{left.name}.part").write_bytes(b"broken off")
    spool.path("something else").write_bytes(b"no file of ours")
    with opened(data_dir, started=False) as application:
        application.deliveries.sweep(lambda worker: worker == dead)
        assert len(spooled(data_dir)) == 3
        application.deliveries.sweep(lambda worker: False)
        assert [file.read_bytes() for file in spooled(data_dir)] == [b"kept"]
        assert application.deliveries.document(waiting.delivery_id).delivery_status == "received"


def test_a_source_is_stale_from_its_first_change_until_the_delivery_is_taken(data_dir: Path) -> None:
    """Contract S5: seen between the delivery's transactions; its jobs wait, those of another organisation do not."""
    organization_id, other = "org-0301-02", Service()
    valid: list[bool] = []
    with opened(data_dir, started=False) as application:

        def work_off() -> list[str]:
            done: list[str] = []
            while (job := application.jobs.claim(application.worker_number)) is not None:
                result = application.jobs.read(job, lambda _: None)
                assert result is not None
                application.jobs.complete(job, result, 0.1)
                done.append(job.organization_id)
            return done

        def take(name: str, read: Read) -> None:
            row = application.deliveries.claim(application.worker_number, name)
            assert row is not None
            application.deliveries.take(row, read)

        def receive() -> str:
            return application.deliveries.receive([b"of no matter"], full=False, actor="test").delivery_id

        def slowly(_: Path) -> Iterator[Batch]:
            """A batch is folded when the next one has come."""
            for step in (2, 3, 4):
                valid.append(document(application, made).cache_valid)
                yield batch([mappe(step, f"{step}", step)])
            valid.append(document(application, made).cache_valid)
            application.snapshots.request(organization_id, "2024", False, "test")
            application.snapshots.request(other.organization_id, "2024", False, "test")
            assert work_off() == [other.organization_id]

        giver = msgspec.structs.replace(
            AVGIVER, organisasjonsnummer=other.organisasjonsnummer, kommunenummer=other.kommune, bydelsnummer=""
        )
        take(receive(), lambda _: iter([batch([mappe(1, "a", 1), msgspec.structs.replace(mappe(1, "a", 1), avgiver=giver)])]))
        made = application.snapshots.request(organization_id, "2024", False, "test")[0].snapshot_id
        assert work_off() == [organization_id]
        take(receive(), slowly)
        assert valid == [True, True, False, False]
        assert not document(application, made).cache_valid
        assert work_off() == [organization_id]
        assert (
            values(document(application, application.snapshots.page(organization_id, "2024", None, 1, 1)[0][0].snapshot_id))[
                "antall_meldinger_mottatt"
            ]
            == 1 + 2 + 3 + 4
        )
