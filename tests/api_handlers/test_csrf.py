"""Requests of browser pages: own pages and allowed origins may change data, other sites may not."""

from pathlib import Path
from typing import Any

from api_handlers.base import API_PATH, REPORT_DATA_PATH
from tests.api_handlers.in_process_server import run_in_process_server

DELIVERIES_PATH = f"{API_PATH}/deliveries"
XML = {"Content-Type": "application/xml"}


def test_cross_site_upload_is_forbidden(data_dir: Path) -> None:
    """A browser sends a form without a CORS preflight."""
    files = {"f": ("a.xml", b"<Barnevern/>")}
    settings: dict[str, Any] = {"cors_origins": ("https://intern.example",), "hosts": ("bufdir.example",)}
    with run_in_process_server(data_dir, **settings) as server, server.client() as client:
        own_origin = f"http://127.0.0.1:{server.port}"
        for headers, status in (
            ({"Origin": "https://else.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": own_origin, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": own_origin}, 202),
            ({"Origin": "https://bufdir.example"}, 202),
            ({"Origin": "https://intern.example", "Sec-Fetch-Site": "cross-site"}, 202),
            ({"Origin": "http://behind.a.proxy", "Sec-Fetch-Site": "same-origin"}, 202),
        ):
            assert client.post(DELIVERIES_PATH, files=files, headers=headers).status_code == status, headers
        assert server.application.deliveries.page(None, None, 1, 10)[1] == 4


def test_cross_site_changes_are_forbidden(data_dir: Path) -> None:
    """A browser sends a body without a media type without a preflight, and such a body is taken for JSON."""
    with run_in_process_server(data_dir, cors_origins=("https://intern.example",)) as server, server.client() as client:
        cross_site = {"Origin": "https://else.example", "Sec-Fetch-Site": "cross-site"}
        body = b'{"organization_id": "org-1042", "period_id": "2024"}'
        for method, path in (
            ("POST", REPORT_DATA_PATH),
            ("PUT", f"{REPORT_DATA_PATH}/snap-001"),
            ("DELETE", f"{REPORT_DATA_PATH}/snap-001"),
        ):
            assert client.request(method, path, content=body, headers=cross_site).status_code == 403
            allowed = {"Origin": "https://intern.example", "Sec-Fetch-Site": "cross-site"}
            assert client.request(method, path, content=body, headers=allowed).status_code in (404, 422)
        assert client.get(REPORT_DATA_PATH, headers=cross_site).status_code == 200


def test_same_origin_upload_has_dashboard_actor(data_dir: Path) -> None:
    with run_in_process_server(data_dir, actor_header="x-user") as server, server.client() as client:
        own_origin = f"http://127.0.0.1:{server.port}"
        for headers, actor in (
            ({}, "api"),
            ({"Origin": own_origin}, "dashboard"),
            ({"Origin": own_origin, "Sec-Fetch-Site": "same-origin"}, "dashboard"),
            ({"Sec-Fetch-Site": "none"}, "api"),
            ({"Origin": own_origin, "X-User": "kari.n"}, "kari.n"),
        ):
            location = client.post(DELIVERIES_PATH, content=b"<Barnevern/>", headers=XML | headers).headers["Location"]
            assert client.get(location).json()["actor"] == actor, headers
