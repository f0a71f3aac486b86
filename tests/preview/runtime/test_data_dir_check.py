"""A data folder that is moved away or replaced: it is named, nothing is lost, and it is used again when it is back."""

import json
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest

from preview.core.errors import Unavailable
from preview.core.settings import Settings
from preview.runtime.start_line import start_line
from preview.storage import meta
from preview.storage.database import Database
from tests.builders.services import SampleService
from tests.support.pipeline import wait_until
from tests.support.server_process import running_server

SNAPSHOTS = "/api/v1/aggregated-report-data"
XML = {"Content-Type": "application/xml"}


@pytest.fixture
def database(data_dir: Path) -> Generator[Database]:
    database = Database(data_dir / "store.sqlite")
    yield database
    database.close()


def test_start_line_names_changed_settings_without_paths_and_secrets(tmp_path: Path) -> None:
    settings = Settings(
        data_dir=tmp_path, inbox_dir=tmp_path / "Sentinelsen", actor_header="X-Sentinelsen", processes=2, hosts=("a.b",)
    )
    line = start_line(settings)
    assert line.startswith("started: version ")
    assert ", SQLite 3." in line
    assert line.endswith('2 processes, settings: data_dir, processes = 2, inbox_dir, actor_header, hosts = ["a.b"]')
    assert str(tmp_path) not in line
    assert "Sentinelsen" not in line
    assert start_line(Settings()).endswith("1 process, settings: all default")


def test_nothing_is_written_to_a_store_that_is_not_at_its_place(database: Database, data_dir: Path) -> None:
    store, away = data_dir / "store.sqlite", data_dir / "away.sqlite"
    database.write(lambda connection: meta.put(connection, "a", "1"))
    store.rename(away)
    for _ in range(2):
        with pytest.raises(Unavailable, match="missing or was replaced"):
            database.write(lambda connection: meta.put(connection, "a", "2"))
        with pytest.raises(Unavailable, match="missing or was replaced"):
            database.try_compact()
        store.touch()  # another store in its place
    away.rename(store)
    assert database.read(lambda connection: meta.get(connection, "a")) == "1"
    database.write(lambda connection: meta.put(connection, "a", "3"))


def test_no_store_is_made_in_place_of_one_that_is_away(database: Database, data_dir: Path) -> None:
    (data_dir / "store.sqlite").rename(data_dir / "away.sqlite")
    with pytest.raises(Unavailable, match="missing or was replaced"):
        database.read(lambda connection: meta.get(connection, "a"))
    assert not (data_dir / "store.sqlite").exists()


def test_moved_data_folder_is_named_and_used_again_when_it_is_back(
    tmp_path: Path, data_dir: Path, service: SampleService
) -> None:
    away = tmp_path / "away"
    with running_server(data_dir) as server, httpx.Client(base_url=server.url, timeout=60) as client:

        def deliver(case: int) -> httpx.Response:
            return client.post("/api/v1/deliveries", content=service.folder(case, "2024-03-01"), headers=XML)

        data_dir.rename(away)
        for path in ("/", "/preview?organization_id=org-1&period_id=2024", "/overview/export.csv", SNAPSHOTS):
            response = client.get(path)  # no thread has read the store so far
            assert (response.status_code, response.headers.get("Retry-After")) == (503, "2"), path
        away.rename(data_dir)
        wait_until(lambda: client.get("/readyz").status_code == 200, "the server to be ready again")
        acknowledged = [deliver(1).json()["delivery_id"]]
        data_dir.rename(away)
        wait_until(lambda: "The folder is missing" in client.get("/readyz").text, "the missing folder")
        assert client.get("/livez").status_code == 200
        refused = deliver(2)
        assert (refused.status_code, refused.headers["Retry-After"]) == (503, "2")
        data_dir.mkdir()  # another folder in its place
        wait_until(lambda: "was replaced" in client.get("/readyz").text, "the other folder")
        assert client.get("/readyz").status_code == deliver(2).status_code == 503
        assert list(data_dir.iterdir()) == []
        data_dir.rmdir()
        away.rename(data_dir)
        wait_until(lambda: client.get("/readyz").status_code == 200, "the server to be ready again")
        acknowledged.append(deliver(3).json()["delivery_id"])
        for delivery_id in acknowledged:
            path = f"/api/v1/deliveries/{delivery_id}"
            wait_until(lambda path=path: client.get(path).json()["delivery_status"] == "taken", delivery_id)
        assert client.get("/readyz").json() == {"ready": True, "warnings": []}
    lines = [json.loads(line) for line in server.output.splitlines() if line.startswith("{")]
    assert len([line for line in lines if line["message"].startswith("started: version ")]) == 1
