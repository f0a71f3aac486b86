"""What all resources do alike, over real HTTP: limits, origins, actors, prefix, draining, and faults of our own."""

import hashlib
import logging
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from tests.api_handlers.in_process_server import serving
from tests.contract.scenario_fixtures import Service, plain

LIST = "/api/v1/aggregated-report-data"
JSON = {"Content-Type": "application/json"}


def answer_to(port: int, *parts: bytes) -> bytes:
    """What comes back to raw bytes, until the server closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as peer:
        received = b""
        try:
            for part in parts:
                peer.sendall(part)
            while chunk := peer.recv(65536):
                received += chunk
        except (ConnectionResetError, BrokenPipeError):
            pass
    return received


def test_a_body_over_the_limit(data_dir: Path) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b" " * 65536

    with serving(data_dir) as served, served.client() as client:
        for content in (b" " * 65537, b" " * 3_000_000, chunks(20)):
            response = client.post(LIST, content=content, headers=JSON)
            assert response.status_code == 413
            assert response.headers["Content-Type"] == "application/problem+json"
        assert client.post(LIST, content=b" " * 65536, headers=JSON).status_code == 400
        assert client.put(f"{LIST}/snap-001", content=b" " * 65537, headers=JSON).status_code == 413


def test_a_body_that_is_announced_as_far_too_large_is_not_waited_for(data_dir: Path) -> None:
    head = f"POST {LIST} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with serving(data_dir) as served:
        for more in ("Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n", "Content-Length: 99999999999\r\n\r\n"):
            answer = answer_to(served.port, (head + more).encode())
            assert answer.startswith(b"HTTP/1.1 413 ")
            assert b'"status":413' in answer
            assert b"\r\nConnection: close\r\n" in answer
        assert answer_to(served.port, f"{head}Content-Length: x\r\n\r\n".encode()).startswith(b"HTTP/1.1 400 ")


def test_a_body_without_end_is_cut_off(data_dir: Path) -> None:
    megabyte = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    head = f"POST {LIST} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    sent = 0
    with serving(data_dir) as served, socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
        peer.sendall(head)
        with suppress(ConnectionResetError, BrokenPipeError):
            while sent < 100:
                peer.sendall(megabyte)
                sent += 1
    assert 15 < sent < 40


def test_only_named_origins_may_call(data_dir: Path) -> None:
    with serving(data_dir, cors_origins=("https://intern.example",)) as served, served.client() as client:
        for path, status in ((LIST, 200), (f"{LIST}/snap-001", 404), (f"{LIST}?x=1", 422)):
            response = client.get(path, headers={"Origin": "https://intern.example"})
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == "https://intern.example"
            assert "Last-Event-ID" in response.headers["Access-Control-Expose-Headers"]
            assert "Origin" in response.headers["Vary"]
        assert "Access-Control-Allow-Origin" not in client.get(LIST, headers={"Origin": "https://else.example"}).headers
        preflight = {"Origin": "https://intern.example", "Access-Control-Request-Method": "PUT"}
        response = client.options(f"{LIST}/snap-001", headers=preflight)
        assert response.status_code == 204
        assert "PUT" in response.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]


def test_without_the_setting_no_origin_may_call(data_dir: Path) -> None:
    with serving(data_dir) as served, served.client() as client:
        response = client.get(LIST, headers={"Origin": "https://intern.example"})
        assert not [name for name in response.headers if name.startswith("access-control")]


def test_behind_a_prefix_links_carry_it(data_dir: Path) -> None:
    with serving(data_dir, prefix="/bufdir") as served, served.client() as client:
        assert client.get(LIST).headers["Link"].startswith("</bufdir/api/v1/aggregated-report-data?page=1&limit=20>")
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/bufdir"}]


def test_while_it_stops_it_asks_to_come_again(data_dir: Path) -> None:
    with serving(data_dir) as served, served.client() as client:
        assert client.get(LIST).status_code == 200
        served.drain()
        response = client.get(LIST)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "2"
        assert response.headers["Content-Type"] == "application/problem+json"
        assert client.get("/livez").status_code == 200


def test_a_fault_of_ours_shows_nothing(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with serving(data_dir) as served, served.client() as client, caplog.at_level(logging.ERROR):
        served.application.database.write(lambda connection: connection.execute("ALTER TABLE organization RENAME TO hemmelig").rowcount)
        response = client.get("/api/v1/organizations")
    assert response.status_code == 500
    assert list(response.json()) == ["type", "title", "status", "detail", "instance"]
    assert response.json()["instance"] in caplog.text
    assert "OperationalError at" in caplog.text
    for word in ("organization ", "table", "sqlite", "Traceback", ".py", "SELECT"):
        assert word not in response.text
    assert "no such table" not in caplog.text


def test_every_form_of_a_path_is_served(data_dir: Path) -> None:
    with serving(data_dir) as served, served.client() as client:
        for base in (LIST, LIST + LIST):
            for path in (base, f"{base}/", f"{base}?limit=1", f"{base}/?limit=1"):
                assert client.get(path).status_code == 200, path
            for path in (f"{base}/snap-001", f"{base}/snap-001/"):
                assert client.get(path).status_code == 404, path
                assert client.get(path).json()["detail"] == "There is no such snapshot."
            assert client.head(f"{base}/watch/").headers["Content-Type"] == "text/event-stream; charset=utf-8"
        for path in (LIST * 3, f"{LIST}//", f"{LIST}/snap-001//", f"{LIST}/api/v1"):
            assert client.get(path).json()["detail"] == "There is no such resource.", path
        assert client.get("/api/v1/organizations/").status_code == 200


def test_each_start_has_another_boot_id(data_dir: Path) -> None:
    ids: set[str] = set()
    for _ in range(2):
        with serving(data_dir) as served:
            ids.add(httpx.get(f"{served.url}/livez").json()["boot_id"])
    assert len(ids) == 2


def test_who_makes_a_change_is_what_the_trusted_proxy_says(data_dir: Path) -> None:
    service = Service(1)
    with serving(data_dir, actor_header="X-Forwarded-User") as served, served.client() as client:
        served.deliver(service.listing("Prøvetjenesten"))
        served.deliver(*plain(service))
        for period_id, headers, actor in (("2023", {"X-Forwarded-User": "Kåre"}, "Kåre"), ("2024", {}, "api")):
            body = {"organization_id": service.organization_id, "period_id": period_id}
            job_id = client.post(LIST, json=body, headers=[(name.encode(), value.encode()) for name, value in headers.items()]).json()[
                "job_id"
            ]
            assert client.get(f"/api/v1/jobs/{job_id}").json()["requested_by"] == actor


def test_without_the_setting_nobody_can_name_himself(data_dir: Path) -> None:
    service = Service(1)
    with serving(data_dir) as served, served.client() as client:
        served.deliver(service.listing("Prøvetjenesten"))
        served.deliver(*plain(service))
        body = {"organization_id": service.organization_id, "period_id": "2024"}
        job_id = client.post(LIST, json=body, headers={"X-Forwarded-User": "kari"}).json()["job_id"]
        assert client.get(f"/api/v1/jobs/{job_id}").json()["requested_by"] == "api"


def test_a_key_whose_first_request_still_runs(data_dir: Path) -> None:
    body = b'{"organization_id": "org-nobody", "period_id": "2024"}'
    with serving(data_dir) as served, served.client() as client:
        headers = JSON | {"Idempotency-Key": "abc"}
        served.application.idempotency.begin("snapshots", "abc", hashlib.sha256(body).digest())
        response = client.post(LIST, content=body, headers=headers)
        assert response.status_code == 409
        assert list(response.json()) == ["type", "title", "status", "detail", "instance"]
        served.application.idempotency.abandon("snapshots", "abc")
        assert client.post(LIST, content=body, headers=headers).status_code == 422


def test_the_log_tells_the_resource_and_nothing_that_a_client_wrote(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(data_dir) as served, served.client() as client:
        client.get(f"{LIST}/Sentinelsen?name=Sentinelsen")
        client.get("/api/v1/Sentinelsen")
        client.post(LIST, content=b"Sentinelsen", headers=JSON)
    lines = [record.getMessage() for record in caplog.records if record.name.startswith(("api_handlers", "tornado"))]
    assert [line.rsplit(" ", 2)[0] for line in lines] == ["GET Snapshot 422", "GET NoSuchResource 404", "POST Snapshots 400"]
