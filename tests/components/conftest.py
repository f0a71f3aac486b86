"""The form and its texts, and pages drawn of a preview made by hand."""

from collections.abc import Callable

import pytest
from lxml import html

from components import assets
from components.context import House
from components.layout.preferences import Words
from components.preview.presenter import Shown, word
from components.preview.report_cache import draw
from preview.core.languages import Language
from preview.core.settings import Settings
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import Texts
from preview.runtime.application import Application
from preview.views.preview import Preview

Drawn = dict[str, html.HtmlElement]


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return Catalogue.load()


@pytest.fixture(scope="session")
def texts() -> Texts:
    return Texts.load()


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    """Of an application over an empty store, which is not started."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("data"), prefix="/bufdir")
    application = Application.open(settings)
    try:
        return House.of(application, assets.load())
    finally:
        application.close()


@pytest.fixture
def wording(catalogue: Catalogue, texts: Texts) -> Callable[..., Shown]:
    """A preview, worded."""

    def worded(preview: Preview, language: Language = "nb") -> Shown:
        return word(preview, catalogue, Words(texts, language))

    return worded


@pytest.fixture
def drawing(house: House, wording: Callable[..., Shown]) -> Callable[..., Drawn]:
    """A preview's regions by id, as elements."""

    def drawn(preview: Preview, language: Language = "nb") -> Drawn:
        regions = draw(house, wording(preview, language))
        # A row is no element outside a table.
        return {
            region: html.fragment_fromstring(f"<table>{text}</table>")[0] if text.startswith("<tr") else html.fragment_fromstring(text)
            for region, text in regions.items()
            if region not in ("title", "caption", "columns")
        }

    return drawn
