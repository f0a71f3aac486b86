"""Uploads to the program as a process of its own: it is killed, and it gets more than its memory may hold."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders.case_xml import OLD_PLAN, folder, plan, uid
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import wait_until, zip_files
from tests.support.server_process import Server, running_server

DELIVERIES_PATH = "/api/v1/deliveries"
CASE_COUNT = 2000
MEGABYTE = 1024 * 1024


def wait_for_import(server: Server, delivery_id: str) -> dict[str, Any]:
    """Wait until a delivery is imported, and return its document."""

    def document() -> dict[str, Any]:
        return httpx.get(f"{server.url}{DELIVERIES_PATH}/{delivery_id}").json()

    wait_until(lambda: document()["completed_at"] is not None, delivery_id)
    return document()


def test_accepted_delivery_is_imported_after_kill(data_dir: Path) -> None:
    """The process is killed twice: after its response, and while it imports the delivery."""
    service = ChildWelfareService(4713)
    files = [
        folder(uid(number), org=service.organisasjonsnummer, planer=[plan(*OLD_PLAN)]) for number in range(CASE_COUNT)
    ]
    with running_server(data_dir) as server:
        response = httpx.post(f"{server.url}{DELIVERIES_PATH}", content=zip_files([*files, b"<Barnevern>"]))
        server.kill()
        assert response.status_code == 202
        assert len(list((data_dir / "spool").iterdir())) == 1
    with running_server(data_dir) as server:
        wait_until(
            lambda: httpx.get(f"{server.url}{response.headers['Location']}").json()["completed"] > 0,
            "the import to begin",
        )
        server.kill()
    with running_server(data_dir) as server:
        document = wait_for_import(server, response.json()["delivery_id"])
        assert (document["delivery_status"], document["files"], document["refused_files"]) == (
            "taken",
            CASE_COUNT + 1,
            1,
        )
        assert document["new_cases"] == CASE_COUNT
        assert [(finding["code"], finding["file"], finding["line"]) for finding in document["findings"]] == [
            ("not_well_formed", CASE_COUNT + 1, 1)
        ]
        wait_until(lambda: list((data_dir / "spool").iterdir()) == [], "the spool to be empty")


def test_incomplete_upload_is_deleted_after_kill(data_dir: Path) -> None:
    def content() -> Iterator[bytes]:
        yield b"<Barnevern>"
        wait_until(lambda: [path.suffix for path in (data_dir / "spool").iterdir()] == [".part"], "a part")
        server.kill()
        yield b" " * 10 * MEGABYTE

    with running_server(data_dir) as server, pytest.raises(httpx.TransportError):
        httpx.post(f"{server.url}{DELIVERIES_PATH}", content=content())
    with running_server(data_dir) as server:
        assert list((data_dir / "spool").iterdir()) == []
        assert httpx.get(f"{server.url}{DELIVERIES_PATH}").json()["data"] == []


# Large uploads


def peak_memory_mb(server: Server) -> float:
    """Return the peak memory of the server's process, in MB."""
    return int(Path(f"/proc/{server.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3


def iter_chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(MEGABYTE):
            yield chunk


def write_multipart(path: Path, files: int, size: int) -> dict[str, str]:
    """Write a form with equal files of about `size` bytes, and return its headers."""
    content = folder(uid(1)).replace(b"<Sak", b"<!--" + b" " * size + b"--><Sak")
    with path.open("wb") as output:
        for number in range(files):
            output.write(
                b'--b\r\nContent-Disposition: form-data; name="f"; filename="%d.xml"\r\n\r\n%s\r\n' % (number, content)
            )
        output.write(b"--b--\r\n")
    return {"Content-Type": "multipart/form-data; boundary=b"}


def write_archive(path: Path) -> dict[str, str]:
    """Write a ZIP archive of few incompressible files, and return its headers."""
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(30):
            archive.writestr(
                f"{number}.xml",
                folder(uid(number)).replace(b"<Sak", b"<!--" + os.urandom(5 * MEGABYTE).hex().encode() + b"--><Sak"),
            )
    return {"Content-Type": "application/zip"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["archive", "multipart of few", "multipart of many"])
def test_300_mb_upload_uses_constant_memory(data_dir: Path, tmp_path: Path, kind: str) -> None:
    body_path = tmp_path / "sent"
    headers = (
        write_archive(body_path)
        if kind == "archive"
        else write_multipart(body_path, 40, 8 * MEGABYTE)
        if kind == "multipart of few"
        else write_multipart(body_path, 75_000, 3500)
    )
    assert body_path.stat().st_size > 300e6
    with running_server(data_dir, environment={"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false"}) as server:
        httpx.post(f"{server.url}{DELIVERIES_PATH}", content=b"<Barnevern/>").raise_for_status()
        before = peak_memory_mb(server)
        for _ in range(2):
            httpx.post(
                f"{server.url}{DELIVERIES_PATH}", content=iter_chunks(body_path), headers=headers, timeout=120
            ).raise_for_status()
        growth = peak_memory_mb(server) - before
    print(f"{kind}: {body_path.stat().st_size / 1e6:.0f} MB, twice; from {before:.0f} MB by {growth:.0f} MB")
    assert growth < 40
