"""The order of the services in which a report leads to the next one."""

from collections.abc import Generator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from components.services.service_order import step
from tests.builders import large_dataset
from tests.support import pipeline
from tests.support.server_process import Server, running_server

IDS = [large_dataset.organization_id(number) for number in range(3)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    data_dir = tmp_path_factory.mktemp("order") / "data"
    with pipeline.open_application(data_dir) as application:
        pipeline.deliver(application, *(large_dataset.folder(number) for number in range(3)))
    with running_server(data_dir) as server:
        yield server


@pytest.mark.parametrize(
    ("organization_id", "direction", "expected"),
    [("b", 1, "c"), ("b", -1, "a"), ("c", 1, "c"), ("a", -1, "a"), ("unknown", 1, "unknown")],
)
def test_step_past_an_end_stays(organization_id: str, direction: int, expected: str) -> None:
    assert step(["a", "b", "c"], organization_id, direction) == expected


def test_order_is_sorted_and_filtered_as_the_overview(server: Server) -> None:
    url = f"{server.url}/overview/order"
    order = httpx.get(url, params={"period_id": "2024", "sort": "name"}).json()
    assert sorted(order) == IDS
    assert httpx.get(url, params={"period_id": "2024", "sort": "-name"}).json() == order[::-1]
    assert httpx.get(url, params={"period_id": "2024", "show": "failed"}).json() == []
    assert httpx.get(url, params={"period_id": "2024-H3"}).status_code == 422


def test_link_without_scripts_leads_to_the_next_report(server: Server) -> None:
    query = {"period_id": "2024", "sort": "name"}
    order = httpx.get(f"{server.url}/overview/order", params=query).json()
    for name, start, end in (("next", 0, 1), ("previous", 1, 0), ("next", 2, 2)):
        response = httpx.get(
            f"{server.url}/overview/{name}", params={**query, "organization_id": order[start], "compare": "2022"}
        )
        assert response.status_code == 302
        target = urlsplit(response.headers["Location"])
        assert target.path == "/preview"
        shown = {key: values[0] for key, values in parse_qs(target.query).items()}
        assert shown == {**query, "organization_id": order[end], "compare": "2022"}
