"""Tests that personal data is not stored: canaries in every part of a delivery are in the spool and nowhere else (rule
4.1).

Through the real program, on good deliveries and on ones broken where a parser's error would quote them.
"""

import base64
import io
import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.builders.case_xml import uid
from tests.support.pii_canaries import (
    Canaries,
    annual_file,
    clean_folder,
    csv_files,
    files_with_findings,
    refused_files,
)
from tests.support.pipeline import open_application
from tests.support.server_process import REPOSITORY, Server, running_server

API = "/api/v1"
REPORTS = f"{API}/aggregated-report-data"
GOOD = "org-0001"
BIG = 1500
"""Case files of the delivery during which the program is killed."""

Sent = dict[str, set[str]]
"""Expected finding codes by delivery."""


def packed(files: Iterable[tuple[str, bytes]]) -> bytes:
    """Return an uncompressed ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


def hostile(planted: Canaries) -> bytes:
    """Return a ZIP with entries that are refused for their names, their kind or their bytes."""
    name = planted.word
    link = zipfile.ZipInfo(f"{name()}.xml")
    link.external_attr = 0o120777 << 16
    inner = packed([(f"{name()}.xml", clean_folder(planted, 8))])
    out = packed(
        [
            (f"../{name()}.xml", b"x"),
            (f"/{name()}.xml", b"x"),
            (f"{name()}.zip", inner),
            (f"{name()}.xml", b"<damaged>"),
        ]
    )
    return out.replace(b"<damaged>", f"<{planted.word()[:7]}>".encode()[:9])


def deliveries(planted: Canaries) -> dict[str, tuple[list[bytes], set[str]]]:
    """Return the deliveries by name: the bytes, and the expected finding codes."""
    findings, broken, lists = (
        list(files_with_findings(planted, 2)),
        list(refused_files(planted)),
        list(csv_files(planted, GOOD)),
    )
    names = (f"{planted.text()}/{planted.word()}.xml" for _ in iter(int, 1))
    sent = {
        "good": (packed((next(names), clean_folder(planted, 1)) for _ in range(5)), set[str]()),
        "findings": (packed((next(names), content) for _, content in findings), {code for code, _ in findings}),
        "broken": (packed((next(names), content) for _, content in broken), {code for code, _ in broken}),
        "hostile": (hostile(planted), {"archive_path", "archive_nested", "archive_entry"}),
        "15F": (annual_file(planted, 3), set[str]()),
        **{f"csv {number}": (content, codes) for number, (codes, content) in enumerate(lists)},
        **{f"alone {number}": (content, {code}) for number, (code, content) in enumerate(broken[:6])},
    }
    return {name: ([content], codes) for name, (content, codes) in sent.items()}


def spooled(data_dir: Path) -> bytes:
    """Return the content of the spool."""
    return b"".join(file.read_bytes() for file in (data_dir / "spool").iterdir())


def written(*folders: Path, without: Path | None = None) -> bytes:
    """Yield the names and bytes of every file under the folders."""
    files = [file for folder in folders for file in folder.rglob("*") if file.is_file() and without not in file.parents]
    return b"\n".join(str(file).encode() + file.read_bytes() for file in files)


class Client:
    """Client that records all answers of the server."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, timeout=20)
        self.recorded = bytearray()

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Send one request."""
        response = self._http.request(method, path, **more)
        self.recorded += repr(response.headers.multi_items()).encode() + response.content + b"\n"
        return response

    def get(self, path: str, status: int = 200) -> Any:
        """Get a document, or the problem with that status."""
        response = self.ask("GET", path)
        assert response.status_code == status, response.text
        return response.json()

    def stream(self, path: str, last: str) -> None:
        """Read the event stream up to the event with that id."""
        with self._http.stream("GET", path) as stream:
            for line in stream.iter_lines():
                self.recorded += line.encode() + b"\n"
                if line == f"id: {last}":
                    return

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()


def wait_until_imported(client: Client, delivery_ids: Iterable[str]) -> None:
    """Poll until the deliveries are imported, as a client would."""
    for delivery_id in delivery_ids:
        end = time.monotonic() + 60
        while client.get(f"{API}/deliveries/{delivery_id}")["completed_at"] is None:
            assert time.monotonic() < end, delivery_id
            time.sleep(0.05)


def call_everything(client: Client) -> None:
    """Call every endpoint with valid and invalid requests, the event stream, and the pages linked from the first."""
    made = client.ask("POST", REPORTS, json={"organization_id": GOOD, "period_id": "2024"}).json()
    while client.get(f"{API}/jobs/{made['job_id']}")["ended_at"] is None:
        time.sleep(0.02)
    snapshot = made["snapshot_id"]
    document = client.get(f"{REPORTS}/{snapshot}")
    assert document["sections"][0]["fields"][0]["value"] == 5, "the good ones count"
    client.ask("PUT", f"{REPORTS}/{snapshot}", json={"invalidate_cache": True, "reason": "A reason"})
    for delivery in client.get(f"{API}/deliveries?limit=100")["data"]:
        client.get(f"{API}/deliveries/{delivery['delivery_id']}")
    for path in (
        "/openapi.json",
        "/livez",
        "/readyz",
        f"{API}/organizations?limit=100",
        f"{API}/report-fields",
        f"{REPORTS}?limit=100",
    ):
        client.get(path)
    for path in (f"{REPORTS}/snap-999", f"{API}/jobs/job-agg-999", f"{API}/deliveries/dlv-999", f"{API}/nothing"):
        client.get(path, 404)
    client.get(f"{REPORTS}?page=0", 422)
    client.ask("POST", REPORTS, content=b"{")
    client.ask("DELETE", f"{REPORTS}/{snapshot}")
    newest = client.ask("GET", REPORTS).headers["Last-Event-ID"]
    client.stream(f"{REPORTS}/watch?last_event_id=0", newest)
    client.ask("GET", "/deliveries/findings.csv")
    page = client.ask("GET", "/")
    links = set(re.findall(r'href="(/[^"#]*)"', page.text))
    assert links
    for link in sorted(links):
        client.ask("GET", link.replace("&amp;", "&"))


def upload(client: Client, planted: Canaries) -> list[str]:
    """Deliver over HTTP: several files in a form, a single one, and bodies that are cut off or of an unknown type."""
    files = [(planted.word(), (f"{planted.text()}.xml", clean_folder(planted, 4), "application/xml")) for _ in range(2)]
    alone = refused_files(planted)
    answers = [
        client.ask(
            "POST",
            f"{API}/deliveries",
            files=[*files, ("file", (f"{planted.word()}.xml", next(alone)[1], planted.word()))],
        ),
        client.ask("POST", f"{API}/deliveries", content=next(alone)[1], headers={"Content-Type": "application/xml"}),
    ]
    assert [answer.status_code for answer in answers] == [202, 202]
    cut = (
        f'--x\r\nContent-Disposition: form-data; name="{planted.word()}"; filename="{planted.word()}"\r\n\r\n'
        f"{planted.word()}"
    ).encode()
    for content, kind in (
        (cut, "multipart/form-data; boundary=x"),
        (planted.text().encode(), "text/plain"),
        (cut, "multipart/form-data"),
    ):
        assert (
            400
            <= client.ask("POST", f"{API}/deliveries", content=content, headers={"Content-Type": kind}).status_code
            < 500
        )
    return [answer.json()["delivery_id"] for answer in answers]


def send(data_dir: Path, planted: Canaries) -> Sent:
    """Receive deliveries without a worker: the canaries are in the spool and nowhere else."""
    sent: Sent = {}
    with open_application(data_dir, started=False) as application:
        for chunks, codes in deliveries(planted).values():
            delivery_id = application.deliveries.receive(chunks, full=False, actor="test").delivery_id
            sent[delivery_id] = codes
            assert chunks[0] in spooled(data_dir)
        assert planted.find_in(spooled(data_dir)) >= {"as it is"}
        assert planted.find_in(written(data_dir, without=data_dir / "spool")) == set()
    return sent


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The folder for temporary files of the program."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    return folder


def serving(data_dir: Path, temporary: Path) -> Any:
    """The program with the log level `debug`."""
    return running_server(
        data_dir, "--log-level", "debug", "--auto-quiet-seconds", "0", environment={"TMPDIR": str(temporary)}
    )


def test_canaries_stay_in_the_spool(data_dir: Path, temporary: Path) -> None:
    planted = Canaries()
    sent = send(data_dir, planted)
    with serving(data_dir, temporary) as server, Client(server.url) as client:
        wait_until_imported(client, sent)
        for delivery_id, codes in sent.items():
            findings = client.get(f"{API}/deliveries/{delivery_id}")["findings"]
            assert codes <= {finding["code"] for finding in findings}, "a file was not broken where it was meant to be"
        wait_until_imported(client, upload(client, planted))
        call_everything(client)
        assert planted.find_in(written(data_dir, temporary)) == set()
    assert planted.find_in(bytes(client.recorded)) == set()
    assert planted.find_in(server.output.encode()) == set()
    assert planted.find_in(written(data_dir, temporary)) == set()


def kill_while_parsing(server: Server, data_dir: Path, content: bytes) -> str:
    """Deliver while the server runs, and kill it when its worker has imported a part of the delivery."""
    with open_application(data_dir, started=False) as application:
        delivery_id = application.deliveries.receive([content], full=False, actor="test").delivery_id
    with Client(server.url) as client:
        while client.get(f"{API}/deliveries/{delivery_id}")["new_cases"] == 0:
            pass
    server.kill()
    return delivery_id


def test_canaries_stay_in_the_spool_after_crash(data_dir: Path, temporary: Path) -> None:
    planted = Canaries()
    template, case_id = clean_folder(planted, 1, uid(0)), uid(0).encode()
    numbered = ((f"{planted.word()}.xml", template.replace(case_id, uid(number + 1).encode())) for number in range(BIG))
    content = packed([*numbered, (f"{planted.word()}.xml", next(iter(refused_files(planted)))[1])])
    with serving(data_dir, temporary) as server:
        delivery_id = kill_while_parsing(server, data_dir, content)
    assert content in spooled(data_dir), "it was quicker than the kill"
    assert (data_dir / "store.sqlite-wal").stat().st_size > 0
    assert planted.find_in(written(data_dir, temporary, without=data_dir / "spool")) == set()
    assert planted.find_in(server.output.encode()) == set()
    with serving(data_dir, temporary) as server, Client(server.url) as client:
        wait_until_imported(client, [delivery_id])
        assert client.get(f"{API}/deliveries/{delivery_id}")["new_cases"] == BIG
    assert planted.find_in(written(data_dir, temporary)) == set()
    assert planted.find_in(bytes(client.recorded) + server.output.encode()) == set()


def test_command_line_prints_no_canary(data_dir: Path, temporary: Path, tmp_path: Path) -> None:
    planted = Canaries()
    sent = tmp_path / "sent"
    sent.mkdir()
    contents = [
        clean_folder(planted, 1),
        *(
            content
            for _, content in [*files_with_findings(planted, 2), *refused_files(planted), *csv_files(planted, GOOD)]
        ),
    ]
    for content in contents:
        (sent / f"{planted.text()}.xml").write_bytes(content)
    (sent / f"{planted.text()}.zip").write_bytes(hostile(planted))

    def run(*arguments: str | Path) -> "subprocess.CompletedProcess[bytes]":
        command = [sys.executable, str(REPOSITORY / "app.py"), *map(str, arguments)]
        return subprocess.run(command, cwd=tmp_path, env={"TMPDIR": str(temporary)}, capture_output=True, timeout=120)

    imported = run("import", sent, "--data-dir", data_dir, "--log-level", "debug")
    assert (imported.returncode, b"more findings" in imported.stdout) == (1, True), imported.stderr
    reported = run("report", sent, "--period", "2024", "--json")
    assert reported.returncode == 1
    for process in (imported, reported):
        assert planted.find_in(process.stdout + process.stderr) == set(), process.args
    assert planted.find_in(written(data_dir, temporary)) == set()


def test_search_finds_every_encoding() -> None:
    """Without this the search would find nothing even if data leaked."""
    planted = Canaries()
    word, text, number, name = planted.word(), planted.text(), planted.number(), planted.id()
    for leak in (
        word.encode(),
        word.upper().encode(),
        text.encode("utf-16-le"),
        text.encode("utf-16-be"),
        number.encode().hex().encode(),
        "".join(f"&#{ord(character)};" for character in word).encode(),
        "".join(f"&#x{ord(character):X};" for character in number).encode(),
        "".join(f"%{ord(character):02X}" for character in name).encode(),
        text.encode("unicode_escape"),
        text.encode("ascii", "xmlcharrefreplace"),
        name.replace("-", "").encode(),
        bytes.fromhex(name.replace("-", "")),
        b"\x00" + int(number).to_bytes(6, "big"),
        *(b"QUJD" + base64.b64encode(b"x" * shift + word.encode() + b"yz") for shift in range(3)),
    ):
        assert planted.find_in(b"something before " + leak + b" and after"), leak
    assert planted.find_in(b"nothing of it: " + bytes(range(256)) * 10) == set()
