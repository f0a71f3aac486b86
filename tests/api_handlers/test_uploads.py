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
from tests.api_handlers.in_process_server import Served, serving
from tests.contract.scenario_fixtures import Service
from tests.support.pipeline import until, wait_for_delivery, zipped

DELIVERIES = "/api/v1/deliveries"
XML = {"Content-Type": "application/xml"}
MEGABYTE = 1024 * 1024


@pytest.fixture
def service() -> Service:
    return Service(4711)


def spooled(data_dir: Path) -> list[str]:
    """The names in the spool."""
    return [path.name for path in (data_dir / "spool").iterdir()]


def nothing_is_left(served: Served, data_dir: Path) -> None:
    """No file and no row."""
    until(lambda: spooled(data_dir) == [], "the spool to be empty")
    assert served.application.deliveries.page(None, None, 1, 10) == ([], 0)


def taken(served: Served, response: httpx.Response) -> dict[str, Any]:
    """The delivery's document, when it has been read."""
    assert response.status_code == 202, response.text
    wait_for_delivery(served.application, response.json()["delivery_id"])
    return httpx.get(f"{served.url}{response.headers['Location']}").json()


def head(*lines: str) -> bytes:
    """A request's first bytes."""
    return "\r\n".join([f"POST {DELIVERIES} HTTP/1.1", "Host: x", *lines, "", ""]).encode()


def chunks(count: int, size: int = MEGABYTE) -> Iterator[bytes]:
    for _ in range(count):
        yield b"x" * size


# What is taken.


def test_one_file_of_each_kind(data_dir: Path, service: Service) -> None:
    folder, archive = service.case(0, "2024-12-31", []), zipped([service.case(1, "2024-12-31", [])])
    table = service.listing("Prøvetjenesten")
    with serving(data_dir) as served, served.client() as client:
        for content, media_type, kind in (
            (table, "text/csv; charset=utf-8", "organizations"),
            (folder, "application/xml", "v4"),
            (folder, "text/xml; charset=iso-8859-1", "v4"),
            (archive, "application/zip", "v4"),
            (archive, "Application/X-Zip-Compressed", "v4"),
            (folder, "", "v4"),
        ):
            response = client.post(DELIVERIES, content=content, headers={"Content-Type": media_type} if media_type else {})
            document = taken(served, response)
            assert (document["format"], document["files"], document["size_bytes"]) == (kind, 1, len(content))
        until(lambda: spooled(data_dir) == [], "the spool to be empty")


def test_a_form_with_several_files_a_zip_among_them_is_one_delivery(data_dir: Path, service: Service) -> None:
    """Findings name a file by its place among all of them."""
    cases = [service.case(place, "2024-12-31", []) for place in range(3)]
    form = [
        ("organisasjoner", ("æøå.csv", service.listing("Prøvetjenesten"), "application/vnd.ms-excel")),
        ("mapper", ("a b.xml", cases[0], "text/xml")),
        ("mapper", ("to.zip", zipped(cases[1:]), "application/octet-stream")),
        ("mapper", ("broken.xml", b"<Barnevern>", "text/xml")),
    ]
    with serving(data_dir) as served, served.client() as client:
        document = taken(served, client.post(DELIVERIES, files=form))
    assert (document["format"], document["files"], document["refused_files"], document["new_cases"]) == ("mixed", 5, 1, 3)
    assert document["size_bytes"] == sum(len(content) for _, (_, content, _) in form)
    assert document["organizations"] == [service.organization_id]
    assert [(finding["file"], finding["code"]) for finding in document["findings"]] == [(5, "not_well_formed")]


def test_a_full_one_and_who_sent_it(data_dir: Path, service: Service) -> None:
    with serving(data_dir, actor_header="X-User") as served, served.client() as client:
        taken(served, client.post(DELIVERIES, content=zipped([service.case(place, "2024-12-30", []) for place in range(3)])))
        response = client.post(f"{DELIVERIES}?full=true", content=service.case(0, "2024-12-31", []), headers=XML | {"X-User": "kari"})
        assert response.json()["full"] is True
        document = taken(served, response)
    assert (document["full"], document["actor"], document["removed_cases"]) == (True, "kari", 2)


@pytest.mark.parametrize("arguments", [["-T", "{}"], ["--data-binary", "@{}", "-H", "Content-Type: application/zip"], ["-F", "mappe=@{}"]])
def test_curl(data_dir: Path, tmp_path: Path, service: Service, arguments: list[str]) -> None:
    """Over a megabyte, so that curl asks first (`Expect: 100-continue`)."""
    sent = tmp_path / "sendt.zip"
    with zipfile.ZipFile(sent, "w") as made:
        made.writestr("a.xml", service.case(0, "2024-12-31", []))
        made.writestr("b.xml", service.case(1, "2024-12-31", []) + b" " * 2 * MEGABYTE)
    with serving(data_dir) as served:
        filled = [argument.format(sent) for argument in arguments]
        command = ["curl", "--silent", "--show-error", "--include", "-X", "POST", *filled, f"{served.url}{DELIVERIES}"]
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        assert "HTTP/1.1 202 Accepted" in answer
        wait_for_delivery(served.application, "dlv-001")
        document = served.application.deliveries.document("dlv-001")
    assert (document.files, document.new_cases, document.size_bytes) == (2, 2, sent.stat().st_size)


# What is refused, and why.


@pytest.mark.parametrize(
    ("headers", "status", "why"),
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
def test_what_the_headers_tell_is_refused(data_dir: Path, headers: dict[str, str], status: int, why: str) -> None:
    """After a small body, and before any of one that is asked for first."""
    with serving(data_dir) as served, served.client() as client:
        response = client.post(DELIVERIES, content=b"<Barnevern/>", headers=headers)
        assert (response.status_code, response.headers["Content-Type"]) == (status, "application/problem+json")
        assert response.json()["detail"].startswith(why)
        asking = [*(f"{name}: {value}" for name, value in headers.items()), "Content-Length: 300000", "Expect: 100-continue"]
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
            peer.sendall(head(*asking))
            answer = b""
            while received := peer.recv(65536):  # until the server closes
                answer += received
        assert answer.startswith(f"HTTP/1.1 {status} ".encode())
        nothing_is_left(served, data_dir)


@pytest.mark.parametrize(
    ("query", "pointer", "detail"),
    [
        ("full=1", "/full", "must be true or false"),
        ("complete=true", "/complete", "is not known here"),
        ("full=true&full=true", "/full", "is given twice"),
    ],
)
def test_a_query_that_breaks_a_rule(data_dir: Path, query: str, pointer: str, detail: str) -> None:
    with serving(data_dir) as served, served.client() as client:
        response = client.post(f"{DELIVERIES}?{query}", content=b"<Barnevern/>", headers=XML)
        assert response.status_code == 422
        assert response.json()["errors"] == [{"pointer": pointer, "detail": detail}]
        nothing_is_left(served, data_dir)


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
def test_a_form_that_is_none_or_without_a_file(data_dir: Path, body: bytes, status: int, errors: list[dict[str, str]] | None) -> None:
    with serving(data_dir) as served, served.client() as client:
        response = client.post(DELIVERIES, content=body, headers={"Content-Type": "multipart/form-data; boundary=b"})
        assert response.status_code == status, response.text
        if errors:
            assert response.json()["errors"] == errors
        nothing_is_left(served, data_dir)


def test_a_file_of_a_form_that_its_client_did_not_name(data_dir: Path, service: Service) -> None:
    body = b'--b\r\nContent-Disposition: form-data; name="f"; filename=""\r\n\r\n' + service.case(0, "2024-12-31", []) + b"\r\n--b--\r\n"
    with serving(data_dir) as served, served.client() as client:
        response = client.post(DELIVERIES, content=body, headers={"Content-Type": 'multipart/form-data; boundary="b"'})
        assert taken(served, response)["new_cases"] == 1


def test_one_over_the_limit(data_dir: Path) -> None:
    """Announced, in chunks, and as a form; where the client asks first, before any of it is sent."""
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    form = b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"x" * 1001 + b"\r\n--b--\r\n"
    with serving(data_dir, max_delivery_bytes=1000) as served, served.client() as client:
        for content, headers in ((b"x" * 1001, XML), (b"x" * 3 * MEGABYTE, XML), (chunks(3), XML), (chunks(2, 600), XML), (form, boundary)):
            response = client.post(DELIVERIES, content=content, headers=headers)
            assert response.status_code == 413
            assert "1000 bytes" in response.json()["detail"]
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
            peer.sendall(head("Content-Type: application/xml", "Content-Length: 1001", "Expect: 100-continue"))
            assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
            peer.sendall(head("Content-Type: application/xml", "Content-Length: 99999999999"))
            assert peer.recv(65536).startswith(b"HTTP/1.1 413 ")
        nothing_is_left(served, data_dir)
        assert client.post(DELIVERIES, content=b"x" * 1000, headers=XML).status_code == 202


def test_a_body_without_end_is_cut_off(data_dir: Path) -> None:
    sent = 0
    with serving(data_dir, max_delivery_bytes=1000) as served, socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
        peer.sendall(head("Content-Type: application/xml", "Transfer-Encoding: chunked"))
        with suppress(ConnectionResetError, BrokenPipeError):
            while sent < 100:
                peer.sendall(b"100000\r\n" + b"x" * MEGABYTE + b"\r\n")
                sent += 1
        nothing_is_left(served, data_dir)
    assert 15 < sent < 40


def test_one_more_than_may_come_at_once_is_asked_to_come_again(data_dir: Path) -> None:
    with serving(data_dir, max_uploads=1) as served, served.client() as client:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
            peer.sendall(head("Content-Type: application/xml", "Content-Length: 1000000") + b" " * 100_000)
            until(lambda: spooled(data_dir) != [], "a part")
            response = client.post(DELIVERIES, content=b"<a/>", headers=XML)
            assert (response.status_code, response.headers["Retry-After"]) == (429, "2")
            assert response.json()["status"] == 429
        nothing_is_left(served, data_dir)
        assert client.post(DELIVERIES, content=b"<a/>", headers=XML).status_code == 202


# What is left of one that did not come whole.


@pytest.mark.parametrize(
    ("lines", "begun"),
    [
        (("Content-Type: application/xml", "Content-Length: 1000000"), b"<Barnevern>" + b" " * 100_000),
        (("Transfer-Encoding: chunked",), b"186a0\r\n" + b" " * 100_000 + b"\r\n"),
        (
            ("Content-Type: multipart/form-data; boundary=b", "Content-Length: 1000000"),
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b" " * 100_000,
        ),
    ],
)
def test_a_client_that_drops_leaves_nothing(data_dir: Path, lines: tuple[str, ...], begun: bytes) -> None:
    with serving(data_dir) as served:
        with socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
            peer.sendall(head(*lines) + begun)
            until(lambda: [name.endswith(".part") for name in spooled(data_dir)] == [True], "a part")
        nothing_is_left(served, data_dir)


def test_a_client_that_falls_silent_is_cut_off(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "SILENT_SECONDS", 0.2)
    with serving(data_dir) as served, socket.create_connection(("127.0.0.1", served.port), timeout=20) as peer:
        peer.sendall(head("Content-Length: 1000000") + b" " * 100_000)
        assert peer.recv(1) == b""
        nothing_is_left(served, data_dir)


def test_one_that_is_under_way_when_the_program_stops_leaves_nothing(data_dir: Path) -> None:
    with serving(data_dir) as served:
        peer = socket.create_connection(("127.0.0.1", served.port), timeout=20)
        peer.sendall(head("Content-Length: 1000000") + b" " * 100_000)
        until(lambda: spooled(data_dir) != [], "a part")
    peer.close()
    assert spooled(data_dir) == []


def test_while_it_stops_it_takes_nothing(data_dir: Path) -> None:
    with serving(data_dir) as served, served.client() as client:
        served.drain()
        response = client.post(DELIVERIES, content=b"<Barnevern/>", headers=XML)
        assert (response.status_code, response.headers["Retry-After"]) == (503, "2")
        nothing_is_left(served, data_dir)


def test_a_disk_that_is_slow_holds_up_its_client_and_nobody_else(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is not written is not read: the client cannot send much more than the kernel holds for it."""
    go_on = threading.Event()
    write = SpoolFile.write

    def slow(self: SpoolFile, chunk: bytes) -> None:
        assert go_on.wait(20)
        write(self, chunk)

    monkeypatch.setattr(SpoolFile, "write", slow)
    size = 100 * MEGABYTE
    with serving(data_dir) as served, socket.create_connection(("127.0.0.1", served.port), timeout=1) as peer:
        peer.sendall(head("Content-Type: application/xml", f"Content-Length: {size}"))
        content, sent = b"x" * MEGABYTE, 0
        with suppress(TimeoutError):
            while sent < size:
                sent += peer.send(content)
        assert sent < size / 4
        assert httpx.get(f"{served.url}/livez").status_code == 200
        go_on.set()
        peer.settimeout(20)
        while sent < size:
            sent += peer.send(content[: size - sent])
        assert peer.recv(65536).startswith(b"HTTP/1.1 202 ")


def test_a_fault_of_ours_shows_nothing(data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def broken(self: SpoolFile, chunk: bytes) -> None:
        raise OSError(5, "Input/output error", "/spool/secret")

    monkeypatch.setattr(SpoolFile, "write", broken)
    with serving(data_dir) as served, served.client() as client:
        response = client.post(DELIVERIES, content=b"<Barnevern/>", headers=XML)
        assert response.status_code == 500
        assert "secret" not in response.text + caplog.text
        nothing_is_left(served, data_dir)


# Once.


def test_the_first_answer_to_a_key_is_given_again(data_dir: Path, service: Service) -> None:
    """Though the form's boundary is drawn anew; and the answered one is not received twice."""
    files = {"mappe": ("a.xml", service.case(0, "2024-12-31", []))}
    key = {"Idempotency-Key": "first"}
    with serving(data_dir) as served, served.client() as client:
        first = client.post(DELIVERIES, files=files, headers=key)
        again = client.post(DELIVERIES, files=files, headers=key)
        assert (first.status_code, again.status_code) == (202, 202)
        assert first.content == again.content
        assert first.headers["Location"] == again.headers["Location"] == f"{DELIVERIES}/dlv-001"
        for url, content in ((DELIVERIES, {"mappe": ("a.xml", b"<other/>")}), (f"{DELIVERIES}?full=true", files)):
            assert client.post(url, files=content, headers=key).status_code == 422
        wait_for_delivery(served.application, "dlv-001")
        until(lambda: spooled(data_dir) == [], "the spool to be empty")
        assert served.application.deliveries.page(None, None, 1, 10)[1] == 1
        kept = served.application.database.read(lambda connection: connection.execute("SELECT * FROM idempotency").fetchall())
        assert len(kept) == 1
        assert "Barnevern" not in repr(kept)  # a digest of the body, never the body


def test_a_key_whose_first_request_still_runs(data_dir: Path) -> None:
    with serving(data_dir) as served, served.client() as client:
        ledger = served.application.idempotency
        assert client.post(DELIVERIES, content=b"<a/>", headers=XML | {"Idempotency-Key": "a"}).status_code == 202
        digest = served.application.database.read(lambda connection: connection.execute("SELECT body FROM idempotency").fetchone()[0])
        ledger.begin("deliveries", "b", digest)
        assert client.post(DELIVERIES, content=b"<a/>", headers=XML | {"Idempotency-Key": "b"}).status_code == 409
        ledger.abandon("deliveries", "b")
        assert client.post(DELIVERIES, content=b"<a/>", headers=XML | {"Idempotency-Key": "b"}).status_code == 202
