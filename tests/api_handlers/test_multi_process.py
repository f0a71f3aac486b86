"""`serve --processes 2`: shared port, store and log; a killed process is replaced, and another becomes leader."""

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
from preview.storage import sqlite
from tests.api_handlers.bokeh_session import open_session
from tests.api_handlers.sse_client import SseClient, open_stream
from tests.builders.case_xml import folder
from tests.contract.scenario_fixtures import ChildWelfareService, base_delivery
from tests.support.pipeline import aggregate, deliver, open_application, wait_until
from tests.support.process_inspection import child_pids, lock_holder, pid_of_connection, wait_for_both
from tests.support.server_process import Server, running_server

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"
WATCH_PATH = f"{SNAPSHOTS_PATH}/watch"
INVALIDATION = {"invalidate_cache": True, "reason": "Prøve"}
TWO_PROCESSES = ("--processes", "2")


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("inbox")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, inbox: Path) -> Generator[Server]:
    """Run two processes over a store with one service, without automatic aggregation."""
    data_dir = tmp_path_factory.mktemp("two") / "data"
    data_dir.mkdir()
    service = ChildWelfareService(1)
    with open_application(data_dir) as application:
        deliver(application, service.listing("Prøvetjenesten"))
        deliver(application, *base_delivery(service))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
    with running_server(
        data_dir, *TWO_PROCESSES, "--no-auto-aggregate", "--inbox-dir", str(inbox), "--inbox-settle-seconds", "0"
    ) as server:
        wait_for_both(server)
        yield server


def invalidate_and_wait(server: Server) -> int:
    """Invalidate a snapshot, wait for its job, and return the newest log position."""
    with httpx.Client(base_url=server.url) as client:
        job_id = client.put(f"{SNAPSHOTS_PATH}/snap-002", json=INVALIDATION).raise_for_status().json()["job_id"]
        wait_until(lambda: client.get(f"/api/v1/jobs/{job_id}").json()["ended_at"] is not None, "the job")
        return int(client.get(f"{SNAPSHOTS_PATH}?limit=1").headers["Last-Event-ID"])


def serving_process(stream: SseClient, server: Server) -> int:
    return pid_of_connection(server, stream._socket.getsockname()[1])  # pyright: ignore[reportPrivateUsage]


def open_stream_at_each_process(server: Server) -> dict[int, SseClient]:
    """Return a stream to each process, by process id."""
    found: dict[int, SseClient] = {}
    for _ in range(200):
        stream = SseClient(server.url, WATCH_PATH, {})
        stream.read_until(lambda block: block.is_bare_id)
        if found.setdefault(serving_process(stream, server), stream) is not stream:
            stream.close()
        if len(found) == 2:
            return found
    raise AssertionError("every connection reached the same process")


def test_streams_of_both_processes_get_equal_events(server: Server) -> None:
    streams = open_stream_at_each_process(server)
    position = invalidate_and_wait(server)
    events = [[(block.id, block.data) for block in stream.events_until(position)] for stream in streams.values()]
    assert events[0] == events[1]
    assert len(events[0]) == 2
    for stream in streams.values():
        stream.close()


def test_processes_share_one_boot_id(server: Server) -> None:
    assert len({httpx.get(f"{server.url}/livez").json()["boot_id"] for _ in range(20)}) == 1


def test_log_lines_name_their_process(server: Server) -> None:
    def logged_processes() -> set[int]:
        httpx.get(f"{server.url}{SNAPSHOTS_PATH}/snap-999")
        lines = [json.loads(line) for line in server.output.splitlines() if "{snapshot_id} 404" in line]
        return {line["process"] for line in lines}

    wait_until(lambda: logged_processes() == {1, 2}, "a line of each")


def test_stream_resumes_at_other_process_after_kill(server: Server) -> None:
    streams = open_stream_at_each_process(server)
    killed_pid, stream = streams.popitem()
    position = invalidate_and_wait(server)
    stream.events_until(position)
    os.kill(killed_pid, signal.SIGKILL)
    assert stream.read_to_end() == []
    # Its listening socket may be closed after the stream; a connection to it would be reset.
    wait_until(lambda: killed_pid not in child_pids(server.process.pid), "the killed process to be gone")
    [(surviving_pid, surviving_stream)] = streams.items()
    last = invalidate_and_wait(server)
    with open_stream(server.url, WATCH_PATH, last_event_id=str(position)) as resumed:
        assert [block.id for block in resumed.events_until(last)] == list(range(position + 1, last + 1))
    assert [block.id for block in surviving_stream.events_until(last)] == list(range(position - 1, last + 1))
    surviving_stream.close()
    pids = wait_for_both(server)
    assert surviving_pid in pids
    assert killed_pid not in pids


def test_inbox_leadership_moves_after_kill(server: Server, inbox: Path) -> None:
    wait_for_both(server)
    lock = server.data_dir / "inbox.lock"
    (inbox / "one.xml").write_bytes(folder("11111111-0000-4000-8000-000000000000"))
    wait_until(lambda: not (inbox / "one.xml").exists(), "the file to be imported")
    first = lock_holder(lock, server)
    assert first is not None
    os.kill(first, signal.SIGKILL)
    (inbox / "two.xml").write_bytes(folder("22222222-0000-4000-8000-000000000000"))
    wait_until(lambda: not (inbox / "two.xml").exists(), "the file to be imported")
    assert lock_holder(lock, server) not in (None, first)
    wait_for_both(server)
    assert lock_holder(server.data_dir / "retention.lock", server) is not None


def test_all_processes_stop_with_open_stream_and_session(data_dir: Path) -> None:
    with running_server(data_dir, *TWO_PROCESSES) as server:
        pids = wait_for_both(server)
        with open_stream(server.url, WATCH_PATH) as stream, open_session(server.url), open_session(server.url):
            assert server.stop() == 0
            assert stream.read_to_end()[-1].retry
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        assert "killed" not in server.output


def test_port_in_use_fails_at_start(server: Server, data_dir: Path) -> None:
    """A server with several processes fails too, although they share the port among themselves."""
    for arguments in (TWO_PROCESSES, ()):
        with pytest.raises(
            RuntimeError, match=f"Error: The program cannot listen at 127.0.0.1:{server.port}: Address already in use."
        ):
            Server(data_dir, arguments, port=server.port)


def test_store_error_is_reported_once(data_dir: Path) -> None:
    with open_application(data_dir, started=False):
        pass
    (data_dir / "key").write_bytes(b"short")
    with pytest.raises(RuntimeError) as failure:
        Server(data_dir, TWO_PROCESSES)
    assert str(failure.value).count("The key in the data folder is damaged") == 1
    assert "Traceback" not in str(failure.value)


def test_old_sqlite_rejects_multiple_processes(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "MIN_MULTIPROCESS_SQLITE", (99, 0, 0))
    with pytest.raises(StoreError, match="too old for several processes"):
        app.serve(Settings(data_dir=data_dir, port=0, processes=2))
    assert not (data_dir / "store.sqlite").exists()


def test_stopped_process_is_replaced_and_requests_go_on(data_dir: Path) -> None:
    environment = {"BUFDIR_PREVIEW_PROCESS_TIMEOUT_SECONDS": "2"}
    with running_server(data_dir, "--processes", "2", environment=environment) as server:
        stopped, other = wait_for_both(server)
        os.kill(stopped, signal.SIGSTOP)
        wait_until(lambda: f"({stopped}) gives no sign of life" in server.output, "the stopped process to be noticed")
        wait_until(lambda: stopped not in child_pids(server.process.pid), "the stopped process to be gone")
        assert other in wait_for_both(server)
        assert all(httpx.get(f"{server.url}/livez", timeout=5).status_code == 200 for _ in range(20))
