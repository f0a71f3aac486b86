"""Uploads to the API from a browser: by an HTML form, and by XMLHttpRequest with progress."""

import itertools
from collections.abc import Generator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Page

from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import wait_until, zip_files
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

DELIVERIES = "/api/v1/deliveries"
FORM = f"""<form method="post" action="{DELIVERIES}?full=true" enctype="multipart/form-data">
<label>Filer <input type="file" name="filer" multiple></label>
<label>Ingen <input type="file" name="ingen"></label>
<button>Lever</button></form>"""
SEND = f"""file => new Promise(resolve => {{
  const request = new XMLHttpRequest(), progress = []
  request.upload.onprogress = event => progress.push(event.loaded / event.total)
  request.onload = () => resolve({{
    status: request.status, type: file.type, location: request.getResponseHeader('Location'), progress
  }})
  request.onerror = () => resolve({{status: 0, type: '', location: '', progress}})
  request.open('POST', '{DELIVERIES}')
  request.send(file)
}})"""


_numbers = itertools.count(4712)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    with running_server(tmp_path_factory.mktemp("upload") / "data") as running:
        yield running


@pytest.fixture
def service() -> ChildWelfareService:
    """Return a service that no other test has delivered for."""
    return ChildWelfareService(next(_numbers))


@pytest.fixture
def files(tmp_path: Path, service: ChildWelfareService) -> list[Path]:
    """Write three cases in two files, and a file of an unknown format, with usual file names."""
    cases = [service.case(case, "2024-12-31", []) for case in range(3)]
    named = {
        'sak æøå "1".xml': cases[0],
        "resten av sakene.zip": zip_files(cases[1:]),
        "liste.csv": b"navn;nummer\n",
    }
    for name, content in named.items():
        (tmp_path / name).write_bytes(content)
    return [tmp_path / name for name in named]


def document(server: Server, path: str) -> dict[str, object]:
    """Wait until a delivery is imported, and return it."""

    def found() -> dict[str, object]:
        return httpx.get(f"{server.url}{path}").json()

    wait_until(lambda: found()["completed_at"] is not None, "the delivery")
    return found()


def test_html_form_uploads_files(server: Server, page: Page, files: list[Path]) -> None:
    page.goto(f"{server.url}/nowhere")  # a page whose policy lets scripts send
    page.set_content(FORM)
    page.get_by_label("Filer").set_input_files(files)
    with page.expect_navigation() as navigation:
        page.get_by_role("button", name="Lever").click()
    response = navigation.value
    assert response.status == 202
    receipt = response.json()
    assert (receipt["full"], receipt["size_bytes"]) == (True, sum(file.stat().st_size for file in files))
    delivery = document(server, f"{DELIVERIES}/{receipt['delivery_id']}")
    assert (delivery["files"], delivery["refused_files"], delivery["new_cases"]) == (4, 1, 3)
    assert (delivery["delivery_status"], delivery["actor"], delivery["full"]) == ("taken", "dashboard", True)


def test_xhr_uploads_file_with_progress(server: Server, page: Page, files: list[Path]) -> None:
    page.goto(f"{server.url}/nowhere")  # a page whose policy lets scripts send
    page.set_content(FORM)
    page.get_by_label("Filer").set_input_files(files[0])
    file = page.get_by_label("Filer").evaluate_handle("input => input.files[0]")
    sent = page.evaluate(SEND, file)
    assert (sent["status"], sent["type"]) == (202, "text/xml")
    assert sent["progress"][-1] == 1
    assert document(server, sent["location"])["new_cases"] == 1
