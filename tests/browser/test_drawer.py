"""The delivery drawer: upload of dropped and chosen files, progress until they are imported, messages on refusal."""

import base64
import os
from collections.abc import Callable, Generator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Service
from tests.browser.support.axe import violations
from tests.browser.support.faulty_proxy import faulty_proxy
from tests.browser.support.overview_fixtures import open_second_application
from tests.support.pipeline import zip_files
from tests.support.server_process import Server, running_server

pytestmark = pytest.mark.browser

DELIVERIES = "/api/v1/deliveries"
LIMIT = 1_000_000
SETTINGS = {"BUFDIR_PREVIEW_AUTO_AGGREGATE": "false", "BUFDIR_PREVIEW_MAX_DELIVERY_BYTES": str(LIMIT)}
# Dispatches the events of a drag and drop, which cannot be simulated with files otherwise.
DROP = """(target, files) => {
  const transfer = new DataTransfer()
  const bytes = content => Uint8Array.from(atob(content), letter => letter.charCodeAt(0))
  for (const {name, content} of files) transfer.items.add(new File([bytes(content)], name))
  for (const type of ["dragover", "drop"])
    target.dispatchEvent(new DragEvent(type, {bubbles: true, cancelable: true, dataTransfer: transfer}))
}"""


WRONG_LIST = b"organization_id,organization_name,organisasjonsnummer\n" + b"org-x,No number,abc\n" * 3


class UploadFile(NamedTuple):
    """A file on the visitor's computer."""

    name: str
    content: bytes

    @property
    def as_upload(self) -> Any:
        """Return the file for a file picker."""
        return {"name": self.name, "mimeType": "", "buffer": self.content}


@pytest.fixture(scope="module")
def empty_server(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Run a server on an empty store without automatic aggregation."""
    with running_server(tmp_path_factory.mktemp("drawer") / "data", environment=SETTINGS) as server:
        yield server


@pytest.fixture
def overview(page: Page, empty_server: Server) -> Page:
    """Open the overview and wait until it is live."""
    return live(page, empty_server.url)


def live(page: Page, address: str) -> Page:
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("data-live", "on")
    return page


def drop(page: Page, *files: UploadFile) -> None:
    """Drop files on the page."""
    page.locator("main").evaluate(
        DROP, [{"name": file.name, "content": base64.b64encode(file.content).decode()} for file in files]
    )


def drawer(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Lever uttrekk")


def entry(page: Page, name: str) -> Locator:
    return drawer(page).get_by_role("listitem").filter(has=page.get_by_text(name, exact=True))


def list_deliveries(server: Server) -> list[dict[str, Any]]:
    return httpx.get(f"{server.url}{DELIVERIES}", params={"limit": 100}).json()["data"]


def test_empty_store_offers_file_picker(overview: Page) -> None:
    expect(overview.get_by_text("Ingen rapporter ennå. Dra inn leveranser, eller velg filer.")).to_be_visible()
    with overview.expect_file_chooser() as chooser:
        overview.get_by_role("button", name="Velg filer").click()
    assert chooser.value.is_multiple()


def test_dropped_files_are_delivered_and_outcome_announced(overview: Page, empty_server: Server) -> None:
    page, service = overview, Service(8101)
    before = len(list_deliveries(empty_server))
    drop(
        page, UploadFile("alle sakene æøå.zip", zip_files(service.folders())), UploadFile("liste.csv", b"navn;nummer\n")
    )
    expect(drawer(page)).to_be_visible()
    # Each folder has dates after its extract and a melding that was concluded too late.
    expect(entry(page, "alle sakene æøå.zip")).to_contain_text("Tatt inn 9 saksmapper, 5 varsler, 9 merknader")
    expect(entry(page, "alle sakene æøå.zip")).to_contain_text("barnevern v4, 9 filer")
    expect(entry(page, "alle sakene æøå.zip").get_by_role("link", name=service.name)).to_be_visible()
    expect(entry(page, "liste.csv")).to_contain_text("Avvist 1 feil")
    # The findings of a refused file are open at once, with what to do.
    expect(entry(page, "liste.csv").get_by_text("Den første linjen i CSV-filen har ikke kolonnene")).to_be_visible()
    expect(drawer(page).get_by_role("log")).to_contain_text("liste.csv: avvist, ingenting er endret.")

    # Findings that are opened stay with their delivery when another one comes; one with errors opens its own.
    findings = entry(page, "alle sakene æøå.zip").get_by_role("group")
    findings.get_by_text("14 funn").click()
    drop(page, UploadFile("tjenester.csv", WRONG_LIST))
    wrong = entry(page, "tjenester.csv")
    expect(wrong).to_contain_text("0 av 3 linjer tatt inn 3 feil")
    expect(wrong.get_by_text("organisasjonsnummer er ikke 9 siffer.")).to_be_visible()
    expect(drawer(page).get_by_role("log")).to_contain_text("tjenester.csv: 0 av 3 linjer tatt inn, 3 feil.")
    expect(findings).to_have_attribute("open", "")
    expect(entry(page, "liste.csv").get_by_role("group")).to_have_attribute("open", "")

    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    expect(page.get_by_role("row", name=service.name)).to_be_visible()  # the page behind the drawer is updated too
    sent = list_deliveries(empty_server)[: len(list_deliveries(empty_server)) - before]
    assert {(delivery["delivery_status"], delivery["actor"], delivery["full"]) for delivery in sent} == {
        ("taken", "dashboard", False),
        ("refused", "dashboard", False),
    }

    # File names are not stored, so they are gone after a reload.
    live(page, empty_server.url)
    assert "æøå" not in page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    page.keyboard.press("i")
    for delivery in sent:
        expect(entry(page, delivery["delivery_id"])).to_contain_text(
            "att inn" if delivery["delivery_status"] == "taken" else "Avvist"
        )
    expect(drawer(page).get_by_text("alle sakene æøå.zip")).to_have_count(0)


def test_entry_removed_after_erasure_of_its_organization(overview: Page, empty_server: Server) -> None:
    page, gone, kept = overview, Service(8150), Service(8151)
    drop(page, UploadFile("glemt.zip", zip_files(gone.folders())), UploadFile("holdt.zip", zip_files(kept.folders())))
    for name in ("glemt.zip", "holdt.zip"):
        expect(entry(page, name)).to_contain_text("Tatt inn")
    entry(page, "glemt.zip").get_by_role("link", name=gone.name).focus()
    with open_second_application(empty_server.data_dir) as application:
        application.eraser.erase(gone.organization_id, "a test")
    expect(entry(page, "glemt.zip")).to_have_count(0)
    expect(entry(page, "holdt.zip")).to_be_visible()
    expect(drawer(page).locator("#deliver-files")).to_be_focused()


def test_loose_files_form_one_delivery_with_findings_per_file(overview: Page, empty_server: Server) -> None:
    page, service = overview, Service(8102)
    drop(
        page,
        *(UploadFile(f"sak {case}.xml", service.folder(case)) for case in range(2)),
        UploadFile("annet.xml", b"<Barnevern><Sak/></Barnevern>"),
    )
    one = entry(page, "3 filer")
    expect(one).to_contain_text("2 av 3 filer tatt inn 2 saksmapper, 1 feil")
    refused = one.get_by_role("listitem").filter(has_text="annet.xml")
    expect(refused).to_be_visible()
    assert list_deliveries(empty_server)[0]["files"] == 3


@pytest.mark.own_page
def test_drawer_works_by_keyboard(overview: Page) -> None:
    page, service = overview, Service(8103)
    page.on(
        "filechooser",
        lambda chooser: chooser.set_files(
            [UploadFile("mappe.xml", service.folder(0)).as_upload, UploadFile("brev.docx", b"abc").as_upload]
        ),
    )
    opener = page.get_by_role("button", name="Lever uttrekk")
    opener.focus()
    page.keyboard.press("Enter")
    picker = drawer(page).get_by_label("Filer med uttrekk")
    expect(picker).to_be_focused()
    page.keyboard.press("Enter")
    expect(entry(page, "mappe.xml")).to_contain_text("Tatt inn 1 saksmappe")
    expect(entry(page, "brev.docx")).to_contain_text("Filtypen tas ikke imot. Lever XML, ZIP eller CSV.")

    page.keyboard.press("Tab")
    expect(drawer(page).get_by_role("checkbox", name="Full leveranse")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Fjern brev.docx")).to_be_focused()
    page.keyboard.press("Enter")
    expect(drawer(page).get_by_text("brev.docx", exact=True)).to_have_count(0)
    expect(picker).to_be_focused()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()


def test_full_delivery_option_resets_after_each_delivery(overview: Page, empty_server: Server) -> None:
    page, service = overview, Service(8104)
    drop(page, UploadFile("alt.zip", zip_files(service.folders())))
    expect(entry(page, "alt.zip")).to_contain_text("Tatt inn 9 saksmapper")
    drawer(page).get_by_role("checkbox", name="Full leveranse").check()
    drop(page, *(UploadFile(f"{case}.xml", service.folder(case, day="2025-02-01")) for case in range(6)))
    expect(entry(page, "6 filer")).to_contain_text("2 saker fjernet")
    assert list_deliveries(empty_server)[0]["full"]
    expect(drawer(page).get_by_role("checkbox", name="Full leveranse")).not_to_be_checked()


def test_oversized_and_empty_files_are_not_sent(overview: Page, empty_server: Server) -> None:
    page, before = overview, len(list_deliveries(empty_server))
    drop(page, UploadFile("stor.zip", b"0" * (LIMIT + 1)), UploadFile("tom.xml", b""))
    expect(entry(page, "stor.zip")).to_contain_text(
        "Filen er større enn grensen for en leveranse (1,0 MB). Del den opp."
    )
    expect(entry(page, "tom.xml")).to_contain_text("Filen er tom.")
    expect(page.get_by_role("button", name="Prøv stor.zip igjen")).to_have_count(0)
    assert len(list_deliveries(empty_server)) == before


@pytest.fixture
def limit_upload_rate(overview: Page) -> Generator[Callable[[int], None]]:
    """Limit the page's upload rate, in bytes per second."""
    devtools = overview.context.new_cdp_session(overview)

    def set_rate(rate: int) -> None:
        devtools.send("Network.enable")
        conditions = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": rate}
        devtools.send("Network.emulateNetworkConditions", conditions)

    yield set_rate
    devtools.detach()


@pytest.mark.chromium
def test_upload_continues_in_closed_drawer_and_can_be_cancelled(
    overview: Page, empty_server: Server, limit_upload_rate: Callable[[int], None]
) -> None:
    page, before = overview, len(list_deliveries(empty_server))
    limit_upload_rate(12_500)
    drop(page, UploadFile("treg.zip", b"PK" + b"0" * 970_000))
    expect(entry(page, "treg.zip")).to_contain_text("Sendes, ")
    page.keyboard.press("Escape")
    expect(drawer(page)).to_be_hidden()
    page.keyboard.press("i")  # a file field in the drawer has the focus until the browser draws the page
    progress = drawer(page).get_by_role("progressbar", name="Hvor mye av treg.zip som er sendt")
    expect(progress).to_be_visible()
    expect(entry(page, "treg.zip").get_by_text("Sendes, 0\u00a0%")).to_have_count(0)
    assert 0 < progress.evaluate("each => each.value") < 1
    page.get_by_role("button", name="Avbryt treg.zip").click()
    expect(drawer(page).get_by_text("treg.zip", exact=True)).to_have_count(0)
    expect(drawer(page).get_by_role("log")).to_contain_text("treg.zip er avbrutt. Ingenting er levert.")
    assert len(list_deliveries(empty_server)) == before


def test_interrupted_upload_can_be_retried_once(overview: Page, empty_server: Server) -> None:
    page, service = overview, Service(8105)
    before = len(list_deliveries(empty_server))
    page.context.set_offline(True)
    drop(page, UploadFile("saker.zip", zip_files(service.folders())))
    expect(entry(page, "saker.zip")).to_contain_text("Forbindelsen ble brutt før alt var sendt.")
    retry = page.get_by_role("button", name="Prøv saker.zip igjen")
    retry.click()  # fails again: the focus, which went to another button meanwhile, comes back
    expect(retry).to_be_focused()
    page.context.set_offline(False)
    retry.click()
    expect(drawer(page).get_by_role("link", name=service.name)).to_be_visible()
    assert len(list_deliveries(empty_server)) == before + 1


@pytest.mark.slow
def test_file_changed_on_disk_is_to_be_chosen_again(overview: Page, empty_server: Server, tmp_path: Path) -> None:
    """Trying it again would fail every time, and choosing it again replaces it in the list."""
    page, service, chosen = overview, Service(8106), tmp_path / "endret.xml"
    before = len(list_deliveries(empty_server))
    chosen.write_bytes(service.folder(0))
    page.context.set_offline(True)
    page.keyboard.press("i")
    page.locator("#deliver-files").set_input_files(chosen)
    expect(entry(page, "endret.xml")).to_contain_text("Forbindelsen ble brutt før alt var sendt.")
    os.utime(chosen, (0, 0))  # the browser compares seconds, and a test may be quicker
    page.context.set_offline(False)
    page.get_by_role("button", name="Prøv endret.xml igjen").click()
    expect(entry(page, "endret.xml")).to_contain_text("Filen er endret eller flyttet etter at den ble valgt")
    again = page.get_by_role("button", name="Velg endret.xml på nytt")
    expect(again).to_be_focused()
    expect(page.get_by_role("button", name="Prøv endret.xml igjen")).to_have_count(0)
    with page.expect_file_chooser() as chooser:
        again.click()
    chooser.value.set_files(chosen)
    expect(drawer(page).get_by_role("link", name=service.name)).to_be_visible()
    assert len(list_deliveries(empty_server)) == before + 1


@pytest.mark.slow
def test_page_with_unsent_file_reloads_only_after_upload(page: Page, empty_server: Server) -> None:
    """The connection is lost during the upload; a reload would lose the chosen file."""
    service = Service(8106)
    with faulty_proxy(empty_server) as proxy:
        live(page, proxy.url)
        proxy.cut()
        expect(page.locator("html")).to_have_attribute("data-live", "lost")
        drop(page, UploadFile("saker.zip", zip_files(service.folders())))
        expect(entry(page, "saker.zip")).to_contain_text("Forbindelsen ble brutt")
        expect(drawer(page).get_by_text("Filer du velger, sendes hvis serveren svarer.")).to_be_visible()
        for _ in range(2):
            with page.expect_response("**/readyz") as answered:
                proxy.restore()
            assert answered.value.ok
        page.get_by_role("button", name="Prøv saker.zip igjen").click()
        # The page reloads after the upload, with the drawer open.
        expect(page.locator("html")).to_have_attribute("data-live", "on")
        expect(entry(page, list_deliveries(empty_server)[0]["delivery_id"])).to_contain_text("Tatt inn 9 saksmapper")


def test_report_without_source_offers_upload(page: Page, empty_server: Server) -> None:
    service = Service(8107)
    live(page, empty_server.url)
    drop(page, UploadFile("gammel.xml", service.folder(0, day="2023-06-01")))
    expect(entry(page, "gammel.xml")).to_contain_text("Tatt inn")
    live(page, f"{empty_server.url}/preview?organization_id={service.organization_id}&period_id=2024")
    notice = page.get_by_text("Det finnes ingen data for 2024 for denne tjenesten.")
    expect(notice).to_be_visible()
    page.locator("main").get_by_role("button", name="Lever uttrekk").click()
    drawer(page).get_by_label("Filer med uttrekk").set_input_files([UploadFile("ny.xml", service.folder(0)).as_upload])
    expect(entry(page, "ny.xml")).to_contain_text("Tatt inn")
    page.keyboard.press("Escape")
    expect(notice).to_have_count(0)
    expect(page.get_by_role("button", name="Aggreger", exact=True)).to_be_visible()


@pytest.mark.parametrize(("theme", "width"), [pytest.param("light", 1440, marks=pytest.mark.slow), ("dark", 320)])
def test_drawer_has_no_axe_violation(page: Page, empty_server: Server, theme: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    live(page, f"{empty_server.url}/?theme={theme}")
    drop(page, UploadFile("liste.csv", b"navn;nummer\n"), UploadFile("brev.docx", b"abc"))
    expect(entry(page, "liste.csv")).to_contain_text("Avvist")
    expect(entry(page, "brev.docx")).to_contain_text("Filtypen tas ikke imot.")
    assert violations(page) == []
    assert drawer(page).evaluate("each => each.scrollWidth") <= width
