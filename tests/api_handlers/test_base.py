"""Behaviour common to all resources over HTTP: limits, actors, prefix, draining, internal errors and the log."""

import logging
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.api_handlers.in_process_server import as_completed_up_to, run_in_process_server
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery
from tests.support.pipeline import wait_until

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"
JSON = {"Content-Type": "application/json"}


def send_raw(port: int, *parts: bytes) -> bytes:
    """Send raw bytes and return all that the server sends until it closes the connection."""
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


def test_body_over_limit_is_413(data_dir: Path) -> None:
    def chunks(count: int) -> Iterator[bytes]:
        for _ in range(count):
            yield b" " * 65536

    with run_in_process_server(data_dir) as server, server.client() as client:
        for content in (b" " * 65537, b" " * 3_000_000, chunks(20)):
            response = client.post(SNAPSHOTS_PATH, content=content, headers=JSON)
            assert response.status_code == 413
            assert response.headers["Content-Type"] == "application/problem+json"
        assert client.post(SNAPSHOTS_PATH, content=b" " * 65536, headers=JSON).status_code == 400
        assert client.put(f"{SNAPSHOTS_PATH}/snap-001", content=b" " * 65537, headers=JSON).status_code == 413


def test_too_large_content_length_is_rejected_before_body(data_dir: Path) -> None:
    head = f"POST {SNAPSHOTS_PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
    with run_in_process_server(data_dir) as server:
        for header_lines in (
            "Content-Length: 100000\r\nExpect: 100-continue\r\n\r\n",
            "Content-Length: 99999999999\r\n\r\n",
        ):
            response = send_raw(server.port, (head + header_lines).encode())
            assert response.startswith(b"HTTP/1.1 413 ")
            assert b'"status":413' in response
            assert b"\r\nConnection: close\r\n" in response
        assert send_raw(server.port, f"{head}Content-Length: x\r\n\r\n".encode()).startswith(b"HTTP/1.1 400 ")


def test_endless_body_is_aborted(data_dir: Path) -> None:
    megabyte = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    head = f"POST {SNAPSHOTS_PATH} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    sent = 0
    with (
        run_in_process_server(data_dir) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(head)
        with suppress(ConnectionResetError, BrokenPipeError):
            while sent < 100:
                peer.sendall(megabyte)
                sent += 1
    assert 15 < sent < 40


def test_links_include_prefix(data_dir: Path) -> None:
    with run_in_process_server(data_dir, prefix="/bufdir") as server, server.client() as client:
        assert (
            client.get(SNAPSHOTS_PATH)
            .headers["Link"]
            .startswith("</bufdir/api/v1/aggregated-report-data?page=1&limit=20>")
        )
        assert client.get("/openapi.json").json()["servers"] == [{"url": "/bufdir"}]


def test_draining_server_answers_503_with_retry_after(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        assert client.get(SNAPSHOTS_PATH).status_code == 200
        server.drain()
        response = client.get(SNAPSHOTS_PATH)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "2"
        assert response.headers["Content-Type"] == "application/problem+json"
        assert client.get("/livez").status_code == 200


def test_internal_error_reveals_no_details(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client, caplog.at_level(logging.ERROR):
        server.application.database.write(
            lambda connection: connection.execute("ALTER TABLE organization RENAME TO hemmelig").rowcount
        )
        response = client.get("/api/v1/organizations")
    assert response.status_code == 500
    assert list(response.json()) == ["type", "title", "status", "detail", "instance"]
    assert response.json()["instance"] in caplog.text
    assert "OperationalError (SQLITE_ERROR) at" in caplog.text
    for fragment in ("organization ", "table", "sqlite", "Traceback", ".py", "SELECT"):
        assert fragment not in response.text
    assert "no such table" not in caplog.text


def test_duplicate_prefix_and_trailing_slash_are_served(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        for base in (SNAPSHOTS_PATH, SNAPSHOTS_PATH + SNAPSHOTS_PATH):
            for path in (base, f"{base}/", f"{base}?limit=1", f"{base}/?limit=1"):
                assert client.get(path).status_code == 200, path
            for path in (f"{base}/snap-001", f"{base}/snap-001/"):
                assert client.get(path).status_code == 404, path
                assert client.get(path).json()["detail"] == "There is no such snapshot."
            assert client.head(f"{base}/watch/").headers["Content-Type"] == "text/event-stream; charset=utf-8"
        for path in (
            SNAPSHOTS_PATH * 3,
            f"{SNAPSHOTS_PATH}//",
            f"{SNAPSHOTS_PATH}/snap-001//",
            f"{SNAPSHOTS_PATH}/api/v1",
        ):
            assert client.get(path).json()["detail"].startswith("There is no resource with this path."), path
        assert client.get("/api/v1/organizations/").status_code == 200


def test_boot_id_changes_with_each_start(data_dir: Path) -> None:
    ids: set[str] = set()
    for _ in range(2):
        with run_in_process_server(data_dir) as server:
            ids.add(httpx.get(f"{server.url}/livez").json()["boot_id"])
    assert len(ids) == 2


def test_actor_comes_from_trusted_proxy_header(data_dir: Path) -> None:
    """By every way in of the API; those of the dashboard are in tests/browser."""
    service = ChildWelfareService(1)
    named = [(b"x-forwarded-USER", "Åse Sætre".encode())]
    with run_in_process_server(data_dir, actor_header="x-forwarded-user") as server, server.client() as client:
        server.deliver(service.listing("Prøvetjenesten"))
        server.deliver(*base_delivery(service))
        for headers, actor in ((named, "Åse Sætre"), ([], "api")):
            body = {"organization_id": service.organization_id, "period_id": "2024"}
            created = client.post(SNAPSHOTS_PATH, json=body, headers=headers).json()
            snapshot = f"{SNAPSHOTS_PATH}/{created['snapshot_id']}"
            wait_until(lambda snapshot=snapshot: client.get(snapshot).json()["aggregated_at"], "the snapshot")
            again = {"invalidate_cache": True, "reason": "Prøve"}
            jobs = [created, client.put(snapshot, json=again, headers=headers).json()]
            assert [client.get(f"/api/v1/jobs/{job['job_id']}").json()["requested_by"] for job in jobs] == [actor] * 2
            client.delete(snapshot, headers=headers).raise_for_status()
            assert server.application.snapshots.deleted_by(created["snapshot_id"]) == actor
            uploads: list[dict[str, Any]] = [{"content": b"<Barnevern/>"}, {"files": {"files": b"<Barnevern/>"}}]
            for upload in uploads:
                received = client.post("/api/v1/deliveries", headers=headers, **upload).raise_for_status()
                assert client.get(received.headers["Location"]).json()["actor"] == actor


def test_actor_header_is_ignored_by_default(data_dir: Path) -> None:
    service = ChildWelfareService(1)
    with run_in_process_server(data_dir) as server, server.client() as client:
        server.deliver(service.listing("Prøvetjenesten"))
        server.deliver(*base_delivery(service))
        body = {"organization_id": service.organization_id, "period_id": "2024"}
        job_id = client.post(SNAPSHOTS_PATH, json=body, headers={"X-Forwarded-User": "kari"}).json()["job_id"]
        assert client.get(f"/api/v1/jobs/{job_id}").json()["requested_by"] == "api"


def test_idempotency_key_in_progress_is_409(data_dir: Path) -> None:
    body = b'{"organization_id": "org-nobody", "period_id": "2024"}'
    headers = JSON | {"Idempotency-Key": "abc"}
    release = threading.Event()
    with run_in_process_server(data_dir) as server, server.client() as client, ThreadPoolExecutor(8) as pool:
        server.application.database.submit(lambda _: release.wait(20))
        requests = [pool.submit(client.post, SNAPSHOTS_PATH, content=body, headers=headers) for _ in range(8)]
        (*refused, first) = as_completed_up_to(requests, 7, release.set)
        assert {response.status_code for response in refused} == {409}
        assert list(refused[0].json()) == ["type", "title", "status", "detail", "instance"]
        assert first.status_code == 422
        assert client.post(SNAPSHOTS_PATH, content=body, headers=headers).status_code == 422


def test_access_log_omits_client_input(data_dir: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), run_in_process_server(data_dir) as server, server.client() as client:
        client.get(f"{SNAPSHOTS_PATH}/Sentinelsen?name=Sentinelsen")
        client.get("/api/v1/Sentinelsen")
        client.post(SNAPSHOTS_PATH, content=b"Sentinelsen", headers=JSON)
    lines = [record.getMessage() for record in caplog.records if record.name in ("preview.core.request_log", "tornado")]
    assert [line.rsplit(" ms", 1)[0].rsplit(" ", 1)[0] for line in lines] == [
        f"GET {SNAPSHOTS_PATH}/{{snapshot_id}} 422",
        "GET (unknown path) 404",
        f"POST {SNAPSHOTS_PATH} 400",
    ]
