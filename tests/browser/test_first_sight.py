"""What a page needs to be seen: little, and yet all that it is made from."""

from collections.abc import Generator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Page, expect

from tests import pipeline
from tests.folders import folder, melding
from tests.servers import REPOSITORY, running

pytestmark = [pytest.mark.browser, pytest.mark.chromium]  # the browser's network log, and its media settings

COMPONENTS = REPOSITORY / "components"
WARM_BYTES = 60_000

# Each kind of element, and what stands before and after it, with all that its styles come to; in the theme of now and in the other.
_LOOKS = """() => ["light", "dark"].flatMap(theme => {
  document.documentElement.dataset.colorScheme = theme
  document.getAnimations().forEach(each => { try { each.finish() } catch { each.cancel() } })
  const kind = each => each ? `${kind(each.parentElement)} ${each.cloneNode(false).outerHTML.replace(/ (id|data-region|aria-\\w+)="[^"]*"/g, "")}` : theme
  const kinds = new Map([...document.querySelectorAll("html, body, body *:not(svg *, .chart__in, .chart__in *)")].map(each => [kind(each), each]))
  return [...kinds].flatMap(([name, each]) => ["", "::before", "::after"].map(part => {
    const style = getComputedStyle(each, part)
    if (part && style.content === "none") return `${name}${part} {}`
    return `${name}${part} {${[...style].filter(name => !name.startsWith("--")).map(name => `${name}: ${style[name]}`).join("; ")}`
  }))
})"""
# Those styles of Designsystemet too that the page's sheet leaves out, under the same layers. The fonts lie beside the sheet.
_WITH_ALL = """sheets => {
  const own = document.querySelector("link[rel=stylesheet]"), all = document.createElement("style")
  all.textContent = sheets.replaceAll("url(inter", `url(${own.getAttribute("href").replace(/[^/]*$/, "")}inter`)
  own.replaceWith(all)
}"""
_OPEN_ALL = """() => {
  document.querySelectorAll("dialog").forEach(each => { each.open = true })
  document.querySelectorAll("details:not([data-history])").forEach(each => { each.open = true })
  document.querySelectorAll("[popover]").forEach(each => each.removeAttribute("popover"))
  document.querySelectorAll("[hidden]").forEach(each => { each.hidden = false })
}"""


@dataclass(frozen=True)
class Small:
    """A server with one service of two years."""

    url: str
    organization_id: str


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Generator[Small]:
    """Nothing happens on it."""
    data_dir = tmp_path_factory.mktemp("small") / "data"
    data_dir.mkdir()
    with pipeline.opened(data_dir) as application:
        [organization_id] = pipeline.deliver(application, folder(meldinger=[melding("2023-01-10"), melding("2024-01-10")])).organizations
        for period in ("2023", "2024"):
            pipeline.aggregate(application, organization_id, period)
    with running(data_dir, "--no-auto-aggregate") as server:
        yield Small(server.url, organization_id)


class Moved:
    """Counts the bytes that a page sends and is sent, heads and WebSocket frames too, as the browser's own network log has them."""

    def __init__(self, page: Page) -> None:
        self.bytes = 0
        log = page.context.new_cdp_session(page)
        log.send("Network.enable")
        log.on("Network.loadingFinished", lambda event: self._add(event["encodedDataLength"]))
        for way in ("Received", "Sent"):
            log.on(f"Network.webSocketFrame{way}", lambda event: self._add(len(event["response"]["payloadData"])))

    def _add(self, size: float) -> None:
        self.bytes += int(size)


def _address(small: Small, path: str) -> str:
    return f"{small.url}{path.format(small.organization_id)}"


def _live(page: Page) -> None:
    expect(page.locator("html[data-live=on]")).to_be_attached()


@pytest.mark.parametrize("path", ["/preview?organization_id={}&period_id=2024", "/"])
def test_a_warm_visit_moves_little(page: Page, small: Small, path: str) -> None:
    cold = Moved(page)
    page.goto(_address(small, path))
    _live(page)
    assert cold.bytes > 500_000  # so it is seen what is moved
    again = page.context.new_page()
    warm = Moved(again)
    again.goto(_address(small, path))
    _live(again)
    again.wait_for_load_state("networkidle")
    assert 2_000 < warm.bytes < WARM_BYTES


def _whole(name: str) -> str:
    """The sheet of a page with all of Designsystemet's styles."""
    parts = dict.fromkeys(("page.css", name, "vendor/theme.css", "vendor/designsystemet.css"))
    return "\n".join((COMPONENTS / part).read_text(encoding="utf-8").replace('@charset "UTF-8";', "") for part in parts)


@pytest.mark.parametrize(
    ("path", "name"), [("/preview?organization_id={}&period_id=2024", "preview.css"), ("/", "overview.css"), ("/nowhere", "page.css")]
)
def test_no_style_is_missed(page: Page, small: Small, path: str, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(_address(small, path))
    if path != "/nowhere":
        _live(page)
    page.evaluate(_OPEN_ALL)
    before: list[str] = page.evaluate(_LOOKS)
    page.evaluate(_WITH_ALL, _whole(name))
    page.evaluate("document.fonts.ready.then(() => null)")
    after: list[str] = page.evaluate(_LOOKS)
    assert len(before) == len(after) > 100
    assert any("font-family: Inter" in each for each in before)
    assert [_difference(one, other) for one, other in zip(before, after, strict=True) if one != other] == []


def _difference(one: str, other: str) -> str:
    (what, styles), (_, others) = one.split("{", 1), other.split("{", 1)
    return f"{what[-200:]}: {set(styles.split('; ')) ^ set(others.split('; '))}"
