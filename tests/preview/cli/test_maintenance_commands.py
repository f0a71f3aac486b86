"""`backup` and `restore` on the command line: beside a running server, and what they say when they refuse."""

from pathlib import Path

import httpx

from tests.api_handlers.sse_client import open_stream
from tests.builders.services import SampleService
from tests.preview.cli.command_runner import CommandRunner, failure_message, successful_lines
from tests.support.pipeline import aggregate, deliver, open_application
from tests.support.server_process import running_server

WATCH = "/api/v1/aggregated-report-data/watch"


def test_backup_of_a_running_server_is_restored(
    run: CommandRunner, data_dir: Path, tmp_path: Path, service: SampleService
) -> None:
    backup, restored = tmp_path / "backup", tmp_path / "restored"
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        snapshot_id = aggregate(application, service.organization_id, "2024").snapshot_id
    path = f"/api/v1/aggregated-report-data/{snapshot_id}"
    with running_server(data_dir) as server:
        before = httpx.get(server.url + path)
        assert successful_lines(run("backup", backup)) == [f"Backup of {data_dir} written to {backup} and verified."]
    assert sorted(file.name for file in backup.iterdir()) == ["key", "session.key", "store.sqlite"]
    assert successful_lines(run("restore", backup, "--data-dir", restored))[0].startswith(
        f"Backup restored to {restored}."
    )
    with running_server(restored) as server:
        after = httpx.get(server.url + path)
        assert (after.status_code, after.content, after.headers["ETag"]) == (
            200,
            before.content,
            before.headers["ETag"],
        )
        with open_stream(server.url, WATCH, last_event_id=before.headers["Last-Event-ID"]) as stream:
            resync = stream.next_block()
            assert resync is not None
            assert resync.event == "resync"


def test_refusal_messages_name_the_remedy(run: CommandRunner, data_dir: Path, tmp_path: Path) -> None:
    assert "There is no store in" in failure_message(run("backup", tmp_path / "backup"))
    assert "There is no backup in" in failure_message(
        run("restore", tmp_path / "nothing", "--data-dir", tmp_path / "new")
    )
    (data_dir / "store.sqlite").write_bytes(b"")
    assert "not an empty folder" in failure_message(run("restore", tmp_path / "nothing"))
    assert not (tmp_path / "backup").exists()
