"""Who calls from a browser: pages of ours, of origins that may, and of others, which may change nothing."""

from pathlib import Path
from typing import Any

from api_handlers.base import API, REPORT_DATA
from tests.api_handlers.in_process_server import serving

DELIVERIES = f"{API}/deliveries"
XML = {"Content-Type": "application/xml"}


def test_a_page_of_another_host_may_not_deliver(data_dir: Path) -> None:
    """As a browser sends its form without asking first."""
    files = {"f": ("a.xml", b"<Barnevern/>")}
    named: dict[str, Any] = {"cors_origins": ("https://intern.example",), "websocket_origins": ("bufdir.example",)}
    with serving(data_dir, **named) as served, served.client() as client:
        own = f"http://127.0.0.1:{served.port}"
        for headers, status in (
            ({"Origin": "https://else.example"}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": own, "Sec-Fetch-Site": "cross-site"}, 403),
            ({"Origin": own}, 202),
            ({"Origin": "https://bufdir.example"}, 202),
            ({"Origin": "https://intern.example", "Sec-Fetch-Site": "cross-site"}, 202),
            ({"Origin": "http://behind.a.proxy", "Sec-Fetch-Site": "same-origin"}, 202),
        ):
            assert client.post(DELIVERIES, files=files, headers=headers).status_code == status, headers
        assert served.application.deliveries.page(None, None, 1, 10)[1] == 4


def test_a_page_of_another_host_may_change_nothing(data_dir: Path) -> None:
    """A browser sends a body without a media type without asking first, and that is taken for JSON."""
    with serving(data_dir, cors_origins=("https://intern.example",)) as served, served.client() as client:
        foreign = {"Origin": "https://else.example", "Sec-Fetch-Site": "cross-site"}
        body = b'{"organization_id": "org-1042", "period_id": "2024"}'
        for method, path in (("POST", REPORT_DATA), ("PUT", f"{REPORT_DATA}/snap-001"), ("DELETE", f"{REPORT_DATA}/snap-001")):
            assert client.request(method, path, content=body, headers=foreign).status_code == 403
            own = {"Origin": "https://intern.example", "Sec-Fetch-Site": "cross-site"}
            assert client.request(method, path, content=body, headers=own).status_code in (404, 422)
        assert client.get(REPORT_DATA, headers=foreign).status_code == 200


def test_a_page_of_ours_is_another_door(data_dir: Path) -> None:
    with serving(data_dir, actor_header="x-user") as served, served.client() as client:
        own = f"http://127.0.0.1:{served.port}"
        for headers, actor in (
            ({}, "api"),
            ({"Origin": own}, "dashboard"),
            ({"Origin": own, "Sec-Fetch-Site": "same-origin"}, "dashboard"),
            ({"Sec-Fetch-Site": "none"}, "api"),
            ({"Origin": own, "X-User": "kari.n"}, "kari.n"),
        ):
            place = client.post(DELIVERIES, content=b"<Barnevern/>", headers=XML | headers).headers["Location"]
            assert client.get(place).json()["actor"] == actor, headers
