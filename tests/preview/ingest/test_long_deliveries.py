"""Deliveries with many rows of one thing: no transaction is long, a reader sees all of it or nothing, and a crash
leaves the store as it was or as it is to be.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from preview.core.clock import now
from preview.core.errors import ParserCrashed
from preview.ingest import chunks
from preview.ingest.chunks import MAX_CHUNK_ROWS
from preview.ingest.figure_import import FigureImporter
from preview.model.case_records import SupplementaryFigure
from preview.model.limits import Limits
from preview.parsing.delivery import parse_delivery
from preview.runtime.application import Application
from preview.storage import database as storage
from preview.storage import deliveries, figures
from preview.storage.database import STEP_ROWS, Connection
from preview.storage.invariants import find_violations
from preview.storage.write_lock import WriteLock
from tests.builders.services import SampleService
from tests.support.annual_file_helpers import RECEIVED, arsfil, child, received
from tests.support.crash_launcher import run_until_crash
from tests.support.pipeline import aggregate, deliver, document, open_application, values, wait_until, zip_files

STAFF, VACANT = "antall_arsverk", "antall_arsverk_ubesatt"
MELDINGER = 2_500
YEARS = range(2000, 8000)


@pytest.fixture
def most_rows(monkeypatch: pytest.MonkeyPatch) -> Callable[[], int]:
    """Count the rows of each write transaction, which ends after one piece of work; return the most."""
    rows = [0]
    begin = storage.transaction

    @contextmanager
    def counting(connection: Connection, lock: WriteLock) -> Generator[Connection]:
        with begin(connection, lock) as opened:
            before = opened.total_changes
            yield opened
            rows.append(opened.total_changes - before)

    monkeypatch.setattr(storage, "transaction", counting)
    monkeypatch.setattr(storage, "STEP_SECONDS", 0.0)
    return lambda: max(rows)


def rows_of(application: Application, table: str) -> int:
    return application.database.read(
        lambda connection: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
    )


def check_invariants(application: Application) -> None:
    application.deliveries.delete_unused()
    assert application.database.read(lambda connection: find_violations(connection, 5)) == []
    assert rows_of(application, "detached_case") == rows_of(application, "staged_figure") == 0


def large_case(service: SampleService, day: str, count: int = MELDINGER) -> bytes:
    return service.folder(1, day, ["2024-02-10"] * count)


def many_figures(service: SampleService, value: int) -> bytes:
    return service.figures(*(f"{year},{key},{value},lonn" for year in YEARS for key in (STAFF, VACANT)))


def test_figures_of_one_organization_are_written_in_short_transactions(
    data_dir: Path, service: SampleService, most_rows: Callable[[], int]
) -> None:
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-06-01", ["2024-02-10"]))
        for value in (1, 2):
            assert deliver(application, many_figures(service, value)).finding_count == 0
        snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
        assert values(document(application, snapshot))[STAFF] == 2.0
        deliver(application, service.figures(f"2024,{STAFF},,"))
        assert not document(application, snapshot).cache_valid
        check_invariants(application)
        assert rows_of(application, "figure") == 2 * len(YEARS) - 1
    assert 0 < most_rows() <= STEP_ROWS + 10


def test_repeated_figures_prepare_nothing(application: Application, service: SampleService) -> None:
    deliver(application, service.folder(1, "2024-06-01"))
    content = service.figures(f"2024,{STAFF},7,lonn", f"2024,{STAFF},8,lonn")
    deliver(application, content)
    before = application.database.read(lambda connection: figures.set_in_use(connection, service.organization_id))
    snapshot = aggregate(application, service.organization_id, "2024").snapshot_id
    deliver(application, content)
    assert (
        application.database.read(lambda connection: figures.set_in_use(connection, service.organization_id)) == before
    )
    assert document(application, snapshot).cache_valid
    assert values(document(application, snapshot))[STAFF] == 8.0


def test_large_case_is_written_in_short_transactions(
    data_dir: Path, service: SampleService, most_rows: Callable[[], int]
) -> None:
    with open_application(data_dir) as application:
        for day in ("2024-06-01", "2024-07-01"):
            assert deliver(application, large_case(service, day)).delivery_status == "taken"
        changed = deliver(application, large_case(service, "2024-08-01", MELDINGER + 1))
        assert (changed.new_cases, changed.changed_cases) == (0, 1)
        check_invariants(application)
        assert rows_of(application, "melding") == MELDINGER + 1
        assert deliver(application, service.folder(1, "2024-09-01", ["2024-02-10"])).changed_cases == 1
        check_invariants(application)
        assert (rows_of(application, "melding"), rows_of(application, "sak")) == (1, 1)
    assert 0 < most_rows() <= STEP_ROWS + 10


def test_annual_file_is_written_in_short_transactions(
    data_dir: Path, service: SampleService, most_rows: Callable[[], int]
) -> None:
    with open_application(data_dir) as application:
        for month in (1, 2):
            file = arsfil(service, *[child(number, f"2020-0{month}-10", "2020-03-10") for number in range(900)])
            deliver(application, file)
        assert received(application, service.organization_id) == 1800
        check_invariants(application)
        assert rows_of(application, "melding") == 1800
    assert 0 < most_rows() <= STEP_ROWS + 10


def test_cases_missing_from_a_full_delivery_are_deleted_in_short_transactions(
    data_dir: Path, service: SampleService, most_rows: Callable[[], int]
) -> None:
    with open_application(data_dir) as application:
        deliver(application, *(service.folder(case, "2024-06-01", ["2024-02-10"] * 60) for case in range(90)))
        full = deliver(application, service.folder(1, "2024-07-01", ["2024-02-10"]), full=True)
        assert (full.removed_cases, full.changed_cases) == (89, 1)
        check_invariants(application)
        assert rows_of(application, "melding") == 1
        again = deliver(application, service.folder(2, "2024-06-15"))
        assert again.unchanged_cases == 1  # older than the full delivery
    assert 0 < most_rows() <= MAX_CHUNK_ROWS + 300


def test_figures_prepared_beside_another_delivery_are_prepared_again(data_dir: Path, service: SampleService) -> None:
    """Both deliveries change other figures of the same organisation, and both count."""
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-06-01"))
    with open_application(data_dir, started=False) as application:
        importers: list[FigureImporter] = []
        for key in (STAFF, VACANT):
            application.deliveries.receive([b"of no matter"], full=False, actor="test")
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            importer = FigureImporter(application.database, application.report_config.catalogue, row)
            importer.stage([SupplementaryFigure(1, 2, service.organization_id, "2024", key, 5.0, "lonn")])
            assert importer.prepare() == ([], 0)
            importers.append(importer)

        def use(importer: FigureImporter) -> bool | None:
            return application.database.write(
                lambda connection: importer.use_prepared(connection, service.organization_id)
            )

        assert [use(importer) for importer in importers] == [True, None]
        importers[1].prepare_organizations([service.organization_id])
        assert use(importers[1]) is True
        stored = application.database.read(
            lambda connection: figures.figures(connection, service.organization_id, "2024")
        )
        assert stored == {STAFF: (5.0, "lonn"), VACANT: (5.0, "lonn")}


def test_refused_delivery_leaves_nothing_prepared(data_dir: Path, service: SampleService) -> None:
    """Its figures were staged and the case was being written when the parser crashed for the third time."""
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2024-06-01", ["2024-02-10"]), service.figures(f"2024,{STAFF},3,lonn"))
    with open_application(data_dir, started=False) as application:

        def crash(_: Path) -> Iterator[object]:
            yield from application._parser.parse(sent, now())  # pyright: ignore[reportPrivateUsage]
            raise ParserCrashed("The parser crashed.")

        sent = data_dir / "sent.zip"
        sent.write_bytes(zip_files([many_figures(service, 9), large_case(service, "2024-07-01")]))
        name = application.deliveries.receive_paths([sent], full=False, actor="test").delivery_id
        for _ in range(3):
            row = application.deliveries.claim(application.worker_id)
            assert row is not None
            application.deliveries.process(row, crash)  # type: ignore[arg-type]
        assert application.deliveries.get(name).delivery_status == "refused"
        check_invariants(application)
        assert rows_of(application, "figure") == 1
        assert application.database.read(
            lambda connection: figures.figures(connection, service.organization_id, "2024")
        ) == {STAFF: (3.0, "lonn")}


@pytest.mark.parametrize("point", ["pieces-written", "annual-file-prepared", "figures-prepared", "organization-told"])
def test_killed_delivery_is_as_before_and_then_as_after(data_dir: Path, tmp_path: Path, point: str) -> None:
    first, second = SampleService(), SampleService()
    with open_application(data_dir) as application:
        for service in (first, second):
            deliver(application, service.folder(1, "2024-06-01", ["2024-02-10"]))
            deliver(application, service.figures(f"2024,{STAFF},3,lonn"))
            deliver(application, arsfil(service, child(1, "2020-01-10")))
        before = [
            aggregate(application, service.organization_id, period).snapshot_id
            for service in (first, second)
            for period in ("2024", "2020")
        ]
    sent = tmp_path / "sent.zip"
    sent.write_bytes(
        zip_files(
            [
                file
                for service in (first, second)
                for file in (
                    arsfil(service, child(2, "2020-02-10", "2020-03-10")),
                    service.folder(1, "2024-07-01", ["2024-02-10"] * (chunks.LARGE_CASE_ROWS + 1)),
                    service.figures(f"2024,{STAFF},4,lonn"),
                )
            ]
        )
    )
    run_until_crash(data_dir, point, sent)
    with open_application(data_dir, started=False) as application:
        shown = [values(document(application, snapshot)) for snapshot in before]
        assert [shown[0][RECEIVED], shown[0][STAFF], shown[1][RECEIVED]] == [1, 3.0, 1]
        interrupted = application.database.read(deliveries.in_progress)
        assert [row.outcome for row in interrupted] == ["taken" if point == "organization-told" else None]
    with open_application(data_dir) as application:
        wait_until(lambda: application.deliveries.page(None, None, 1, 1)[0][0].completed_at is not None, "the end")
        delivery = application.deliveries.page(None, None, 1, 1)[0][0]
        assert (delivery.delivery_status, delivery.changed_cases, delivery.finding_count) == (
            "taken",
            4,
            2 * (1001 + 1),
        )
        # Each large case has 1,000 findings and one that there are more, each 15F file has one.
        for service in (first, second):
            after = [
                values(document(application, aggregate(application, service.organization_id, period).snapshot_id))
                for period in ("2024", "2020")
            ]
            assert [after[0][RECEIVED], after[0][STAFF], after[1][RECEIVED]] == [chunks.LARGE_CASE_ROWS + 1, 4.0, 2]
            events = application.database.read(
                lambda connection, service=service: connection.execute(
                    """SELECT count(*) FROM event WHERE type = 'source_received' AND organization_id = ?
                    AND json_extract(CAST(data AS TEXT), '$.delivery_id') = ?""",
                    (service.organization_id, delivery.delivery_id),
                ).fetchone()
            )
            assert events == (1,)
        check_invariants(application)


def _count_meldinger(connection: Connection) -> int:
    return connection.execute("SELECT count(*) FROM melding").fetchone()[0]


def test_replaced_rows_are_gone_when_a_short_delivery_takes_effect(data_dir: Path) -> None:
    """The case has too many rows to be replaced in place, and all of the delivery is one transaction.

    Fields count all rows of a source, and nothing else but the next delivery would delete these.
    """
    service = SampleService()
    with open_application(data_dir, started=False) as application:
        for day, count in ((1, 60), (2, 70)):
            content = service.folder(1, f"2024-05-{day:02}", ["2024-03-01"] * count)
            receipt = application.deliveries.receive([content], full=False, actor="test")
            row = application.deliveries.claim(application.worker_id, receipt.delivery_id)
            assert row is not None
            application.deliveries.process(row, lambda path: parse_delivery(path, b"k" * 32, now(), Limits()))
            assert application.deliveries.get(receipt.delivery_id).delivery_status == "taken"
            assert application.database.read(_count_meldinger) == count
