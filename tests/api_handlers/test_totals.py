"""Totals and one field everywhere over HTTP (rules T1 to T4, docs/api.md)."""

import csv
import io
from collections.abc import Generator
from typing import Any

import httpx
import pytest

from preview.core.periods import Period
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.contract.schema_shapes import check_shape
from tests.support.pipeline import aggregate

BODO, NARVIK, TRONDHEIM, SILENT = (SampleService(number) for number in (1804, 1806, 5001, 1999))
FIELD = "/api/v1/fields/antall_meldinger_mottatt"
TOTALS = "/api/v1/totals"


def case(service: SampleService, day: str, *days: tuple[str, str]) -> bytes:
    """Return a case of a service as of a day, with meldinger of which the days of receipt and conclusion are given."""
    return case_xml.folder(
        service.case_id(1),
        uttrekk=f"{day}T12:00:00+01:00",
        org=service.organisasjonsnummer,
        kommune=service.kommune,
        meldinger=[case_xml.melding(received, concluded) for received, concluded in days],
    )


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[InProcessServer]:
    """Run a server with reports of three services.

    Bodø has 2 meldinger in 2023 and 3 in 2024, one of them late; Narvik 1 in 2024, late; Trondheim 4 and 1, and its
    data of 2024 are provisional. A fourth service is listed and has delivered nothing.
    """
    in_time = [(f"2024-0{month}-01", f"2024-0{month}-05") for month in (2, 3)]
    late = [("2024-04-01", "2024-06-01")]
    before = [(f"2023-0{month}-01", f"2023-0{month}-05") for month in (2, 3, 4, 5)]
    with run_in_process_server(tmp_path_factory.mktemp("totals"), reporting_period=Period(2024)) as server:
        for service, name in ((BODO, "Barnevernet Bodø"), (TRONDHEIM, "Barnevernet Trondheim"), (SILENT, "=Stille")):
            server.deliver(service.listing(service.organization_id, name))
        for service, day, days in (
            (BODO, "2025-01-15", [*before[:2], *in_time, *late]),
            (NARVIK, "2025-01-15", late),
            (TRONDHEIM, "2024-11-01", [*before, in_time[0]]),
        ):
            server.deliver(service.folder(0, "2023-01-02"), case(service, day, *days))
            aggregate(server.application, service.organization_id, "2024")
        for service in (BODO, TRONDHEIM):
            aggregate(server.application, service.organization_id, "2023")
        yield server


@pytest.fixture(scope="module")
def client(server: InProcessServer) -> Generator[httpx.Client]:
    with server.client() as client:
        yield client


def total(document: dict[str, Any], section: int, field: int) -> tuple[Any, ...]:
    """Return value, prior value and both numbers of services of a field of the totals."""
    return tuple(document["sections"][section]["fields"][field].values())[1:]


def test_totals_sum_the_country_and_compare_matched_services(client: httpx.Client) -> None:
    document = client.get(TOTALS).json()
    check_shape(document, "totals")
    assert list(document.values())[:6] == ["2024", None, 3, 3, 1, 0]
    assert total(document, 0, 0) == (5, 6, 3, 2)
    # 3 of 5 within the deadline in 2024; in 2023 all of 6 of the two services that have both.
    assert total(document, 0, 4) == (60.0, 100.0, 3, 2)
    assert total(document, 8, 0) == (None, None, 0, 0)
    assert sum(len(section["fields"]) for section in document["sections"]) == 34


@pytest.mark.parametrize(
    ("query", "head", "first"),
    [
        ("period_id=2024&county=18", ["2024", "18", 1, 2, 0, 0], (4, 2, 2, 1)),
        ("period_id=2024&county=50", ["2024", "50", 1, 1, 1, 0], (1, 4, 1, 1)),
        ("period_id=2024&county=03", ["2024", "03", 0, 0, 0, 0], (None, None, 0, 0)),
        ("period_id=2023&county=18", ["2023", "18", 1, 1, 0, 0], (2, None, 1, 0)),
        ("period_id=2024-H1", ["2024-H1", None, 3, 0, 0, 0], (None, None, 0, 0)),
    ],
)
def test_totals_of_a_county_and_period(
    client: httpx.Client, query: str, head: list[Any], first: tuple[Any, ...]
) -> None:
    document = client.get(f"{TOTALS}?{query}").json()
    assert list(document.values())[:6] == head
    assert total(document, 0, 0) == first


def test_field_lists_every_service_ranked(client: httpx.Client) -> None:
    response = client.get(FIELD)
    document = response.json()
    check_shape(document, "field_values")
    assert [list(row.values()) for row in document["data"]] == [
        ["org-1804", "Barnevernet Bodø", 3, 2, 1, 1, "open", "present"],
        ["org-5001", "Barnevernet Trondheim", 1, 4, -3, 2, "open", "present"],
        ["org-1806", "Barnevernstjenesten Testkommune", 1, None, None, 2, "open", "present"],
        ["org-1999", "=Stille", None, None, None, None, None, "no_report"],
    ]
    assert response.headers["Vary"].startswith("Accept")


def test_field_is_paged_sorted_and_filtered(client: httpx.Client) -> None:
    response = client.get(f"{FIELD}?sort=-change&page=2&limit=1&county=18")
    document = response.json()
    assert [row["organization_id"] for row in document["data"]] == ["org-1806"]
    assert document["pagination"] == {"page": 2, "limit": 1, "total": 2}
    assert f'{FIELD}?county=18&sort=-change&page=1&limit=1>; rel="prev"' in response.headers["Link"]


def test_field_is_sent_as_csv_to_those_who_prefer_it(client: httpx.Client) -> None:
    response = client.get(f"{FIELD}?limit=1", headers={"Accept": "text/csv, application/json;q=0.5"})
    assert response.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert [row["organization_name"] for row in rows][::3] == ["Barnevernet Bodø", "'=Stille"]
    assert rows[0] | {"rank": "1"} == rows[0]
    assert (rows[1]["change"], rows[2]["change"]) == ("-3", "")
    assert response.headers["ETag"] != client.get(FIELD).headers["ETag"]


@pytest.mark.parametrize("path", [TOTALS, FIELD])
def test_totals_have_the_habits_of_other_resources(client: httpx.Client, server: InProcessServer, path: str) -> None:
    response = client.get(path)
    newest = server.application.event_log.last_event_id()
    assert response.headers["Last-Event-ID"] == str(newest)
    tag = response.headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    head = client.head(path)
    assert (head.status_code, head.content, head.headers["ETag"]) == (200, b"", tag)
    assert client.get(f"{path}/").json() == response.json()
    assert client.options(path).headers["Allow"] == "GET, HEAD, OPTIONS"
    assert client.post(path).status_code == 405
    assert client.get(path, headers={"Accept": "text/html"}).status_code == 406


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("county=30", "/county"),
        ("county=30&period_id=2025", "/county"),
        ("county=1", "/county"),
        ("county=xx", "/county"),
        ("period_id=x", "/period_id"),
        ("sort=rank", "/sort"),
    ],
)
def test_invalid_query_of_totals_is_named(client: httpx.Client, query: str, pointer: str) -> None:
    response = client.get(f"{TOTALS}?{query}")
    assert response.status_code == 422
    assert [error["pointer"] for error in response.json()["errors"]] == [pointer]


def test_unknown_field_and_order_are_refused(client: httpx.Client) -> None:
    assert client.get("/api/v1/fields/antall_meldinger_med_frist").status_code == 404
    assert client.get(f"{FIELD}?sort=name").json()["errors"][0]["pointer"] == "/sort"
    assert client.get(TOTALS, params={"county": "30", "period_id": "2023"}).status_code == 200
