"""Search of deliveries: each filter, their combination, the pages, and the findings that are exported."""

from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from preview.runtime.application import Application
from preview.storage.database import Connection
from preview.storage.searches import deliveries as search
from preview.storage.searches.deliveries import DeliveryConditions, SearchedDeliveries
from preview.views.deliveries import DELIVERIES_PER_PAGE, DeliverySearch
from preview.views.finding_export import findings_table
from preview.views.spreadsheet import to_csv
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application

CLEAN, REFUSED, NOTICES, WRONG_LINE = "dlv-001", "dlv-002", "dlv-003", "dlv-004"


@dataclass
class Delivered:
    """An application with four deliveries: all well, refused, with notices, and with a line that was left out."""

    application: Application
    first: SampleService
    second: SampleService

    def found(self, **wanted: Any) -> list[str]:
        page = self.application.delivery_pages.page(DeliverySearch(**wanted))
        assert page.total == len(page.deliveries)
        return [view.summary.delivery_id for view in page.deliveries]


@pytest.fixture(scope="module")
def delivered(tmp_path_factory: pytest.TempPathFactory) -> Generator[Delivered]:
    first, second = SampleService(), SampleService()
    with open_application(tmp_path_factory.mktemp("searched") / "data") as application:
        deliver(application, first.folder(1, "2024-12-31"))
        deliver(application, b"<Barnevern/>")
        # Their DatoUttrekk has no time zone.
        deliver(application, *(second.folder(case, "2024-12-30T12:00:00") for case in (1, 2)))
        listing = "organization_id,organization_name,organisasjonsnummer\n"
        named = f"org-x,=Bjørnøya,{first.organisasjonsnummer}\norg-y,No number,abc\n"
        deliver(application, (listing + named).encode())
        yield Delivered(application, first, second)


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ({}, [WRONG_LINE, NOTICES, REFUSED, CLEAN]),
        ({"status": "refused"}, [REFUSED]),
        ({"status": "taken"}, [WRONG_LINE, NOTICES, CLEAN]),
        ({"status": "reading"}, []),
        ({"severity": "refused"}, [REFUSED]),
        ({"severity": "error"}, [WRONG_LINE]),
        ({"severity": "notice"}, [NOTICES]),
        ({"severity": "none"}, [CLEAN]),
        ({"code": "no_zone"}, [NOTICES]),
        ({"code": "no_such_code"}, []),
        ({"delivery_id": REFUSED}, [REFUSED]),
        ({"delivery_id": "dlv-999"}, []),
        ({"delivery_id": "nonsense"}, []),
        ({"q": "dlv-002"}, [REFUSED]),
        ({"q": " DLV-002 "}, [REFUSED]),
        ({"q": "nowhere at all"}, []),
        ({"organization_id": "org-nowhere"}, []),
        ({"status": "taken", "severity": "notice", "code": "no_zone"}, [NOTICES]),
        ({"status": "refused", "severity": "notice"}, []),
    ],
)
def test_search_finds_deliveries(delivered: Delivered, wanted: dict[str, Any], expected: list[str]) -> None:
    assert delivered.found(**wanted) == expected


def test_search_by_service_and_its_names(delivered: Delivered) -> None:
    first, second = delivered.first, delivered.second
    assert delivered.found(organization_id=second.organization_id) == [NOTICES]
    assert delivered.found(q=second.organisasjonsnummer) == [NOTICES]
    assert delivered.found(q=f"barnevernstjenesten {second.kommune}") == [NOTICES]
    # The listing names the first service, and letters need not be typed.
    assert delivered.found(q="bjornoya") == [WRONG_LINE, CLEAN]
    assert delivered.found(q="bjørnøya", severity="none") == [CLEAN]
    # What all services have finds all deliveries that contain one.
    assert delivered.found(q="org-") == [WRONG_LINE, NOTICES, CLEAN]
    assert delivered.found(q="bjørnøya", organization_id=second.organization_id) == []
    assert first.organization_id != second.organization_id


def test_page_has_places_of_the_findings_that_are_searched_for(delivered: Delivered) -> None:
    query = delivered.application.delivery_pages
    (view,) = query.page(DeliverySearch(code="no_zone")).deliveries
    (finding,) = view.findings
    assert (finding.code, finding.count, len(finding.places)) == ("no_zone", 2, 2)
    assert [(place.file, place.element) for place in finding.places] == [
        (1, "Barnevern@DatoUttrekk"),
        (2, "Barnevern@DatoUttrekk"),
    ]
    assert finding.places[0].line > 0
    (view,) = query.page(DeliverySearch(delivery_id=REFUSED)).deliveries
    assert [count.severity for count in view.findings] == ["refused"]


def test_codes_are_those_of_stored_findings(delivered: Delivered) -> None:
    page = delivered.application.delivery_pages.page(DeliverySearch())
    stored = {
        finding.code
        for number in (CLEAN, REFUSED, NOTICES, WRONG_LINE)
        for finding in delivered.application.deliveries.get(number).findings
    }
    assert page.codes == sorted(stored)
    assert "no_zone" in page.codes


def test_export_has_exactly_the_findings_of_the_search(delivered: Delivered) -> None:
    query, service = delivered.application.delivery_pages, delivered.second
    found, is_complete = query.findings(DeliverySearch(organization_id=service.organization_id, severity="notice"))
    document = delivered.application.deliveries.get(NOTICES)
    assert is_complete
    assert [(each.finding.code, each.finding.file, each.finding.line, each.finding.element) for each in found] == [
        (finding.code, finding.file, finding.line, finding.element)
        for finding in document.findings
        if finding.severity == "notice"
    ]
    every, _ = query.findings(DeliverySearch())
    assert [each.delivery_id for each in every] == sorted((each.delivery_id for each in every), reverse=True)
    assert len(every) == sum(view.summary.finding_count for view in query.page(DeliverySearch()).deliveries)


def test_exported_name_is_no_formula(delivered: Delivered) -> None:
    found, _ = delivered.application.delivery_pages.findings(DeliverySearch(severity="error"))
    table = findings_table(found, True, delivered.application.texts, "nb")
    lines = to_csv(table).decode("utf-8-sig").splitlines()
    assert lines[0] == "Leveranse;Mottatt;Tjenester;Fil nr.;Linje;Element;Alvor;Kode;Funn;Hva en gjør"
    (row,) = [line.split(";") for line in lines[1:]]
    assert (row[0], row[2], row[3]) == (WRONG_LINE, "'=Bjørnøya", "1")
    assert (row[6], row[7]) == ("Feil", found[0].finding.code)


def test_export_that_is_cut_says_so(delivered: Delivered) -> None:
    found, _ = delivered.application.delivery_pages.findings(DeliverySearch(severity="error"))
    cut = findings_table(found, False, delivered.application.texts, "en").rows
    assert len(cut) == len(found) + 1
    assert [cell for cell in cut[-1] if cell] == [
        "Only the 50,000 newest findings are included. Narrow the search to get the others."
    ]


def insert_many(connection: Connection, count: int) -> None:
    """Insert deliveries, of which every hundredth has an error and a finding."""
    connection.executemany(
        """INSERT INTO delivery (delivery_status, "full", size_bytes, sha256, actor, received_at, errors, finding_count)
        VALUES ('taken', 0, 1, '', 'test', '2026-01-01T00:00:00Z', ?, ?)""",
        [(int(n % 100 == 0), int(n % 100 == 0)) for n in range(1, count + 1)],
    )
    connection.execute(
        "INSERT INTO finding SELECT delivery, 0, 'error', 'no_date', 1, 1, 'Sak', '' FROM delivery WHERE errors > 0"
    )


def test_pages_divide_many_deliveries(tmp_path: Path) -> None:
    count = 4 * DELIVERIES_PER_PAGE + 1
    with open_application(tmp_path / "data", started=False) as application:
        application.database.write(lambda connection: insert_many(connection, count))
        pages = [application.delivery_pages.page(DeliverySearch(page=number)) for number in range(1, 6)]
        ids = [view.summary.delivery_id for page in pages for view in page.deliveries]
        assert ids == [f"dlv-{number:03}" for number in range(count, 0, -1)]
        assert {(page.total, page.page_count) for page in pages} == {(count, 5)}
        beyond = application.delivery_pages.page(DeliverySearch(page=99))
        assert (beyond.search.page, len(beyond.deliveries)) == (5, 1)


WHOLE_TABLE = (DeliveryConditions(), DeliveryConditions(searched=SearchedDeliveries(None, None)))


@pytest.mark.parametrize(
    "conditions",
    [
        *WHOLE_TABLE,
        DeliveryConditions(status="reading"),
        DeliveryConditions(severity="refused"),
        DeliveryConditions(severity="error"),
        DeliveryConditions(severity="warning"),
        DeliveryConditions(severity="notice"),
        DeliveryConditions(severity="none"),
        DeliveryConditions(organization_id="org-1"),
        DeliveryConditions(searched=SearchedDeliveries(["org-1"], 7)),
        DeliveryConditions(number=7),
    ],
    ids=str,
)
def test_search_reads_no_more_than_an_index(tmp_path: Path, conditions: DeliveryConditions) -> None:
    """No search sorts, and none but those of all deliveries, in their own order, reads the whole table."""
    statements: list[str] = []

    class Recorder:
        def __init__(self, connection: Connection) -> None:
            self.connection = connection

        def execute(self, statement: str, parameters: Any = ()) -> Any:
            plan = self.connection.execute(f"EXPLAIN QUERY PLAN {statement}", parameters).fetchall()
            statements.extend(str(row[-1]) for row in plan)
            return self.connection.execute(statement, parameters)

    with open_application(tmp_path / "data", started=False) as application:
        application.database.write(lambda connection: insert_many(connection, 1000))
        application.database.read(lambda connection: search.page(Recorder(connection), conditions, 25, 0))  # pyright: ignore[reportArgumentType]
        application.database.read(lambda connection: search.count(Recorder(connection), conditions))  # pyright: ignore[reportArgumentType]
    assert statements
    assert not [step for step in statements if "TEMP B-TREE FOR ORDER BY" in step]
    scans = [step for step in statements if step.startswith("SCAN delivery") and "INDEX" not in step]
    assert bool(scans) == (conditions in WHOLE_TABLE)


def held_findings(application: Application, organization_id: str, held: str) -> list[tuple[str, int, str]]:
    found, _ = application.delivery_pages.findings(DeliverySearch(organization_id=organization_id, held=held))
    return [(each.delivery_id, each.finding.file, each.finding.code) for each in found]


def counted_findings(application: Application, service: SampleService, period_id: str) -> int:
    """Return what the rule `funn` has counted in a report."""
    aggregate(application, service.organization_id, period_id)
    source = application.previews.read(service.organization_id, period_id).source
    assert source is not None
    return source.findings


def test_faults_of_held_files_are_those_that_the_report_counts(tmp_path: Path) -> None:
    service, other = SampleService(), SampleService()
    unknown_code = [case_xml.melding("2024-02-01", "2024-02-05", "99")]
    with open_application(tmp_path / "data") as application:
        deliver(
            application,
            service.folder(1, "2024-12-30", meldinger=unknown_code),
            service.folder(2, "2024-12-30T12:00:00"),
            other.folder(1, "2024-12-30T12:00:00"),
        )
        held = held_findings(application, service.organization_id, "v4")
        assert {(delivery, file) for delivery, file, _ in held} == {("dlv-001", 1), ("dlv-001", 2)}
        assert len(held) == counted_findings(application, service, "2024")
        # The corrected file takes its faults away; one with the same content takes them over.
        deliver(application, service.folder(1, "2024-12-31"))
        deliver(application, service.folder(2, "2024-12-31T12:00:00"))
        held = held_findings(application, service.organization_id, "v4")
        assert {(delivery, file) for delivery, file, _ in held} == {("dlv-003", 1)}
        assert len(held) == counted_findings(application, service, "2024")
        page = application.delivery_pages.page(DeliverySearch(organization_id=service.organization_id, held="v4"))
        assert [view.summary.delivery_id for view in page.deliveries] == ["dlv-003"]
        assert sum(count.count for count in page.deliveries[0].findings) == len(held)
        assert page.unplaced == 0
        # A store that was filled by an older version.
        application.database.write(lambda connection: connection.execute("UPDATE sak SET delivery = NULL, file = NULL"))
        page = application.delivery_pages.page(DeliverySearch(organization_id=service.organization_id, held="v4"))
        assert (page.deliveries, page.unplaced) == ([], len(held))


@pytest.mark.parametrize(("organization_id", "held"), [("org-nowhere", "v4"), ("", "v4"), ("org-nowhere", "2024")])
def test_source_that_does_not_exist_holds_no_file(delivered: Delivered, organization_id: str, held: str) -> None:
    assert delivered.found(organization_id=organization_id, held=held) == []
