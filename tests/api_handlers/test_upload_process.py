"""Deliveries sent to the program as a process of its own: killed after it has answered, and fed with more than its memory shall hold."""

import os
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders.case_xml import OLD_PLAN, folder, plan, uid
from tests.contract.scenario_fixtures import Service
from tests.support.pipeline import until, zipped
from tests.support.server_process import Server, running

DELIVERIES = "/api/v1/deliveries"
MANY = 2000
MEGABYTE = 1024 * 1024


def read(server: Server, delivery_id: str) -> dict[str, Any]:
    """The delivery's document, when it has been read."""

    def document() -> dict[str, Any]:
        return httpx.get(f"{server.url}{DELIVERIES}/{delivery_id}").json()

    until(lambda: document()["completed_at"] is not None, delivery_id)
    return document()


def test_what_was_answered_is_read_though_the_program_is_killed(data_dir: Path) -> None:
    """Twice: with the first answer, and while it is being read."""
    service = Service(4713)
    files = [folder(uid(number), org=service.organisasjonsnummer, planer=[plan(*OLD_PLAN)]) for number in range(MANY)]
    with running(data_dir) as server:
        response = httpx.post(f"{server.url}{DELIVERIES}", content=zipped([*files, b"<Barnevern>"]))
        server.kill()
        assert response.status_code == 202
        assert len(list((data_dir / "spool").iterdir())) == 1
    with running(data_dir) as server:
        until(lambda: httpx.get(f"{server.url}{response.headers['Location']}").json()["completed"] > 0, "it to be begun")
        server.kill()
    with running(data_dir) as server:
        document = read(server, response.json()["delivery_id"])
        assert (document["delivery_status"], document["files"], document["refused_files"]) == ("taken", MANY + 1, 1)
        assert document["new_cases"] == MANY
        assert [(finding["code"], finding["file"], finding["line"]) for finding in document["findings"]] == [
            ("not_well_formed", MANY + 1, 1)
        ]
        until(lambda: list((data_dir / "spool").iterdir()) == [], "the spool to be empty")


def test_a_killed_program_leaves_nothing_of_what_had_not_come_whole(data_dir: Path) -> None:
    def content() -> Iterator[bytes]:
        yield b"<Barnevern>"
        until(lambda: [path.suffix for path in (data_dir / "spool").iterdir()] == [".part"], "a part")
        server.kill()
        yield b" " * 10 * MEGABYTE

    with running(data_dir) as server, pytest.raises(httpx.TransportError):
        httpx.post(f"{server.url}{DELIVERIES}", content=content())
    with running(data_dir) as server:
        assert list((data_dir / "spool").iterdir()) == []
        assert httpx.get(f"{server.url}{DELIVERIES}").json()["data"] == []


# 300 MB.


def peak(server: Server) -> float:
    """The most memory that the serving process has had, in MB."""
    return int(Path(f"/proc/{server.process.pid}/status").read_text().split("VmHWM:")[1].split()[0]) / 1e3


def in_pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(MEGABYTE):
            yield piece


def form(path: Path, files: int, size: int) -> dict[str, str]:
    """Writes a form with that many files; returns its headers."""
    content = folder(uid(1)).replace(b"<Sak", b"<!--" + b" " * size + b"--><Sak")
    with path.open("wb") as made:
        for number in range(files):
            made.write(b'--b\r\nContent-Disposition: form-data; name="f"; filename="%d.xml"\r\n\r\n%s\r\n' % (number, content))
        made.write(b"--b--\r\n")
    return {"Content-Type": "multipart/form-data; boundary=b"}


def archive(path: Path) -> dict[str, str]:
    """Writes a ZIP of few files that do not grow smaller; returns its headers."""
    with zipfile.ZipFile(path, "w") as made:
        for number in range(30):
            made.writestr(
                f"{number}.xml", folder(uid(number)).replace(b"<Sak", b"<!--" + os.urandom(5 * MEGABYTE).hex().encode() + b"--><Sak")
            )
    return {"Content-Type": "application/zip"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["archive", "form of few", "form of many"])
def test_300_mb_are_taken_in_memory_that_does_not_grow(data_dir: Path, tmp_path: Path, kind: str) -> None:
    sent = tmp_path / "sent"
    headers = archive(sent) if kind == "archive" else form(sent, 40, 8 * MEGABYTE) if kind == "form of few" else form(sent, 75_000, 3500)
    assert sent.stat().st_size > 300e6
    with running(data_dir, environment={"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false"}) as server:
        httpx.post(f"{server.url}{DELIVERIES}", content=b"<Barnevern/>").raise_for_status()
        before = peak(server)
        for _ in range(2):
            httpx.post(f"{server.url}{DELIVERIES}", content=in_pieces(sent), headers=headers, timeout=120).raise_for_status()
        grown = peak(server) - before
    print(f"{kind}: {sent.stat().st_size / 1e6:.0f} MB, twice; from {before:.0f} MB by {grown:.0f} MB")
    assert grown < 40
