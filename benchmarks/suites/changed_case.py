"""Measures the time from the delivery of a changed case of a large organisation until its snapshot shows it."""

import itertools
import re
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import msgspec

from benchmarks.fixtures import case_files, stores
from benchmarks.fixtures.case_files import ORGANIZATION, YEAR, Folder
from benchmarks.processes import loaded_server
from benchmarks.results import BenchmarkResult, percentile
from preview.core.clock import sortable_timestamp
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.model.resources import SnapshotDocument
from preview.runtime.application import Application
from tests.support import pipeline

TARGET_SECONDS = 0.3
FIELD = "antall_meldinger_mottatt"

_CASES = 3_000
_NEIGHBOURS = 100
_CASES_OF_A_NEIGHBOUR = 40
_WAIT_SECONDS = 30
_SERVER_OPTIONS = ("--auto-quiet-seconds", "0", "--open-periods", str(YEAR))

_SAK_ID = re.compile(rb'<Sak (?:[^>]* )?Id="([^"]+)"')


def measure(cases: int = _CASES, neighbours: int = _NEIGHBOURS, rounds: int = 20) -> list[BenchmarkResult]:
    """Measure over HTTP, and then in one process, without the time that HTTP and polling need."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        changes, snapshot_id = _fill_store(Path(folder), data_dir, cases, neighbours)
        over_http = _measure_over_http(data_dir, snapshot_id, changes, rounds)
        in_process = _measure_in_process(data_dir, snapshot_id, changes, rounds)
    label = f"a changed case of {cases:,}, beside {neighbours} organisations, in its snapshot"
    return [
        BenchmarkResult(
            f"{label}: from POST until GET shows it (p95)",
            percentile(over_http, 0.95),
            "s",
            TARGET_SECONDS,
            samples=over_http,
        ),
        BenchmarkResult(
            f"{label}: from `receive` until its event (p95)",
            percentile(in_process, 0.95),
            "s",
            TARGET_SECONDS,
            samples=in_process,
        ),
    ]


def _fill_store(folder: Path, data_dir: Path, cases: int, neighbours: int) -> tuple[Iterator[bytes], str]:
    """Fill a store with all organisations and a snapshot of the large one.

    Returns:
        Case files of one of its cases, each with one melding more than the one before, and the id of the snapshot.
    """
    large: list[Folder] = []
    seen: set[bytes] = set()
    for case_folder in case_files.folders(case_files.service(max(0.05, cases / 1_000))):
        sak = _sak_id(case_folder.xml)
        if sak not in seen and b"ErSlettet" not in case_folder.xml:
            seen.add(sak)
            large.append(case_folder)
        if len(large) == cases:
            break
    with pipeline.open_application(data_dir) as application:
        stores.import_file(application, case_files.write_zip(folder / "large.zip", large))
        others = (
            case_folder
            for number in range(1, neighbours + 1)
            for case_folder in itertools.islice(
                case_files.folders(case_files.service(0.05, number)), _CASES_OF_A_NEIGHBOUR
            )
        )
        stores.import_file(application, case_files.write_zip(folder / "others.zip", others))
        snapshot_id = pipeline.aggregate(application, ORGANIZATION, str(YEAR)).snapshot_id
    return _changed_folders(large[-1].xml), snapshot_id


def _sak_id(xml: bytes) -> bytes:
    match = _SAK_ID.search(xml)
    assert match is not None
    return match[1]


def _changed_folders(xml: bytes) -> Iterator[bytes]:
    """Yield versions of a case file, each a minute newer and with one more melding that was received in the counted
    year.
    """
    at = xml.index(b"<Melding ")
    start = xml.index(b'DatoUttrekk="') + len(b'DatoUttrekk="')
    end = xml.index(b'"', start)
    moment = datetime(case_files.DAY.year, case_files.DAY.month, case_files.DAY.day, 12, tzinfo=UTC)
    added_meldinger = b""
    for number in itertools.count(1):
        added_meldinger += (
            f'<Melding Id="00000000-0000-4000-8000-{number:012}" StartDato="{YEAR}-12-01"><Melder Kode="1"/></Melding>'
        ).encode()
        extract_at = sortable_timestamp(moment + timedelta(minutes=number)).encode()
        yield xml[:start] + extract_at + xml[end:at] + added_meldinger + xml[at:]


def _measure_over_http(data_dir: Path, snapshot_id: str, changes: Iterator[bytes], rounds: int) -> list[float]:
    """Return the seconds from the POST of each case file until a GET of the snapshot shows it."""
    durations: list[float] = []
    with (
        loaded_server(data_dir, *_SERVER_OPTIONS) as server,
        httpx.Client(base_url=server.url, timeout=_WAIT_SECONDS) as client,
    ):
        url = f"{stores.SNAPSHOTS}/{snapshot_id}"
        for change in itertools.islice(changes, rounds):
            before = _field_value(client.get(url).content)
            started = time.perf_counter()
            client.post(
                stores.DELIVERIES, content=change, headers={"Content-Type": "application/xml"}
            ).raise_for_status()
            while _field_value(client.get(url).content) != before + 1:
                _check_timeout(started)
                time.sleep(0.002)
            durations.append(time.perf_counter() - started)
    return durations


def _measure_in_process(data_dir: Path, snapshot_id: str, changes: Iterator[bytes], rounds: int) -> list[float]:
    """Return the seconds from each `receive` until the dispatcher delivers the event `aggregation_completed`."""
    durations: list[float] = []
    settings = Settings(data_dir=data_dir, auto_quiet_seconds=0, open_periods=(Period(YEAR),))
    application = Application.open(settings)
    try:
        application.start()
        completed = _CompletionSignal()
        application.dispatcher.subscribe(lambda events, _: completed.note([event.type for event in events]))
        for change in itertools.islice(changes, rounds):
            before = _field_value(application.snapshots.get(snapshot_id).body)
            completed.event.clear()
            started = time.perf_counter()
            application.deliveries.receive([change], full=False, actor="benchmark")
            if not completed.event.wait(_WAIT_SECONDS):
                raise RuntimeError("The aggregation of the changed case did not complete in time.")
            durations.append(time.perf_counter() - started)
            if _field_value(application.snapshots.get(snapshot_id).body) != before + 1:
                raise RuntimeError("The snapshot does not show the changed case.")
    finally:
        application.close()
    return durations


@dataclass
class _CompletionSignal:
    """Signals that an aggregation has completed."""

    event: threading.Event = field(default_factory=threading.Event)

    def note(self, types: list[str]) -> None:
        """Set the signal if an event of that type is among them. Called on the dispatcher's thread."""
        if "aggregation_completed" in types:
            self.event.set()


def _field_value(body: bytes) -> int:
    document = msgspec.json.decode(body, type=SnapshotDocument)
    value = next(field.value for section in document.sections for field in section.fields if field.field_key == FIELD)
    assert isinstance(value, int)
    return value


def _check_timeout(started: float) -> None:
    if time.perf_counter() - started > _WAIT_SECONDS:
        raise RuntimeError("The snapshot did not show the changed case in time.")
