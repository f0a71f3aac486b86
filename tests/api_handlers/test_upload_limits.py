"""Limits of uploads, and uploads that do not complete: nothing of them stays behind."""

import errno
import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from api_handlers import upload
from preview.ingest.spool_file import SpoolFile
from preview.runtime import upload_slots
from tests.api_handlers.in_process_server import run_in_process_server
from tests.api_handlers.upload_helpers import (
    DELIVERIES_PATH,
    MEGABYTE,
    XML,
    assert_nothing_stored,
    chunks,
    request_head,
    spool_file_names,
)
from tests.support.pipeline import wait_until


def test_upload_over_limit_is_413(data_dir: Path) -> None:
    """The size is announced or not, the body a file or a form. With `Expect` the response comes before the body."""
    boundary = {"Content-Type": "multipart/form-data; boundary=b"}
    multipart = (
        b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\n' + b"x" * 1001 + b"\r\n--b--\r\n"
    )
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


def test_too_many_concurrent_uploads_are_429(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_slots, "LEAST_LAG_SECONDS", 60.0)
    with run_in_process_server(data_dir, max_uploads=1) as server, server.client() as client:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer:
            peer.sendall(request_head("Content-Type: application/xml", "Content-Length: 1000000") + b" " * 100_000)
            wait_until(lambda: spool_file_names(data_dir) != [], "a part")
            response = client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML)
            assert (response.status_code, response.headers["Retry-After"]) == (429, "2")
            assert response.json()["status"] == 429
        assert_nothing_stored(server, data_dir)
        assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=XML).status_code == 202


def test_uploads_are_limited_per_client_of_a_trusted_proxy(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload_slots, "LEAST_LAG_SECONDS", 60.0)
    with (
        run_in_process_server(data_dir, max_uploads_per_client=1, use_xheaders=True) as server,
        server.client() as client,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(request_head("X-Forwarded-For: 192.0.2.1", "Content-Length: 1000000") + b" ")
        wait_until(lambda: spool_file_names(data_dir) != [], "a part")
        for address, status in (("192.0.2.1", 429), ("192.0.2.2", 202), ("192.0.2.1, 192.0.2.3", 202)):
            headers = XML | {"X-Forwarded-For": address}
            assert client.post(DELIVERIES_PATH, content=b"<a/>", headers=headers).status_code == status


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
    with (
        run_in_process_server(data_dir) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(request_head("Content-Length: 1000000") + b" " * 100_000)
        assert peer.recv(1) == b""
        assert_nothing_stored(server, data_dir)


def test_slow_upload_is_disconnected(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upload, "UPLOAD_GRACE_SECONDS", 0.2)
    with (
        run_in_process_server(data_dir) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(request_head("Content-Length: 1000000"))
        peer.settimeout(0.05)
        for _ in range(400):
            with suppress(TimeoutError):
                assert peer.recv(1) == b""
                break
            peer.sendall(b" ")
        else:
            pytest.fail("The connection is still open.")
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


def test_upload_that_goes_on_while_draining_is_refused_at_once(data_dir: Path) -> None:
    """It would be refused when it is complete. The process does not wait for that, so the answer would be lost."""
    with (
        run_in_process_server(data_dir) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=20) as peer,
    ):
        peer.sendall(request_head("Content-Length: 1000000") + b" " * 100_000)
        wait_until(lambda: spool_file_names(data_dir) != [], "a part")
        server.drain()
        peer.sendall(b" ")
        head = peer.recv(65536)
        assert head.startswith(b"HTTP/1.1 503 ")
        assert b"\r\nRetry-After: 2\r\n" in head
        assert b"\r\nConnection: close\r\n" in head
        assert_nothing_stored(server, data_dir)


def test_slow_disk_blocks_only_its_own_upload(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No chunk is read before the one before it is written, so the client can only fill the kernel's buffers."""
    resume_writing = threading.Event()
    write = SpoolFile.write

    def slow_write(self: SpoolFile, chunk: bytes) -> None:
        assert resume_writing.wait(20)
        write(self, chunk)

    monkeypatch.setattr(SpoolFile, "write", slow_write)
    size = 100 * MEGABYTE
    with (
        run_in_process_server(data_dir) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=1) as peer,
    ):
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


@pytest.mark.parametrize("step", ["write", "seal", "commit", "start_file"])
def test_error_of_the_disk_is_passing_and_reveals_no_details(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, step: str
) -> None:
    def failing(code: int) -> Callable[..., None]:
        def fail(*_: object) -> None:
            raise OSError(code, os.strerror(code), "/spool/secret")

        return fail

    with run_in_process_server(data_dir) as server, server.client() as client:
        for code, status, detail in (
            (errno.EIO, 503, "The disk cannot be used (Input/output error)."),
            (errno.ENOSPC, 507, "The disk is full."),
        ):
            with monkeypatch.context() as patch:
                patch.setattr(SpoolFile, step, failing(code))
                response = client.post(DELIVERIES_PATH, files={"file": b"<Barnevern/>"})
            assert (response.status_code, response.json()["detail"]) == (status, detail)
            assert response.headers["Retry-After"] == "2"
            assert "secret" not in response.text + caplog.text
        assert_nothing_stored(server, data_dir)
        assert client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=XML).status_code == 202
