from pathlib import Path

from api_handlers.cors import cors_headers
from tests.api_handlers.in_process_server import run_in_process_server

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"


def test_cors_headers_only_for_allowed_origin() -> None:
    allowed = ("https://intern.example",)
    assert cors_headers("https://intern.example", allowed)["Access-Control-Allow-Origin"] == "https://intern.example"
    assert cors_headers("https://intern.example.evil", allowed) == {"Vary": "Origin"}
    assert cors_headers(None, allowed) == {"Vary": "Origin"}
    assert cors_headers("https://any.example", ("*",))["Access-Control-Allow-Origin"] == "*"


def test_only_allowed_origins_get_cors_headers(data_dir: Path) -> None:
    with run_in_process_server(data_dir, cors_origins=("https://intern.example",)) as server, server.client() as client:
        for path, status in (
            (SNAPSHOTS_PATH, 200),
            (f"{SNAPSHOTS_PATH}/snap-001", 404),
            (f"{SNAPSHOTS_PATH}?x=1", 422),
        ):
            response = client.get(path, headers={"Origin": "https://intern.example"})
            assert response.status_code == status
            assert response.headers["Access-Control-Allow-Origin"] == "https://intern.example"
            assert "Last-Event-ID" in response.headers["Access-Control-Expose-Headers"]
            assert "Origin" in response.headers["Vary"]
        assert (
            "Access-Control-Allow-Origin"
            not in client.get(SNAPSHOTS_PATH, headers={"Origin": "https://else.example"}).headers
        )
        preflight = {"Origin": "https://intern.example", "Access-Control-Request-Method": "PUT"}
        response = client.options(f"{SNAPSHOTS_PATH}/snap-001", headers=preflight)
        assert response.status_code == 204
        assert "PUT" in response.headers["Access-Control-Allow-Methods"]
        assert "If-Match" in response.headers["Access-Control-Allow-Headers"]


def test_cors_is_off_by_default(data_dir: Path) -> None:
    with run_in_process_server(data_dir) as server, server.client() as client:
        response = client.get(SNAPSHOTS_PATH, headers={"Origin": "https://intern.example"})
        assert not [name for name in response.headers if name.startswith("access-control")]
