"""Reviews and the reporting period over HTTP (rules P1 to P3 and R1 to R8, docs/api.md)."""

import shutil
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from preview.core.national_id import add_check_digits
from preview.core.periods import Period
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.api_handlers.sse_client import open_stream
from tests.builders import reviews_store
from tests.contract.scenario_fixtures import ChildWelfareService, third_melding_2024
from tests.support.pipeline import aggregate, deliver

REVIEW = "/api/v1/reviews/org-t1/2024"
SNAPSHOT = "/api/v1/aggregated-report-data/snap-002"
WARNING = f"{REVIEW}/acknowledgements/mangler/antall_arsverk"
KARI, OLA = {"X-User": "Kari Nordmann"}, {"X-User": "Ola Nordmann"}
BIRTH_NUMBER = add_check_digits("014101998")


@pytest.fixture(scope="module")
def service() -> ChildWelfareService:
    return ChildWelfareService(1)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory, service: ChildWelfareService) -> Path:
    """A data folder with a report of 2024 that has one warning, which each test copies."""
    data_dir = tmp_path_factory.mktemp("reviews")
    reviews_store.fill_store(data_dir, service)
    return data_dir


@pytest.fixture
def server(data_dir: Path, store: Path) -> Generator[InProcessServer]:
    """Run a server on the store."""
    shutil.copytree(store, data_dir, dirs_exist_ok=True)
    with run_in_process_server(data_dir, actor_header="X-User", reporting_period=Period(2024)) as server:
        yield server


@pytest.fixture
def client(server: InProcessServer) -> Generator[httpx.Client]:
    with server.client() as client:
        yield client


def approve(client: httpx.Client, **headers: str) -> httpx.Response:
    """Approve the present document as Kari."""
    etag = client.get(SNAPSHOT).headers["ETag"]
    return client.put(
        f"{REVIEW}/approval",
        json={"snapshot_id": "snap-002", "note": None},
        headers={"If-Match": etag, **KARI, **headers},
    )


def test_report_is_decided_on_from_its_warning_to_a_change(
    client: httpx.Client, server: InProcessServer, service: ChildWelfareService
) -> None:
    refused = approve(client)
    assert refused.status_code == 409
    assert refused.json()["blocking"] == [{"code": "warning", "field_key": "antall_arsverk", "rule": "mangler"}]
    assert client.get("/api/v1/reporting-period").json()["approved_organizations"] == 0

    with open_stream(server.url, "/api/v1/aggregated-report-data/watch?period_id=2024") as stream:
        acknowledged = client.put(WARNING, json={"reason": "Meldt i brev."}, headers=KARI)
        assert (acknowledged.status_code, acknowledged.json()["blocking"]) == (200, [])
        approved = approve(client)
        assert approved.status_code == 200
        assert approved.json()["approval"]["approved_by"] == "Kari Nordmann"
        position = int(client.get(REVIEW).headers["Last-Event-ID"])
        events = [block.data for block in stream.events_until(position)]
    assert [(event["event"], event["changed"], event["review_status"], event["actor"]) for event in events] == [
        ("review_updated", "acknowledgement", "open", "Kari Nordmann"),
        ("review_updated", "approval", "approved", "Kari Nordmann"),
    ]
    assert client.get("/api/v1/reporting-period").json() == {
        "period_id": "2024",
        "first_day": "2024-01-01",
        "last_day": "2024-12-31",
        "deadline": None,
        "expected_organizations": 1,
        "delivered_organizations": 1,
        "approved_organizations": 1,
    }
    approved_document = client.get(f"{REVIEW}/approvals/{approved.json()['approval']['approval_id']}")
    assert approved_document.content == client.get(SNAPSHOT).content

    deliver(server.application, *third_melding_2024(service))
    job = client.put(SNAPSHOT, json={"invalidate_cache": True, "reason": "Ny leveranse"}).json()
    aggregate(server.application, "org-t1", "2024")
    assert job["snapshot_status"] == "processing"
    changed = client.get(REVIEW).json()
    assert changed["review_status"] == "changed"
    assert {"field_key": "antall_meldinger_mottatt", "approved_value": 2, "value": 3} in changed[
        "changed_since_approval"
    ]
    listed = client.get("/api/v1/reviews", params={"review_status": "changed"}).json()
    assert listed["data"] == [changed]


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 428), ({"If-Match": "*"}, 428), ({"If-Match": '"other"'}, 412)],
    ids=["none", "any", "another"],
)
def test_approval_without_the_seen_version_is_refused(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    client.put(WARNING, json={"reason": "Meldt i brev."}, headers=KARI)
    body = {"snapshot_id": "snap-002"}
    assert client.put(f"{REVIEW}/approval", json=body, headers={**KARI, **headers}).status_code == status


def test_person_who_is_not_named_cannot_approve(client: httpx.Client) -> None:
    client.put(WARNING, json={"reason": "Meldt i brev."}, headers=KARI)
    assert approve(client, **{"X-User": ""}).status_code == 403


def test_second_person_approves_what_was_approved_before(client: httpx.Client) -> None:
    client.put(WARNING, json={"reason": "Meldt i brev."}, headers=KARI)
    assert approve(client).status_code == 200
    assert approve(client, **OLA).json()["approval"]["approved_by"] == "Ola Nordmann"
    withdrawn = client.request("DELETE", f"{REVIEW}/approval", json={"reason": "En feil."}, headers=OLA)
    assert withdrawn.json()["review_status"] == "open"
    assert [each["approved_by"] for each in client.get(f"{REVIEW}/approvals").json()["data"]] == [
        "Ola Nordmann",
        "Kari Nordmann",
    ]


def test_comment_is_added_once_and_only_its_author_edits_it(client: httpx.Client) -> None:
    key = {"Idempotency-Key": "one", **KARI}
    body = {"text": "Hvorfor?", "field_key": None}
    first, again = (client.post(f"{REVIEW}/comments", json=body, headers=key) for _ in range(2))
    assert (first.status_code, again.content) == (201, first.content)
    path = first.headers["Location"]
    assert client.put(path, json={"text": "Annet"}, headers=OLA).status_code == 403
    assert client.put(path, json={"resolved": True}, headers=OLA).json()["resolved_by"] == "Ola Nordmann"
    assert client.get(REVIEW).json()["comment_count"] == 1
    assert client.delete(path, headers=KARI).json() == {"deleted": True, "comment_id": "com-001"}
    assert client.get(f"{REVIEW}/comments").json()["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PUT", WARNING, {"reason": f"Se {BIRTH_NUMBER}"}, "/reason"),
        ("POST", f"{REVIEW}/comments", {"text": f"Se {BIRTH_NUMBER}"}, "/text"),
        ("PUT", SNAPSHOT, {"invalidate_cache": True, "reason": f"Se {BIRTH_NUMBER}"}, "/reason"),
        ("POST", f"{REVIEW}/comments", {"text": None}, "/text"),
        ("PUT", f"{REVIEW}/approval", {"snapshot_id": "snap-002", "note": " "}, "/note"),
    ],
)
def test_invalid_texts_are_named(
    client: httpx.Client, method: str, path: str, body: dict[str, object], pointer: str
) -> None:
    response = client.request(method, path, json=body, headers={"If-Match": "*", **KARI})
    assert response.status_code == 422
    assert [each["pointer"] for each in response.json()["errors"]] == [pointer]
    assert str(BIRTH_NUMBER) not in response.text


def test_review_is_sent_again_only_if_it_has_changed(client: httpx.Client) -> None:
    tag = client.get(REVIEW).headers["ETag"]
    assert client.get(REVIEW, headers={"If-None-Match": tag}).status_code == 304
    client.put(WARNING, json={"reason": "Meldt i brev."}, headers={"If-Match": tag, **KARI})
    assert client.get(REVIEW, headers={"If-None-Match": tag}).status_code == 200
    assert client.delete(WARNING, headers={"If-Match": tag, **KARI}).status_code == 412


@pytest.mark.parametrize(
    "path", ["org-t1/2020", "org-t9/2024", "org-t1/x", "org-t9/2024/approvals", "org-t1/2024/approvals/apr-999"]
)
def test_unknown_review_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(f"/api/v1/reviews/{path}").status_code == 404
