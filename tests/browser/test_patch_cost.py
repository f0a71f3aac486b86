"""What a patch costs the browser: the styles of few elements, however long the page is."""

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import Service
from tests.support.server_process import Server

pytestmark = [pytest.mark.browser, pytest.mark.chromium]

PATCH = """() => {
  const job = '<p class="job" data-region="job"><span>Venter</span><progress max="100" value="10">10 %</progress></p>'
  document.dispatchEvent(new CustomEvent("live:regions", {detail: {job}}))
  return document.querySelector("[data-region=job]").offsetHeight
}"""
"""Writes a region into the page, and has the browser lay it out."""
MAX_ELEMENTS = 100


def test_patch_of_head_computes_few_styles(
    browser: Browser, busy: Server, open_preview: Callable[..., Page], services: dict[str, Service]
) -> None:
    page = open_preview(busy, services["still"])
    page.evaluate("document.fonts.ready.then(() => document.body.offsetHeight)")
    browser.start_tracing(page=page, categories=["devtools.timeline"])
    assert page.evaluate(PATCH) > 0
    events = json.loads(browser.stop_tracing())["traceEvents"]
    styled = [event["args"]["elementCount"] for event in events if event["name"] == "UpdateLayoutTree"]
    assert page.locator("*").count() > 10 * MAX_ELEMENTS
    assert 0 < max(styled) <= MAX_ELEMENTS
