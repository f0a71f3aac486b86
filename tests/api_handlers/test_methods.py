"""HEAD, OPTIONS and unsupported methods of every route, in every form of its path (rules E2 and H2, docs/api.md)."""

import re
from collections.abc import Generator, Iterable

import httpx
import pytest

from api_handlers.operations import Route, declared_operation
from api_handlers.request_parsing import parameters_of
from api_handlers.routes import ROUTES
from tests.api_handlers.in_process_server import run_in_process_server

ALL_METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE", "BREW")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Generator[httpx.Client]:
    with run_in_process_server(tmp_path_factory.mktemp("methods")) as server, server.client() as client:
        yield client


def path_forms(route: Route) -> list[str]:
    """Return the path of a route in every form, with an id that is unknown for each parameter."""
    path = re.sub(r"\{(\w+)\}", "unknown", route.path)
    paths = [path] if not route.duplicate_prefix else [path, route.duplicate_prefix + path]
    return [*paths, *(f"{path}/" for path in paths)]


def expected_methods(route: Route) -> list[str]:
    """Return the methods of a route in the order of `Allow`."""
    head = ["HEAD"] if "get" in route.operations else []
    return sorted([*(method.upper() for method in route.operations), *head, "OPTIONS"])


def with_get(routes: Iterable[Route]) -> list[Route]:
    """Return the routes that can be read."""
    return [route for route in routes if "get" in route.operations]


def needs_query(route: Route) -> bool:
    """Return whether a GET of the route has a required parameter."""
    declared = declared_operation(route.handler, "get")
    return declared is not None and any(each.required for each in parameters_of(declared.query).values())


PATHS = [pytest.param(route, path, id=path) for route in ROUTES for path in path_forms(route)]


@pytest.mark.parametrize(("route", "path"), PATHS)
def test_unsupported_method_is_405_with_allow(client: httpx.Client, route: Route, path: str) -> None:
    expected = expected_methods(route)
    for method in set(ALL_METHODS) - set(expected):
        response = client.request(method, path)
        assert (response.status_code, response.headers["Allow"]) == (405, ", ".join(expected)), method
        assert response.headers["Content-Type"] == "application/problem+json"
        assert method == "HEAD" or response.json()["status"] == 405


@pytest.mark.parametrize(("route", "path"), PATHS)
def test_options_is_204_with_allow(client: httpx.Client, route: Route, path: str) -> None:
    response = client.options(path)
    assert (response.status_code, response.content) == (204, b"")
    assert response.headers["Allow"] == ", ".join(expected_methods(route))


@pytest.mark.parametrize(
    ("route", "path"),
    [pytest.param(route, path, id=path) for route in with_get(ROUTES) for path in path_forms(route)],
)
def test_head_has_the_headers_of_get_without_body(client: httpx.Client, route: Route, path: str) -> None:
    head = client.head(path)
    assert head.content == b""
    with client.stream("GET", path) as get:  # the event stream does not end
        expected_status = 404 if "{" in route.path else 422 if needs_query(route) else 200
        assert head.status_code == get.status_code == expected_status
        for name in ("Content-Type", "Cache-Control", "ETag", "Link", "X-Content-Type-Options"):
            assert head.headers.get(name) == get.headers.get(name), name


@pytest.mark.parametrize("path", ["/api", "/api/v1", "/api/v1/unknown", "/api/v1/jobs/unknown/unknown"])
def test_unknown_path_is_404_for_every_method(client: httpx.Client, path: str) -> None:
    for method in ALL_METHODS:
        response = client.request(method, path)
        assert response.status_code == 404, method
        assert "Allow" not in response.headers
