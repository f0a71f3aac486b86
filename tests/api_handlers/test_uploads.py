"""Deliveries over real HTTP: what is taken and what is refused, and that nothing is left of what did not come whole."""

import socket
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from api_handlers import upload
from preview.ingest.spool_file import SpoolFile
from tests.api_handlers.in_process_server import InProcessServer, run_in_process_server
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import wait_for_delivery, wait_until, zip_files

DELIVERIES_PATH = "/api/v1/deliveries"
XML = {"Content-Type": "application/xml"}
MEGABYTE = 1024 * 1024


@pytest.fixture
def service() -> ChildWelfareService:
    return ChildWelfareService(4711)


def spool_file_names(data_dir: Path) -> list[str]:
    """The names in the spool."""
    return [path.name for path in (data_dir / "spool").iterdir()]


def assert_nothing_stored(server: InProcessServer, data_dir: Path) -> None:
    """No file and no row."""
    wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")
    assert server.application.deliveries.page(None, None, 1, 10) == ([], 0)


def wait_for_import(server: InProcessServer, response: httpx.Response) -> dict[str, Any]:
    """The delivery's document, when it has been read."""
    assert response.status_code == 202, response.text
    wait_for_delivery(server.application, response.json()["delivery_id"])
    return httpx.get(f"{server.url}{response.headers['Location']}").json()


def request_head(*lines: str) -> bytes:
    """A request's first bytes."""
    return "\r\n".join([f"POST {DELIVERIES_PATH} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def chunks(count: int, size: int = MEGABYTE) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * size


# What is taken.


def test_each_file_format_is_accepted(data_dir: Path, service: ChildWelfareService) -> None:
    folder, archive = service.case(0, "2024-12-31", []), zip_files([service.case(1, "2024-12-31", [])])
    table = service.listing("Prøvetjenesten")
    with run_in_process_server(data_dir) as server, server.client() as client:
        for content, media_type, kind in (
            (table, "text/csv; charset=utf-8", "organizations"),
            (folder, "application/xml", "v4"),
            (folder, "text/xml; charset=iso-8859-1", "v4"),
            (archive, "application/zip", "v4"),
            (archive, "Application/X-Zip-Compressed", "v4"),
            (folder, "", "v4"),
        ):
            response = client.post(DELIVERIES_PATH, content=content, headers={"Content-Type": media_type} if media_type else {})
            document = wait_for_import(server, response)
            assert (document["format"], document["files"], document["size_bytes"]) == (kind, 1, len(content))
        wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")


def test_multipart_with_files_and_zip_is_one_delivery(data_dir: Path, service: ChildWelfareService) -> None:
    """Findings name a file by its place among all of them."""
    cases = [service.case(index, "2024-12-31", []) for index in range(3)]
    multipart = [
        ("organisasjoner", ("æøå.csv", service.listing("Prøvetjenesten"), "application/vnd.ms-excel")),
        ("mapper", ("a b.xml", cases[0], "text/xml")),
        ("mapper", ("to.zip", zip_files(cases[1:]), "application/octet-stream")),
        ("mapper", ("broken.xml", b"<Barnevern>", "text/xml")),
    ]
    with run_in_process_server(data_dir) as server, server.client() as client:
        document = wait_for_import(server, client.post(DELIVERIES_PATH, files=multipart))
    assert (document["format"], document["files"], document["refused_files"], document["new_cases"]) == ("mixed", 5, 1, 3)
    assert document["size_bytes"] == sum(len(content) for _, (_, content, _) in multipart)
    assert document["organizations"] == [service.organization_id]
    assert [(finding["file"], finding["code"]) for finding in document["findings"]] == [(5, "not_well_formed")]


def test_full_delivery_removes_missing_cases(data_dir: Path, service: ChildWelfareService) -> None:
    with run_in_process_server(data_dir, actor_header="X-User") as server, server.client() as client:
        wait_for_import(
            server, client.post(DELIVERIES_PATH, content=zip_files([service.case(index, "2024-12-30", []) for index in range(3)]))
        )
        response = client.post(f"{DELIVERIES_PATH}?full=true", content=service.case(0, "2024-12-31", []), headers=XML | {"X-User": "kari"})
        assert response.json()["full"] is True
        document = wait_for_import(server, response)
    assert (document["full"], document["actor"], document["removed_cases"]) == (True, "kari", 2)


@pytest.mark.parametrize("arguments", [["-T", "{}"], ["--data-binary", "@{}", "-H", "Content-Type: application/zip"], ["-F", "mappe=@{}"]])
def test_curl_upload_is_accepted(data_dir: Path, tmp_path: Path, service: ChildWelfareService, arguments: list[str]) -> None:
    """Over a megabyte, so that curl asks first (`Expect: 100-continue`)."""
    archive_path = tmp_path / "sendt.zip"
    with zipfile.ZipFile(archive_path, "w") as archive:
        archive.writestr("a.xml", service.case(0, "2024-12-31", []))
        archive.writestr("b.xml", service.case(1, "2024-12-31", []) + b" " * 2 * MEGABYTE)
    with run_in_process_server(data_dir) as server:
        options = [argument.format(archive_path) for argument in arguments]
        command = ["curl", "--silent", "--show-error", "--include", "-X", "POST", *options, f"{server.url}{DELIVERIES_PATH}"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "HTTP/1.1 202 Accepted" in output
        wait_for_delivery(server.application, "dlv-001")
        document = server.application.deliveries.get("dlv-001")
    assert (document.files, document.new_cases, document.size_bytes) == (2, 2, archive_path.stat().st_size)


# What is refused, and why.


@pytest.mark.parametrize(
    ("headers", "status", "detail"),
    [
        ({"Content-Type": "application/json"}, 415, "The body must be application/xml, "),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 415, "The body must be application/xml, "),
        ({"Content-Type": "text/csv; charset=iso-8859-1"}, 415, "text/csv must be in UTF-8."),
        (XML | {"Content-Encoding": "gzip"}, 415, "The body must come without a coding (Content-Encoding); to send less, send a ZIP."),
        ({"Content-Type": "multipart/form-data"}, 400, "The Content-Type names no boundary of the form."),
        (XML | {"Accept": "text/html"}, 406, "This resource is given as application/json."),
        (XML | {"Idempotency-Key": "x" * 256}, 422, "The Idempotency-Key breaks a rule."),
    ],
)
def test_invalid_headers_are_rejected_before_body(data_dir: Path, headers: dict[str, str], status: int, detail: str) -> None:
    """After a small body, and before any of one that is asked for first."""
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=headers)
        assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
        assert response.json()["detail"].startswith(detail)
        header_lines = [*(f"{name}: {value}" for name, value in headers.items()), "Content-Length: 300000", "Expect: 100-continue"]
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
        ("complete=true", "/complete", "is not known here"),
        ("full=true&full=true", "/full", "is given twice"),
    ],
)
def test_invalid_query_is_422(data_dir: Path, query: str, pointer: str, detail: str) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(f"{DELIVERIES_PATH}?{query}", content=b"<Barnevern/>", headers=XML)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]
        assert_nothing_stored(server, data_dir)


@pytest.mark.parametrize(
    ("body", "status", "errors"),
    [
        (b"", 422, [{"pointer": "", "detail": "is empty"}]),
        (b"--b--\r\n", 422, [{"pointer": "", "detail": "has no file"}]),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n\r\n--b--\r\n',
            422,
            [{"pointer": "", "detail": "has no file"}],
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="full"\r\n\r\ntrue\r\n--b--\r\n',
            422,
            [{"pointer": "/full", "detail": "is no file"}],
        ),
        (
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n<B',
            400,
            [{"pointer": "", "detail": "The form is not whole."}],
        ),
        (b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n", 400, None),
        (b"--b\r\n" + b"X: y\r\n" * 100 + b"\r\n", 413, None),
        (b"<Barnevern/>", 400, None),
    ],
)
def test_malformed_or_empty_multipart_is_rejected(data_dir: Path, body: bytes, status: int, errors: list[dict[str, str]] | None) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(DELIVERIES_PATH, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert response.status_code == status, response.text
        if errors:
            assert response.json()["errors"] == errors
        assert_nothing_stored(server, data_dir)


def test_multipart_file_without_name_is_accepted(data_dir: Path, service: ChildWelfareService) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n' + service.case(0, "2024-12-31", []) + b"\r\n--b--\r\n"
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(DELIVERIES_PATH, content=body, headers={"Content-Type": 'multipart/form-data; boundary="b"'})
        assert wait_for_import(server, response)["new_cases"] == 1


def test_upload_over_limit_is_413(data_dir: Path) -> None:
    """Announced, in chunks, and as a form; where the client asks first, before any of it is sent."""
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    multipart = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"x" * 1001 + b"\r\n--b--\r\n"
    with run_in_process_server(data_dir, max_delivery_bytes=1000) as server, server.client() as client:
        for content, headers in (
            (b"x" * 1001, XML),
            (b"x" * 3 * MEGABYTE, XML),
            (chunks(3), XML),
            (chunks(2, 600), XML),
            (multipart, boundary),
        ):
            response = client.post(DELIVERIES_PATH, content=content, headers=headers)
            assert response.status_code == 413
            assert "1000 bytes" in response.json()["detail"]
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head("Content-Type: application/xml", "Content-Length: 1001", "Expect: 100-continue"))
            assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head("Content-Type: application/xml", "Content-Length: 99999999999"))
            assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")
        assert_nothing_stored(server, data_dir)
        assert client.post(DELIVERIES_PATH, content=b"x" * 1000, headers=XML).status_code == 202


def test_endless_upload_is_aborted(data_dir: Path) -> None:
    sent = 0
    with (
        run_in_process_server(data_dir, max_delivery_bytes=1000) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(request_head("Content-Type: application/xml", "Transfer-Encoding: chunked"))
        with suppress(ConnectionResetError, BrokenPipeError):
            while sent < 100:
                peer.sendall(b"100000\r\n" + b"x" * MEGABYTE + b"\r\n")
                sent += 1
        assert_nothing_stored(server, data_dir)
    assert 15 < sent < 40


def test_too_many_concurrent_uploads_are_429(data_dir: Path) -> None:
    with run_in_process_server(data_dir, max_uploads=1) as server, server.client() as client:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head("Content-Type: application/xml", "Content-Length: 1000000") + b" " * 100_000)
            wait_until(lambda: spool_file_names(data_dir) != [], "a part")
            response = client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML)
            assert (response.status_code, response.headers["Retry-After"]) == (429, "2")
            assert response.json()["status"] == 429
        assert_nothing_stored(server, data_dir)
        assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML).status_code == 202


# What is left of one that did not come whole.


@pytest.mark.parametrize(
    ("lines", "partial_body"),
    [
        (("Content-Type: application/xml", "Content-Length: 1000000"), b"<Barnevern>" + b" " * 100_000),
        (("Transfer-Encoding: chunked",), b"186a0\r\n" + b" " * 100_000 + b"\r\n"),
        (
            ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000000"),
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b" " * 100_000,
        ),
    ],
)
def test_dropped_connection_leaves_nothing_stored(data_dir: Path, lines: tuple[str, ...], partial_body: bytes) -> None:
    with run_in_process_server(data_dir) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head(*lines) + partial_body)
            wait_until(lambda: [name.endswith(".part") for name in spool_file_names(data_dir)] == [True], "a part")
        assert_nothing_stored(server, data_dir)


def test_idle_upload_is_disconnected(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "IDLE_TIMEOUT_SECONDS", 0.2)
    with run_in_process_server(data_dir) as server, socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
        peer.sendall(request_head("Content-Length: 1000000") + b" " * 100_000)
        assert peer.recv(1) == b""
        assert_nothing_stored(server, data_dir)


def test_upload_interrupted_by_shutdown_leaves_nothing(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server:
        peer = socket.create_connection(("127.0.0.1", server.port), timeout=20)
        peer.sendall(request_head("Content-Length: 1000000") + b" " * 100_000)
        wait_until(lambda: spool_file_names(data_dir) != [], "a part")
    peer.close()
    assert spool_file_names(data_dir) == []


def test_draining_server_rejects_uploads(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        server.drain()
        response = client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=XML)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        assert_nothing_stored(server, data_dir)


def test_slow_disk_blocks_only_its_own_upload(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not written is not read: the client cannot send much more than the kernel holds for it."""
    resume_writing = threading.Event()
    write = SpoolFile.write

    def slow_write(self: SpoolFile, chunk: bytes) -> None:
        assert resume_writing.wait(20)
        write(self, chunk)

    monkeypatch.setattr(SpoolFile, "write", slow_write)
    size = 100 * MEGABYTE
    with run_in_process_server(data_dir) as server, socket.create_connection(("127.0.0.1", server.port), timeout=1) as peer:
        peer.sendall(request_head("Content-Type: application/xml", f"Content-Length: {size}"))
        content, sent = b"x" * MEGABYTE, 0
        with suppress(TimeoutError):
            while sent < size:
                sent += peer.send(content)
        assert sent < size / 4
        assert httpx.get(f"{server.url}/livez").status_code == 200
        resume_writing.set()
        peer.settimeout(20)
        while sent < size:
            sent += peer.send(content[: size - sent])
        assert peer.recv(65536).startswith(b"HTTP/1.1 202 ")


def test_spool_error_reveals_no_details(data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def failing_write(self: SpoolFile, chunk: bytes) -> None:
        raise OSError(5, "Input/output error", "/spool/secret")

    monkeypatch.setattr(SpoolFile, "write", failing_write)
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=XML)
        assert response.status_code == 500
        assert "secret" not in response.text + caplog.text
        assert_nothing_stored(server, data_dir)


# Once.


def test_repeated_idempotency_key_returns_first_response(data_dir: Path, service: ChildWelfareService) -> None:
    """Though the form's boundary is drawn anew; and the answered one is not received twice."""
    files = {"mappe": ("a.xml", service.case(0, "2024-12-31", []))}
    key = {"Idempotency-Key": "first"}
    with run_in_process_server(data_dir) as server, server.client() as client:
        first = client.post(DELIVERIES_PATH, files=files, headers=key)
        repeated = client.post(DELIVERIES_PATH, files=files, headers=key)
        assert (first.status_code, repeated.status_code) == (202, 202)
        assert first.content == repeated.content
        assert first.headers["Location"] == repeated.headers["Location"] == f"{DELIVERIES_PATH}/dlv-001"
        for url, content in ((DELIVERIES_PATH, {"mappe": ("a.xml", b"<other/>")}), (f"{DELIVERIES_PATH}?full=true", files)):
            assert client.post(url, files=content, headers=key).status_code == 422
        wait_for_delivery(server.application, "dlv-001")
        wait_until(lambda: spool_file_names(data_dir) == [], "the spool to be empty")
        assert server.application.deliveries.page(None, None, 1, 10)[1] == 1
        rows = server.application.database.read(lambda connection: connection.execute("SELECT * FROM idempotency").fetchall())
        assert len(rows) == 1
        assert "Barnevern" not in repr(rows)  # a digest of the body, never the body


def test_idempotency_key_in_progress_is_409(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        idempotency = server.application.idempotency
        assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML | {"Idempotency-Key": "a"}).status_code == 202
        digest = server.application.database.read(
            lambda connection: connection.execute("SELECT request_hash FROM idempotency").fetchone()[0]
        )
        idempotency.begin("deliveries", "b", digest)
        assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML | {"Idempotency-Key": "b"}).status_code == 409
        idempotency.abandon("deliveries", "b")
        assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML | {"Idempotency-Key": "b"}).status_code == 202
