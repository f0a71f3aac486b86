"""From the delivery of one changed case of a large organisation, beside a hundred others, to its snapshot that shows it."""

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

from benchmarks import folder_fixtures, store_fixtures
from benchmarks.folder_fixtures import ORGANIZATION, YEAR, Folder
from benchmarks.results import Figure
from preview.core.clock import instant_text
from preview.core.periods import Period
from preview.core.settings import Settings
from preview.model.resources import Document
from preview.runtime.application import Application
from tests.support import pipeline
from tests.support.server_process import running

TARGET_SECONDS = 0.5
FIELD = "antall_meldinger_mottatt"

_CASES = 3_000
_NEIGHBOURS = 100
_CASES_OF_A_NEIGHBOUR = 40
_WAIT_SECONDS = 30
_SETTINGS = ("--auto-quiet-seconds", "0", "--open-periods", str(YEAR))

_SAK_ID = re.compile(rb'<Sak (?:[^>]* )?Id="([^"]+)"')


def measure(cases: int = _CASES, neighbours: int = _NEIGHBOURS, rounds: int = 15) -> list[Figure]:
    """By HTTP; then in one process, without what HTTP and looking take."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        changes, snapshot_id = _fill(Path(folder), data_dir, cases, neighbours)
        by_another = _through_server(data_dir, snapshot_id, changes, rounds)
        in_one = _in_one_process(data_dir, snapshot_id, changes, rounds)
    of = f"a changed case of {cases:,}, beside {neighbours} organisations, in its snapshot"
    return [
        Figure(f"{of}: from POST until GET shows it (longest)", max(by_another), "s", TARGET_SECONDS, ours=by_another),
        Figure(f"{of}: from `receive` until its event (longest)", max(in_one), "s", TARGET_SECONDS, ours=in_one),
    ]


def _fill(folder: Path, data_dir: Path, cases: int, neighbours: int) -> tuple[Iterator[bytes], str]:
    """A store with all of them and the large one's snapshot; returns folders of one of its cases, each with one melding more."""
    large: list[Folder] = []
    seen: set[bytes] = set()
    for each in folder_fixtures.folders(folder_fixtures.service(max(0.05, cases / 1_000))):
        sak = _sak_of(each.xml)
        if sak not in seen and b"ErSlettet" not in each.xml:
            seen.add(sak)
            large.append(each)
        if len(large) == cases:
            break
    with pipeline.opened(data_dir) as application:
        store_fixtures.take(application, folder_fixtures.write_zip(folder / "large.zip", large))
        others = (
            each
            for number in range(1, neighbours + 1)
            for each in itertools.islice(folder_fixtures.folders(folder_fixtures.service(0.05, number)), _CASES_OF_A_NEIGHBOUR)
        )
        store_fixtures.take(application, folder_fixtures.write_zip(folder / "others.zip", others))
        snapshot_id = pipeline.aggregate(application, ORGANIZATION, str(YEAR)).snapshot_id
    return _changes(large[-1].xml), snapshot_id


def _sak_of(xml: bytes) -> bytes:
    found = _SAK_ID.search(xml)
    assert found is not None
    return found[1]


def _changes(xml: bytes) -> Iterator[bytes]:
    """The folder again and again, each a minute newer and with one melding more, received in the year that is counted."""
    at = xml.index(b"<Melding ")
    start = xml.index(b'DatoUttrekk="') + len(b'DatoUttrekk="')
    end = xml.index(b'"', start)
    moment = datetime(folder_fixtures.DAY.year, folder_fixtures.DAY.month, folder_fixtures.DAY.day, 12, tzinfo=UTC)
    more = b""
    for number in itertools.count(1):
        more += f'<Melding Id="00000000-0000-4000-8000-{number:012}" StartDato="{YEAR}-12-01"><Melder Kode="1"/></Melding>'.encode()
        uttrekk = instant_text(moment + timedelta(minutes=number)).encode()
        yield xml[:start] + uttrekk + xml[end:at] + more + xml[at:]


def _through_server(data_dir: Path, snapshot_id: str, changes: Iterator[bytes], rounds: int) -> list[float]:
    """From the POST of the folder until a GET of the snapshot shows it."""
    taken: list[float] = []
    with running(data_dir, *_SETTINGS) as server, httpx.Client(base_url=server.url, timeout=_WAIT_SECONDS) as client:
        url = f"{store_fixtures.SNAPSHOTS}/{snapshot_id}"
        for change in itertools.islice(changes, rounds):
            before = _value(client.get(url).content)
            began = time.perf_counter()
            client.post(store_fixtures.DELIVERIES, content=change, headers={"Content-Type": "application/xml"}).raise_for_status()
            while _value(client.get(url).content) != before + 1:
                _check(began)
                time.sleep(0.002)
            taken.append(time.perf_counter() - began)
    return taken


def _in_one_process(data_dir: Path, snapshot_id: str, changes: Iterator[bytes], rounds: int) -> list[float]:
    """From `receive` to the event that its aggregation has completed, as the feed hands it on."""
    taken: list[float] = []
    settings = Settings(data_dir=data_dir, auto_quiet_seconds=0, open_periods=(Period(YEAR),))
    application = Application.open(settings)
    try:
        application.start()
        completed = _Completed()
        application.feed.subscribe(lambda events, _: completed.note([event.type for event in events]))
        for change in itertools.islice(changes, rounds):
            before = _value(application.snapshots.document(snapshot_id).body)
            completed.event.clear()
            began = time.perf_counter()
            application.deliveries.receive([change], full=False, actor="benchmark")
            if not completed.event.wait(_WAIT_SECONDS):
                raise RuntimeError("the changed case did not come through")
            taken.append(time.perf_counter() - began)
            if _value(application.snapshots.document(snapshot_id).body) != before + 1:
                raise RuntimeError("the snapshot does not show the changed case")
    finally:
        application.close()
    return taken


@dataclass
class _Completed:
    """Whether an aggregation has completed."""

    event: threading.Event = field(default_factory=threading.Event)

    def note(self, types: list[str]) -> None:
        """On the feed's thread."""
        if "aggregation_completed" in types:
            self.event.set()


def _value(body: bytes) -> int:
    document = msgspec.json.decode(body, type=Document)
    value = next(each.value for section in document.sections for each in section.fields if each.field_key == FIELD)
    assert isinstance(value, int)
    return value


def _check(began: float) -> None:
    if time.perf_counter() - began > _WAIT_SECONDS:
        raise RuntimeError("the changed case did not come through")
