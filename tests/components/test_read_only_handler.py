"""HEAD, OPTIONS and unsupported methods of pages, assets and exports on the real server."""

import re
from collections.abc import Generator

import httpx
import pytest

from tests.support.server_process import Server, running_server

PATHS = ("/", "/overview/export.csv", "/overview/export.xlsx", "/favicon.ico", "style", "script")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running_server(tmp_path_factory.mktemp("methods") / "data") as server:
        yield server


@pytest.fixture(scope="module")
def assets(server: Server) -> dict[str, str]:
    """Return the path of a stylesheet and of a script."""
    page = httpx.get(f"{server.url}/", timeout=20).text
    return {
        name: re.findall(rf'"(/assets/[^"]+\.{end})"', page)[0] for name, end in (("style", "css"), ("script", "js"))
    }


@pytest.mark.parametrize("name", PATHS)
def test_head_has_the_headers_of_get_without_body(server: Server, assets: dict[str, str], name: str) -> None:
    url = server.url + assets.get(name, name)
    head, get = httpx.head(url, timeout=20), httpx.get(url, timeout=20)
    assert (head.status_code, get.status_code, head.content) == (200, 200, b"")
    assert get.content
    for header in ("Content-Type", "Content-Encoding", "Cache-Control", "Vary", "Content-Disposition"):
        assert head.headers.get(header) == get.headers.get(header), header
    if name.endswith(".xlsx"):  # its cover names the second of the export, which compresses to one length or another
        assert int(head.headers["Content-Length"]) > 1000
    else:
        assert head.headers.get("Content-Length") == get.headers.get("Content-Length")


@pytest.mark.parametrize("name", PATHS)
def test_options_is_204_and_other_methods_are_405(server: Server, assets: dict[str, str], name: str) -> None:
    url = server.url + assets.get(name, name)
    for method in ("OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW"):
        response = httpx.request(method, url, timeout=20)
        assert response.status_code == (204 if method == "OPTIONS" else 405), method
        assert response.headers["Allow"] == "GET, HEAD, OPTIONS", method
    assert "Allow" not in httpx.get(url, timeout=20).headers


def test_head_of_missing_page_is_404(server: Server) -> None:
    for path in ("/unknown", "/preview?organization_id=org-1", "/assets/unknown/page.css"):
        response = httpx.head(server.url + path, timeout=20)
        assert (response.status_code, response.content) == (404, b"")
    for method in ("POST", "OPTIONS", "BREW"):
        assert httpx.request(method, f"{server.url}/unknown", timeout=20).status_code == 404


def test_websocket_path_allows_only_get(server: Server) -> None:
    for method in ("HEAD", "POST", "OPTIONS", "BREW"):
        response = httpx.request(method, f"{server.url}/ws", timeout=20)
        assert (response.status_code, response.headers["Allow"]) == (405, "GET"), method
