"""`serve --processes 2`: one port, one store, one log; a process that dies is replaced, and what only one shall do another takes over."""

import json
import os
import signal
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

import app
from preview.core.errors import StoreError
from preview.core.settings import Settings
from tests.api_handlers.bokeh_session import session
from tests.api_handlers.sse_client import Watcher, watching
from tests.builders.case_xml import folder
from tests.contract.scenario_fixtures import Service, plain
from tests.support.pipeline import aggregate, deliver, opened, until
from tests.support.process_inspection import both, connected, leader
from tests.support.server_process import Server, running

BASE = "/api/v1/aggregated-report-data"
WATCH = f"{BASE}/watch"
REASON = {"invalidate_cache": True, "reason": "Prøve"}
TWO = ("--processes", "2")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox")


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory, inbox: Path) -> Generator[Server]:
    """Over a store with a service; nothing aggregates by itself."""
    data_dir = tmp_path_factory.mktemp("two") / "data"
    data_dir.mkdir()
    service = Service(1)
    with opened(data_dir) as application:
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *plain(service))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
    with running(data_dir, *TWO, "--no-auto-aggregate", "--inbox-dir", str(inbox), "--inbox-settle-seconds", "0") as server:
        both(server)
        yield server


def invalidated(server: Server) -> int:
    """A PUT, and its job to the end; the place of the log then."""
    with httpx.Client(base_url=server.url) as client:
        job_id = client.put(f"{BASE}/snap-002", json=REASON).raise_for_status().json()["job_id"]
        until(lambda: client.get(f"/api/v1/jobs/{job_id}").json()["ended_at"] is not None, "the job")
        return int(client.get(f"{BASE}?limit=1").headers["Last-Event-ID"])


def owner(watcher: Watcher, server: Server) -> int:
    return connected(server, watcher._socket.getsockname()[1])  # pyright: ignore[reportPrivateUsage]


def watching_both(server: Server) -> dict[int, Watcher]:
    """A stream at each process, by process."""
    found: dict[int, Watcher] = {}
    for _ in range(200):
        watcher = Watcher(server.url, WATCH, {})
        watcher.until(lambda block: block.is_place)
        if found.setdefault(owner(watcher, server), watcher) is not watcher:
            watcher.close()
        if len(found) == 2:
            return found
    raise AssertionError("every connection came to the same process")


def test_both_serve_and_tell_the_same(two: Server) -> None:
    streams = watching_both(two)
    place = invalidated(two)
    seen = [[(block.id, block.data) for block in watcher.events_until(place)] for watcher in streams.values()]
    assert seen[0] == seen[1]
    assert len(seen[0]) == 2
    for watcher in streams.values():
        watcher.close()


def test_they_have_one_boot_id(two: Server) -> None:
    assert len({httpx.get(f"{two.url}/livez").json()["boot_id"] for _ in range(20)}) == 1


def test_the_log_tells_which_process(two: Server) -> None:
    def named() -> set[int]:
        httpx.get(f"{two.url}{BASE}/snap-999")
        lines = [json.loads(line) for line in two.output.splitlines() if "Snapshot 404" in line]
        return {line["process"] for line in lines}

    until(lambda: named() == {1, 2}, "a line of each")


def test_a_stream_goes_on_at_another_process_when_its_own_dies(two: Server) -> None:
    streams = watching_both(two)
    doomed, watcher = streams.popitem()
    place = invalidated(two)
    watcher.events_until(place)
    os.kill(doomed, signal.SIGKILL)
    assert watcher.rest() == []
    [(other, survivor)] = streams.items()
    last = invalidated(two)
    with watching(two.url, WATCH, last_event_id=str(place)) as again:
        assert [block.id for block in again.events_until(last)] == list(range(place + 1, last + 1))
    assert [block.id for block in survivor.events_until(last)] == list(range(place - 1, last + 1))
    survivor.close()
    pids = both(two)
    assert other in pids
    assert doomed not in pids


def test_the_watched_folder_is_looked_after_by_one_and_then_by_another(two: Server, inbox: Path) -> None:
    both(two)
    lock = two.data_dir / "inbox.lock"
    (inbox / "one.xml").write_bytes(folder("11111111-0000-4000-8000-000000000000"))
    until(lambda: not (inbox / "one.xml").exists(), "it to be taken")
    first = leader(lock, two)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    (inbox / "two.xml").write_bytes(folder("22222222-0000-4000-8000-000000000000"))
    until(lambda: not (inbox / "two.xml").exists(), "it to be taken")
    assert leader(lock, two) not in (None, first)
    both(two)
    assert leader(two.data_dir / "retention.lock", two) is not None


def test_all_end_when_told_with_a_stream_and_a_session_open(data_dir: Path) -> None:
    with running(data_dir, *TWO) as server:
        pids = both(server)
        with watching(server.url, WATCH) as watcher, session(server.url), session(server.url):
            assert server.stop() == 0
            assert watcher.rest()[-1].retry
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert "killed" not in server.output


def test_a_port_that_others_have_is_refused_at_once(two: Server, data_dir: Path) -> None:
    """Also one that its processes would share with us."""
    for arguments in (TWO, ()):
        with pytest.raises(RuntimeError, match=f"Error: Nothing can listen at 127.0.0.1:{two.port}: Address already in use."):
            Server(data_dir, arguments, port=two.port)


def test_what_is_wrong_with_the_store_is_told_once(data_dir: Path) -> None:
    with opened(data_dir, started=False):
        pass
    (data_dir / "key").write_bytes(b"short")
    with pytest.raises(RuntimeError) as refused:
        Server(data_dir, TWO)
    assert str(refused.value).count("The key in the data folder is damaged") == 1
    assert "Traceback" not in str(refused.value)


def test_an_old_sqlite_refuses_more_than_one_process(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app, "sqlite_is_safe", lambda: False)
    with pytest.raises(StoreError, match="too old for several processes"):
        app.serve(Settings(data_dir=data_dir, port=0, processes=2))
    assert not (data_dir / "store.sqlite").exists()
