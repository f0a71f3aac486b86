"""The first load of a page: few bytes, and the purged stylesheet has the effect of the full design system."""

import re
from collections.abc import Generator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.support.network_usage import NetworkUsage
from tests.builders.case_xml import folder, melding
from tests.support import pipeline
from tests.support.server_process import REPOSITORY, running_server
from tools.build_stylesheets import BUNDLES

pytestmark = [pytest.mark.browser, pytest.mark.chromium]  # network log and media emulation

COMPONENTS = REPOSITORY / "components"
COLD_BYTES, WARM_BYTES = 300_000, 60_000
_FONT_FACE = re.compile(r"@font-face \{[^}]*\}")

# The computed styles of each kind of element and of its ::before and ::after, in both themes. Elements are of one kind
# if selectors can tell them and their ancestors apart by their place only: of attributes that name or describe, only
# what the stylesheet asks for counts.
_COLLECT_STYLES = """["light", "dark"].flatMap(theme => {
  document.documentElement.dataset.colorScheme = theme
  document.getAnimations().forEach(each => { try { each.finish() } catch { each.cancel() } })
  const names = [...getComputedStyle(document.body)].filter(name => !name.startsWith("--"))
  const describes = name => /^(id|href|title|name|for|value|datetime|(data|aria)-.*)$/.test(name)
  const seen = ({name, value}) => {
    const asked = describes(name) ? selectors.filter(each => each[1] === name) : [["", name, "*=", ""]]
    const isSeen = asked.some(([, , operator, other]) => operator && (operator !== "=" || other === value))
    return asked.length ? ` ${name}=${isSeen ? value : ""}` : ""
  }
  const tag = each => `${each.localName}${[...each.attributes].map(seen).join("")}`
  const known = new Map()
  const kind = each => {
    if (each && !known.has(each)) known.set(each, `${kind(each.parentElement)} ${tag(each)}`)
    return each ? known.get(each) : theme
  }
  const all = [...document.querySelectorAll("html, body, body *:not(svg *, .chart__in, .chart__in *)")]
  const kinds = new Map(all.map(each => [kind(each), each]))
  return [...kinds].flatMap(([name, each]) => ["", "::before", "::after"].map(part => {
    const style = getComputedStyle(each, part)
    if (part && style.content === "none") return `${name}${part} {}`
    return `${name}${part} {${names.map(name => `${name}: ${style.getPropertyValue(name)}`).join("; ")}`
  }))
})"""
# Loads the fonts first, so that the two measurements differ only in the stylesheet.
_WITH_FONTS = """async fonts => {
  const own = document.querySelector("link[rel=stylesheet]"), style = document.createElement("style")
  style.textContent = fonts.replaceAll("url(inter", `url(${own.getAttribute("href").replace(/[^/]*$/, "")}inter`)
  document.head.append(style)
  await Promise.all([400, 500, 600, 700].map(weight => document.fonts.load(`${weight} 1em Inter`, "Aa")))
  await document.fonts.ready
}"""
_COMPUTED_STYLES = f"""sheets => {{
  const selectors = [...sheets.matchAll(/\\[([\\w-]+)(?:([~|^$*]?=)["']?([^"'\\]]*))?/g)]
  const looks = () => {_COLLECT_STYLES}
  const before = looks(), all = document.createElement("style")
  all.textContent = sheets
  document.querySelector("link[rel=stylesheet]").replaceWith(all)
  return [before, looks()]
}}"""
_OPEN_ALL = """() => {
  document.querySelectorAll("dialog").forEach(each => { each.open = true })
  document.querySelectorAll("details:not([data-history])").forEach(each => { each.open = true })
  document.querySelectorAll("[popover]").forEach(each => each.removeAttribute("popover"))
  document.querySelectorAll("[hidden]").forEach(each => { each.hidden = false })
}"""


@dataclass(frozen=True)
class SmallServer:
    """A server with one service that has reports of two years."""

    url: str
    organization_id: str


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Generator[SmallServer]:
    """Run a server on which nothing changes."""
    data_dir = tmp_path_factory.mktemp("small") / "data"
    data_dir.mkdir()
    with pipeline.open_application(data_dir) as application:
        [organization_id] = pipeline.deliver(
            application, folder(meldinger=[melding("2023-01-10"), melding("2024-01-10")])
        ).organizations
        for period in ("2023", "2024"):
            pipeline.aggregate(application, organization_id, period)
    with running_server(data_dir, "--no-auto-aggregate") as server:
        yield SmallServer(server.url, organization_id)


def _address(small: SmallServer, path: str) -> str:
    return f"{small.url}{path.format(small.organization_id)}"


def _wait_until_live(page: Page) -> None:
    expect(page.locator("html[data-live=on]")).to_be_attached()


@pytest.mark.parametrize(
    "path", ["/preview?organization_id={}&period_id=2024", pytest.param("/", marks=pytest.mark.slow)]
)
def test_warm_visit_transfers_few_bytes(browser: Browser, small: SmallServer, path: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    cold = NetworkUsage(page)
    page.goto(_address(small, path))
    _wait_until_live(page)
    assert 200_000 < cold.bytes < COLD_BYTES  # the lower bound proves that the network log is complete
    again = context.new_page()
    warm = NetworkUsage(again)
    again.goto(_address(small, path))
    _wait_until_live(again)
    warm.wait_until_quiet()
    assert 2_000 < warm.bytes < WARM_BYTES
    context.close()


def _unpurged_sheet(name: str) -> str:
    """Return the stylesheet of a page with all of Designsystemet, unpurged."""
    parts = (*BUNDLES[name], "vendor/theme.css", "vendor/designsystemet.css")
    return "\n".join((COMPONENTS / part).read_text(encoding="utf-8").replace('@charset "UTF-8";', "") for part in parts)


@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("/preview?organization_id={}&period_id=2024", "preview.css", marks=pytest.mark.slow),
        pytest.param("/", "overview.css", marks=pytest.mark.slow),
        ("/nowhere", "page.css"),
    ],
)
@pytest.mark.own_page
def test_purged_styles_equal_full_styles(page: Page, small: SmallServer, path: str, name: str) -> None:
    page.emulate_media(reduced_motion="reduce")
    page.goto(_address(small, path))
    if path != "/nowhere":
        _wait_until_live(page)
    whole = _unpurged_sheet(name)
    page.evaluate(_WITH_FONTS, "\n".join(_FONT_FACE.findall(whole)))
    page.evaluate(_OPEN_ALL)
    before, after = page.evaluate(_COMPUTED_STYLES, _FONT_FACE.sub("", whole))
    assert len(before) == len(after) > 100
    assert any("font-family: Inter" in style for style in before)
    assert [_difference(one, other) for one, other in zip(before, after, strict=True) if one != other] == []


def _difference(one: str, other: str) -> str:
    (what, styles), (_, others) = one.split("{", 1), other.split("{", 1)
    return f"{what[-200:]}: {set(styles.split('; ')) ^ set(others.split('; '))}"
