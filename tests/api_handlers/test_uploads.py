"""Uploads over HTTP: accepted formats, rejected headers and queries, and idempotency keys."""

import socket
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.api_handlers.in_process_server import as_completed_up_to, run_in_process_server
from tests.api_handlers.upload_helpers import (
    DELIVERIES_PATH,
    MEGABYTE,
    XML,
    assert_nothing_stored,
    request_head,
    spool_file_names,
    wait_for_import,
)
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import wait_for_delivery, wait_until, zip_files


@pytest.fixture
def service() -> ChildWelfareService:
    return ChildWelfareService(4711)


def test_each_file_format_is_accepted(data_dir: Path, service: ChildWelfareService) -> None:
    folder, archive = service.case(0, "2024-12-31", []), zip_files([service.case(1, "2024-12-31", [])])
    table = service.listing("Prøvetjenesten")
    with run_in_process_server(data_dir) as server, server.client() as client:
        for content, media_type, kind in (
            (table, "text/csv; charset=utf-8", "organizations"),
            (folder, "application/xml", "v4"),
            (folder, "text/xml; charset=iso-8859-1", "v4"),
            (table, 'Text/CSV; header="present"; Charset="UTF-8";', "organizations"),
            (table.decode().encode("cp1252"), "text/csv; charset=windows-1252", "organizations"),
            (table.decode().encode("utf-16"), 'text/csv; charset="UTF-16"', "organizations"),
            (archive, "application/zip", "v4"),
            (archive, "Application/X-Zip-Compressed", "v4"),
            (folder, "", "v4"),
        ):
            response = client.post(
                DELIVERIES_PATH, content=content, headers={"Content-Type": media_type} if media_type else {}
            )
            document = wait_for_import(server, response)
            assert (document["format"], document["files"], document["size_bytes"]) == (kind, 1, len(content))
        wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")


def test_full_delivery_removes_missing_cases(data_dir: Path, service: ChildWelfareService) -> None:
    with run_in_process_server(data_dir, actor_header="X-User") as server, server.client() as client:
        wait_for_import(
            server,
            client.post(
                DELIVERIES_PATH, content=zip_files([service.case(index, "2024-12-30", []) for index in range(3)])
            ),
        )
        response = client.post(
            f"{DELIVERIES_PATH}?full=true", content=service.case(0, "2024-12-31", []), headers=XML | {"X-User": "kari"}
        )
        assert response.json()["full"] is True
        document = wait_for_import(server, response)
    assert (document["full"], document["actor"], document["removed_cases"]) == (True, "kari", 2)


@pytest.mark.parametrize(
    "arguments", [["-T", "{}"], ["--data-binary", "@{}", "-H", "Content-Type: application/zip"], ["-F", "mappe=@{}"]]
)
def test_curl_upload_is_accepted(
    data_dir: Path, tmp_path: Path, service: ChildWelfareService, arguments: list[str]
) -> None:
    """The file is over a megabyte, so that curl sends `Expect: 100-continue`."""
    archive_path = tmp_path / "sendt.zip"
    with zipfile.ZipFile(archive_path, "w") as archive:
        archive.writestr("a.xml", service.case(0, "2024-12-31", []))
        archive.writestr("b.xml", service.case(1, "2024-12-31", []) + b" " * 2 * MEGABYTE)
    with run_in_process_server(data_dir) as server:
        options = [argument.format(archive_path) for argument in arguments]
        command = [
            "curl",
            "--silent",
            "--show-error",
            "--include",
            "-X",
            "POST",
            *options,
            f"{server.url}{DELIVERIES_PATH}",
        ]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "HTTP/1.1 202 Accepted" in output
        wait_for_delivery(server.application, "dlv-001")
        document = server.application.deliveries.get("dlv-001")
    assert (document.files, document.new_cases, document.size_bytes) == (2, 2, archive_path.stat().st_size)


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        (
            {"Content-Type": "application/json"},
            415,
            "The media type of the body is not accepted. Send one of application/xml, ",
        ),
        (
            {"Content-Type": "application/x-www-form-urlencoded"},
            415,
            "The media type of the body is not accepted. Send one of application/xml, ",
        ),
        (
            {"Content-Type": 'text/csv; header=present; charset="ISO-8859-1";'},
            415,
            "text/csv is only accepted in UTF-8, UTF-16 and Windows-1252.",
        ),
        (XML | {"Content-Encoding": "gzip"}, 415, "`Content-Encoding` is not supported."),
        ({"Content-Type": "multipart/form-data"}, 400, "The `Content-Type` has no boundary."),
        (XML | {"Accept": "text/html"}, 406, "This resource is sent as application/json."),
        (XML | {"Idempotency-Key": "x" * 256}, 422, "The `Idempotency-Key` is invalid."),
    ],
)
def test_invalid_headers_are_rejected_before_body(
    data_dir: Path, headers: dict[str, str], status: int, detail: str
) -> None:
    """A client that sends a small body gets the response after it, one that sends `Expect` before it."""
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=headers)
        assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
        assert response.json()["detail"].startswith(detail)
        header_lines = [
            *(f"{name}: {value}" for name, value in headers.items()),
            "Content-Length: 300000",
            "Expect: 100-continue",
        ]
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head(*header_lines))
            raw_response = b""
            while received := peer.recv(65536):  # until the server closes
                raw_response += received
        assert raw_response.startswith(f"HTTP/1.1 {status} ".encode())
        assert_nothing_stored(server, data_dir)


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("full=1", "/full", "must be true or false"),
        ("complete=true", "/complete", "is not a known parameter"),
        ("full=true&full=true", "/full", "is given more than once"),
    ],
)
def test_invalid_query_is_422(data_dir: Path, query: str, pointer: str, detail: str) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(f"{DELIVERIES_PATH}?{query}", content=b"<Barnevern/>", headers=XML)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]
        assert_nothing_stored(server, data_dir)


def test_repeated_idempotency_key_returns_first_response(data_dir: Path, service: ChildWelfareService) -> None:
    """The repetition has another boundary, and makes no second delivery."""
    files = {"mappe": ("a.xml", service.case(0, "2024-12-31", []))}
    key = {"Idempotency-Key": "first"}
    with run_in_process_server(data_dir) as server, server.client() as client:
        first = client.post(DELIVERIES_PATH, files=files, headers=key)
        repeated = client.post(DELIVERIES_PATH, files=files, headers=key)
        assert (first.status_code, repeated.status_code) == (202, 202)
        assert first.content == repeated.content
        assert first.headers["Location"] == repeated.headers["Location"] == f"{DELIVERIES_PATH}/dlv-001"
        for url, content in (
            (DELIVERIES_PATH, {"mappe": ("a.xml", b"<other/>")}),
            (f"{DELIVERIES_PATH}?full=true", files),
        ):
            assert client.post(url, files=content, headers=key).status_code == 422
        wait_for_delivery(server.application, "dlv-001")
        wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")
        assert server.application.deliveries.page(None, None, 1, 10)[1] == 1
        rows = server.application.database.read(
            lambda connection: connection.execute("SELECT * FROM idempotency").fetchall()
        )
        assert len(rows) == 1
        assert "Barnevern" not in repr(rows)  # a digest of the body is stored, never the body


def test_idempotency_key_in_progress_is_409(data_dir: Path) -> None:
    release = threading.Event()
    with run_in_process_server(data_dir) as server, server.client() as client, ThreadPoolExecutor(8) as pool:

        def send() -> httpx.Response:
            return client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML | {"Idempotency-Key": "b"})

        server.application.database.submit(lambda _: release.wait(20))
        (*refused, first) = as_completed_up_to([pool.submit(send) for _ in range(8)], 7, release.set)
        assert {response.status_code for response in refused} == {409}
        assert first.status_code == 202
        assert send().content == first.content
        assert server.application.deliveries.page(None, None, 1, 1)[1] == 1
