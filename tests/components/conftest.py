"""The form and its texts, and pages drawn of a preview made by hand."""

from collections.abc import Callable

import pytest
from lxml import html

from components import assets
from components.context import AppContext
from components.layout.preferences import Translator
from components.preview.presenter import ReportView, present_report
from components.preview.report_cache import render_regions
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
    """Of an application over an empty store, which is not started."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), prefix="/bufdir")
    application = Application.open(settings)
    try:
        return AppContext.from_application(application, assets.load_assets())
    finally:
        application.close()


@pytest.fixture
def present(catalogue: Catalogue, texts: MessageCatalog) -> Callable[..., ReportView]:
    """A preview, worded."""

    def present_in(preview: Preview, language: Language = "nb") -> ReportView:
        return present_report(preview, catalogue, Translator(texts, language))

    return present_in


@pytest.fixture
def render(context: AppContext, present: Callable[..., ReportView]) -> Callable[..., Regions]:
    """A preview's regions by id, as elements."""

    def render_in(preview: Preview, language: Language = "nb") -> Regions:
        regions = render_regions(context, present(preview, language))
        # A row is no element outside a table.
        return {
            region: html.fragment_fromstring(f"<table>{text}</table>")[0] if text.startswith("<tr") else html.fragment_fromstring(text)
            for region, text in regions.items()
            if region not in ("title", "caption", "columns")
        }

    return render_in
