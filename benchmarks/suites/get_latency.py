"""Measures the 99th percentile of GET while eight services are aggregated again and again and a ZIP is imported, beside
that of the idle server.
"""

import itertools
import shutil
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import msgspec

from benchmarks.fixtures import case_files, stores
from benchmarks.generators.paced import Waits
from benchmarks.processes import loaded_server, run_alongside
from benchmarks.results import BenchmarkResult, percentile, ratio
from tests.support import pipeline

TARGET = 3.0
SERVICES = 8

_CASES_OF_A_SERVICE = 400
_PAUSE_SECONDS = 0.004
_IDLE_SECONDS = 6.0


def measure(rounds: int = 3, folders: int = 4_000) -> list[BenchmarkResult]:
    """Measure the idle server and then the busy one, on a new copy of the store in each round."""
    idle: list[Waits] = []
    busy: list[Waits] = []
    path = case_files.zip_of(folders)
    with tempfile.TemporaryDirectory() as folder:
        filled = Path(folder) / "filled"
        snapshot_id, organizations = _fill(Path(folder), filled)
        body_file = Path(folder) / "body.json"
        body_file.write_bytes(b"{}")
        for number in range(rounds):
            data_dir = shutil.copytree(filled, Path(folder) / f"data-{number}")
            with (
                loaded_server(data_dir) as server,
                run_alongside("benchmarks.baselines.bare_tornado", body_file) as bare,
            ):
                urls = (bare.ready_line, f"{server.url}{stores.SNAPSHOTS}/{snapshot_id}")
                with _gets(*urls) as waits:
                    time.sleep(_IDLE_SECONDS)
                idle.append(waits)
                with _aggregations(server.url, organizations), _gets(*urls) as waits:
                    stores.post(server.url, path.read_bytes(), "application/zip")
                busy.append(waits)
    return [
        ratio(
            f"GET while {SERVICES} services are aggregated and {folders:,} folders imported, beside idle (p99)",
            [percentile(waits.samples, 0.99) for waits in busy],
            [percentile(waits.samples, 0.99) for waits in idle],
            TARGET,
            unit="ms",
        ),
        ratio(
            "- the same of a bare Tornado handler beside it",
            [percentile(waits.baseline, 0.99) for waits in busy],
            [percentile(waits.baseline, 0.99) for waits in idle],
            unit="ms",
        ),
    ]


def _fill(folder: Path, data_dir: Path) -> tuple[str, list[str]]:
    """Fill a store; return the snapshot that is asked for, and the services that are aggregated."""
    services = [case_files.service(0.3, number) for number in range(1, SERVICES + 1)]
    files = (
        file for service in services for file in itertools.islice(case_files.folders(service), _CASES_OF_A_SERVICE)
    )
    path = case_files.write_zip(folder / "services.zip", files)
    snapshot_id = stores.with_example(data_dir)
    with pipeline.open_application(data_dir) as application:
        stores.import_file(application, path)
    return snapshot_id, [service.organization_id for service in services]


@contextmanager
def _gets(bare_url: str, url: str) -> Generator[Waits]:
    """Send GETs for the duration of a block; the waits are filled in at its end."""
    waits = Waits()
    with run_alongside("benchmarks.generators.paced", "GET", str(_PAUSE_SECONDS), bare_url, url) as client:
        yield waits
        measured = msgspec.json.decode(client.end(), type=Waits)
    waits.samples, waits.baseline = measured.samples, measured.baseline


@contextmanager
def _aggregations(url: str, organizations: list[str]) -> Generator[None]:
    """Aggregate all services again and again for the duration of a block."""
    stopping = threading.Event()

    def aggregate() -> None:
        with httpx.Client(base_url=url, timeout=60) as client:
            while not stopping.is_set():
                jobs = [
                    client.post(
                        stores.SNAPSHOTS,
                        json={
                            "organization_id": organization_id,
                            "period_id": str(case_files.YEAR),
                            "force_reaggregate": True,
                        },
                    )
                    .raise_for_status()
                    .json()["job_id"]
                    for organization_id in organizations
                ]
                for job in jobs:
                    # One after the other: to ask for all of them 20 times a second would be a load of its own.
                    while not _has_ended(client, job) and not stopping.wait(0.05):
                        pass

    thread = threading.Thread(target=aggregate)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join()


def _has_ended(client: httpx.Client, job: str) -> bool:
    return client.get(f"/api/v1/jobs/{job}").json()["job_status"] in ("completed", "failed")
