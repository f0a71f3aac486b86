"""The browsers that a worker drives: each is started once, when a test first needs it, and shared by all modules."""

import shutil
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, ViewportSize, sync_playwright
from playwright.sync_api import Error as PlaywrightError

from tests.support.server_process import REPOSITORY

BrowserName = Literal["chromium", "firefox"]

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# The same engine without a window loads a page with two thirds of the work.
_TEST_CHROMIUM_NAMES = ("chromium-headless-shell", *CHROMIUM_NAMES)
FIREFOX_NAMES = ("firefox-esr", "firefox")
# Chromium heeds the last list of this kind alone, so Playwright's own stands in it. The last two are pages of the
# address bar: with them every page that is opened starts two processes more.
_FEATURES_OFF = (
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "LensOverlay",
    "MediaRouter",
    "PaintHolding",
    "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "OptimizationHints",
    "NetworkTimeServiceQuerying",
    "AimEnabled",
    "PreconnectToSearch",
    "WebUIOmniboxPopup",
    "WebUIOmniboxAimPopup",
)
# Without these a headless Chromium talks to its maker, which a closed network answers with noise.
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--font-render-hinting=none",  # chromium-headless-shell would round the width of each letter to whole pixels
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    f"--disable-features={','.join(_FEATURES_OFF)}",
)

# One process for all pages of the servers, so that another page does not start one.
_TEST_ARGUMENTS = (*CHROMIUM_ARGUMENTS, "--process-per-site", "--in-process-gpu")

_CLEAR_STORAGE = "localStorage.clear(); sessionStorage.clear()"
_VIEWPORT: ViewportSize = {"width": 1440, "height": 900}
_PERSON: dict[str, Any] = {"viewport": _VIEWPORT, "locale": "nb-NO", "timezone_id": "Europe/Oslo"}


class Browsers:
    """Starts browsers and keeps them until `close`; they start again after it. Tests close the pages they open."""

    def __init__(self, folder: Path) -> None:
        """Start nothing yet.

        Args:
            folder: For the profiles of the browsers.
        """
        self._folder = folder
        self._stack = ExitStack()
        self._playwright: Playwright | None = None
        self._firefox: Browser | None = None
        self._contexts: dict[BrowserName, BrowserContext] = {}
        self._pages: dict[BrowserName, Page] = {}

    def browser(self, name: BrowserName) -> Browser:
        """Return a headless browser whose contexts share nothing: for Chromium, that of `context`."""
        if name == "chromium":
            browser = self.context(name).browser
            assert browser is not None
            return browser
        if self._firefox is None:
            self._firefox = _launch_firefox(self._driver(), self._folder)
            self._stack.callback(self._firefox.close)
        return self._firefox

    def context(self, name: BrowserName) -> BrowserContext:
        """Return the context of all pages that need no own one: 1440 by 900, bokmål.

        In Chromium on a disk, as a person has it: there alone it keeps what it has made of the pages' scripts, a third
        of the work of a page.
        """
        if name not in self._contexts:
            self._contexts[name] = context = (
                self.new_context(name)
                if name == "firefox"
                else self._driver().chromium.launch_persistent_context(
                    self._folder / "chromium", executable_path=_chromium_path(), args=[*_TEST_ARGUMENTS], **_PERSON
                )
            )
            context.on("close", self._forget)
            self._stack.callback(context.close)
        return self._contexts[name]

    def new_context(self, name: BrowserName) -> BrowserContext:
        """Return a context like that of `context`, for one test alone, which closes it."""
        return self.browser(name).new_context(**_PERSON)

    def page(self, name: BrowserName) -> Page:
        """Return the page that tests use one after the other: it has a process already."""
        page = self._pages.get(name)
        if page is None or page.is_closed():
            page = self._pages[name] = self.context(name).new_page()
        return page

    def reset_page(self, page: Page) -> None:
        """Leave the document of the page, forget what it has stored, and undo what a test may have done to the page.

        A page whose server is gone is closed instead.
        """
        try:
            page.evaluate(_CLEAR_STORAGE)
            page.goto(urljoin(page.url, "/healthz"))  # on the same site, or its process would end
            page.evaluate(_CLEAR_STORAGE)  # what was stored in leaving
        except PlaywrightError:
            page.close()
            return
        page.mouse.move(0, 0)
        if page.viewport_size != _VIEWPORT:
            page.set_viewport_size(_VIEWPORT)

    def close(self) -> None:
        """Close all browsers and the driver."""
        self._stack.close()
        self._playwright = None
        self._firefox = None
        self._contexts.clear()
        self._pages.clear()

    def _forget(self, context: BrowserContext) -> None:
        self._contexts = {name: kept for name, kept in self._contexts.items() if kept is not context}

    def _driver(self) -> Playwright:
        if self._playwright is None:
            self._playwright = self._stack.enter_context(sync_playwright())
        return self._playwright


def _chromium_path() -> str:
    path = _first(_TEST_CHROMIUM_NAMES)
    if path is None:
        pytest.fail("No Chromium was found: `make test` installs Debian's, elsewhere install it yourself.")
    return path


def _launch_firefox(playwright: Playwright, folder: Path) -> Browser:
    """The machine's own, over WebDriver BiDi."""
    path = _first(FIREFOX_NAMES)
    if path is None:
        pytest.skip("No Firefox was found: `make test` installs Debian's, elsewhere install it yourself.")
    relay = folder / "relay"
    relay.write_text(
        f'#!/bin/sh\ncd "{REPOSITORY}" && exec "{sys.executable}" -m tests.support.bidi_relay "{path}" "$@"\n',
        encoding="utf-8",
    )
    relay.chmod(0o700)
    preferences: dict[str, str | float | bool] = {
        "ui.useOverlayScrollbars": 1,
        "browser.download.alwaysOpenPanel": False,  # it takes the keys from the page
    }
    return playwright.firefox.launch(channel="moz-firefox", executable_path=relay, firefox_user_prefs=preferences)


def _first(names: tuple[str, ...]) -> str | None:
    return next((path for name in names if (path := shutil.which(name))), None)
