"""Measures the longest wait of a PUT beside work with many rows: deliveries that cannot be divided, and an erasure.

The PUTs go on until the work is done; only the rewriting of the file after an erasure waits for their end.
"""

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.fixtures import case_files, stores
from benchmarks.generators.paced import Waits
from benchmarks.processes import running_process
from benchmarks.results import BenchmarkResult
from benchmarks.suites.import_zip import PUT_TARGET_MS, server_under_put_load
from preview.storage import organizations
from preview.storage.database import Connection, Database
from preview.storage.sqlite import STORE_FILE
from tests.builders import case_xml, kostra_xml
from tests.support.server_process import Server

TARGET_MS = 2 * PUT_TARGET_MS

_SEED_FOLDERS = 200
_FILLER_ROWS = 8_000_000
_ERASING_SECONDS = 20.0
_REWRITING_SECONDS = 300.0
_FIGURE_KEYS = ("antall_arsverk", "antall_arsverk_ubesatt")


def measure() -> list[BenchmarkResult]:
    """Measure each kind of work once, on a store of its own."""
    return [
        _beside_delivery("a CSV of 400,000 figures", figures_file(400_000), "text/csv"),
        _beside_delivery("a case with 300,000 meldinger", large_case(300_000), "application/xml"),
        _beside_delivery("a 15F file of 15 MB", annual_file(15_000_000), "application/xml"),
        *_beside_erasure(),
    ]


def figures_file(count: int) -> bytes:
    """Return a CSV of that many figures of one organisation, each of another period and field."""
    lines = ["organization_id,period_id,field_key,value"]
    for number in range(count):
        period = number // len(_FIGURE_KEYS)
        name = f"{1000 + period // 3 % 9000}" + ("", "-H1", "-H2")[period % 3]
        lines.append(f"{stores.EXAMPLE},{name},{_FIGURE_KEYS[number % len(_FIGURE_KEYS)]},{number % 97}")
    return "\n".join(lines).encode()


def large_case(meldinger: int) -> bytes:
    """Return a case file with that many meldinger."""
    many = b"".join(b'<Melding Id="%d" StartDato="2024-02-10"/>' % number for number in range(meldinger))
    one = case_xml.folder(meldinger=[case_xml.melding("2024-02-10")])
    return one.replace(b"<Melding ", many + b"<Melding ", 1)


def annual_file(size: int) -> bytes:
    """Return a 15F file of about that many bytes."""
    individ = kostra_xml.individ(meldinger=[kostra_xml.melding("2024-02-10", "2024-02-17")])
    return kostra_xml.annual_file(*[individ] * (size // len(individ)))


def _beside_delivery(name: str, content: bytes, media_type: str) -> BenchmarkResult:
    with tempfile.TemporaryDirectory() as folder:
        seed = case_files.zip_of(_SEED_FOLDERS)
        with server_under_put_load(Path(folder), seed) as (server, waits):
            began = time.perf_counter()
            stores.post(server.url, content, media_type)
            return _longest(f"longest wait of a PUT beside {name}", waits(), time.perf_counter() - began)


def _beside_erasure() -> list[BenchmarkResult]:
    with tempfile.TemporaryDirectory() as folder:
        erased: list[str] = []
        with server_under_put_load(
            Path(folder),
            case_files.zip_of(_SEED_FOLDERS),
            prepare=lambda data_dir: erased.append(_fill(data_dir / STORE_FILE)),
        ) as (server, waits):
            return _erase(server, erased[0], waits)


def _erase(server: Server, organization_id: str, waits: Callable[[], Waits]) -> list[BenchmarkResult]:
    megabytes = (server.data_dir / STORE_FILE).stat().st_size / 1e6
    with running_process(
        "app.py", "forget", "--organization", organization_id, "--data-dir", server.data_dir
    ) as forget:
        time.sleep(_ERASING_SECONDS)
        result = _longest(
            f"longest wait of a PUT beside `forget` in a store of {megabytes:,.0f} MB", waits(), _ERASING_SECONDS
        )
        began = time.perf_counter()
        if forget.wait(_REWRITING_SECONDS):
            raise RuntimeError("The organisation was not erased.")
        rewriting = time.perf_counter() - began
    return [result, BenchmarkResult("- the file is rewritten after the end of the PUTs in", rewriting, "s")]


def _fill(path: Path) -> str:
    """Give two organisations that get no PUTs many rows; return the id of the one with fewer, to be erased."""
    database = Database(path)

    def insert(connection: Connection) -> str:
        rows = connection.execute(
            "SELECT organization_id FROM organization WHERE organization_id NOT IN (?, ?) LIMIT 2",
            (stores.EXAMPLE, case_files.ORGANIZATION),
        ).fetchall()
        (erased,), (other,) = rows
        for organization_id, count in ((erased, _FILLER_ROWS // 8), (other, _FILLER_ROWS)):
            source = organizations.get_or_create_source(connection, organization_id, "v4", 0)
            connection.execute(
                """WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ?)
                INSERT INTO evaluering SELECT ?, 1000000 + n / 50, n % 50, '2019-01-01' FROM counted""",
                (count, source),
            )
        return erased

    try:
        return database.write(insert)
    finally:
        database.close()


def _longest(name: str, waits: Waits, seconds: float) -> BenchmarkResult:
    return BenchmarkResult(
        f"{name} ({seconds:.0f} s)",
        max(waits.samples),
        "ms",
        TARGET_MS,
        samples=waits.samples,
        baseline_samples=waits.baseline,
        samples_unit="ms",
    )
