"""Fixtures of the dashboard's tests: the form, the texts, and pages rendered from sample previews."""

from collections.abc import Callable

import pytest
from lxml import html

from components import assets
from components.context import AppContext
from components.layout.preferences import Translator
from components.preview.presenter import present_report
from components.preview.report_cache import render_regions
from components.preview.report_view import ReportView
from preview.core.languages import Language
from preview.core.settings import Settings
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.runtime.application import Application
from preview.views.preview import Preview

Regions = dict[str, html.HtmlElement]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def texts() -> MessageCatalog:
    return MessageCatalog.load()


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> AppContext:
    """The context of an application over an empty store that is closed already."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), prefix="/bufdir")
    application = Application.open(settings)
    try:
        return AppContext.from_application(application, assets.load_assets())
    finally:
        application.close()


@pytest.fixture
def present(catalogue: Catalogue, texts: MessageCatalog) -> Callable[..., ReportView]:
    """Return a function that presents a preview."""

    def present_in(preview: Preview, language: Language = "nb") -> ReportView:
        return present_report(preview, catalogue, Translator(texts, language))

    return present_in


@pytest.fixture
def render(context: AppContext, present: Callable[..., ReportView]) -> Callable[..., Regions]:
    """Return a function that renders the regions of a preview, as elements by id."""

    def render_in(preview: Preview, language: Language = "nb") -> Regions:
        regions = render_regions(context, present(preview, language))
        # The parser drops a row that is not in a table.
        return {
            region: html.fragment_fromstring(f"<table>{text}</table>")[0]
            if text.startswith("<tr")
            else html.fragment_fromstring(text)
            for region, text in regions.items()
            if region not in ("title", "caption", "columns")
        }

    return render_in
