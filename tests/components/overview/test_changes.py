"""The column of the overview that counts the changes since a moment, and the choice of the moment."""

from urllib.parse import parse_qs

import msgspec
import pytest
from lxml import html

from components.changes.presenter import counted_sentence, present_menu, usual_moments
from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.filters import OverviewFilters
from components.overview.presenter import OverviewRowView, present_row
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.views.changes_since import Moment
from preview.views.counted_changes import CountedChanges
from preview.views.overview_columns import STATUS_COLUMNS, ServiceLine, column_choice
from preview.views.overview_table import overview_table
from tests.components.overview_samples import READY, TODAY

YESTERDAY = Moment("yesterday", "2026-03-24T15:00:00Z")


@pytest.fixture
def nb(texts: MessageCatalog) -> Translator:
    return Translator(texts, "nb")


def _row(catalogue: Catalogue, t: Translator, changed: int | None) -> OverviewRowView:
    line = ServiceLine(msgspec.structs.replace(READY, changed=changed))
    return present_row(line, column_choice(catalogue, "", "yesterday"), 34, t, "2024", TODAY)


@pytest.mark.parametrize(("changed", "text"), [(None, "–ingen"), (0, "0"), (29, "29")])
def test_row_shows_number_of_changed_fields(
    context: AppContext, catalogue: Catalogue, nb: Translator, changed: int | None, text: str
) -> None:
    choice = column_choice(catalogue, "", "yesterday")
    rendered = context.macros("overview/overview_regions.html").row(_row(catalogue, nb, changed), choice, nb)
    (cell,) = html.fragment_fromstring(f"<table>{rendered}</table>").xpath(".//td[@class='c-changed']")
    assert cell.text_content().strip() == text


def test_rows_sort_by_number_of_changed_fields(catalogue: Catalogue, nb: Translator) -> None:
    filters = OverviewFilters.from_query({"since": "yesterday", "sort": "-changed"}, catalogue)
    rows = [_row(catalogue, nb, changed) for changed in (None, 2, 10, 0)]
    assert [row.entry.changed for row in filters.sort_rows(rows)] == [10, 2, 0, None]
    # Without a moment there is no such column.
    assert OverviewFilters.from_query({"sort": "-changed"}, catalogue).sort == "-status"


def test_preview_of_row_has_the_same_moment(catalogue: Catalogue, nb: Translator) -> None:
    query = parse_qs(_row(catalogue, nb, 3).preview_query)
    assert query == {"organization_id": ["org-0301-15"], "period_id": ["2024"], "since": ["yesterday"]}


def test_version_of_row_changes_with_the_number(catalogue: Catalogue, nb: Translator) -> None:
    assert _row(catalogue, nb, 3).version != _row(catalogue, nb, 4).version


def test_column_stands_beside_the_status_in_every_choice(catalogue: Catalogue) -> None:
    keys = [column.key for column in column_choice(catalogue, "", "yesterday").columns]
    assert keys == ["name", "review", "status", "filled", "deviations", "changed", "aggregated"]
    section = column_choice(catalogue, "hjelpetiltak", "yesterday")
    assert [column.key for column in section.columns][:3] == ["name", "status", "changed"]
    assert column_choice(catalogue, "") is STATUS_COLUMNS


def test_exported_column_names_the_moment(catalogue: Catalogue, texts: MessageCatalog) -> None:
    line = ServiceLine(msgspec.structs.replace(READY, changed=29))
    choice = column_choice(catalogue, "", "yesterday")
    table = overview_table([line], choice, [], 34, "2024", texts, "nb", "i går kl. 16:00")
    place = [column.header for column in table.columns].index("Felt endret siden i går kl. 16:00")
    assert table.rows[0][place] == 29


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        (None, ""),
        (CountedChanges(YESTERDAY), "Tallet under «Endret siden» er felt som er endret siden i går kl. 16:00."),
        (CountedChanges(Moment("approval")), "Tallet under «Endret siden» er felt som er endret siden godkjenningen."),
        (CountedChanges(obstacle="gone"), "Det går lenger tilbake enn historikken. Velg et senere tidspunkt."),
        (CountedChanges(obstacle="invalid"), "Det tidspunktet finnes ikke her. Velg et annet."),
    ],
)
def test_sentence_says_what_is_counted(nb: Translator, changes: CountedChanges | None, sentence: str) -> None:
    assert counted_sentence(changes, nb) == sentence


@pytest.mark.parametrize("language", LANGUAGES)
def test_menu_keeps_the_query_of_the_page(context: AppContext, texts: MessageCatalog, language: Language) -> None:
    t = Translator(texts, language)
    menu = present_menu("yesterday", YESTERDAY, {"q": "oslo"}, usual_moments(t), t, is_named=True)
    macros = context.macros("changes/changes_regions.html")
    element = html.fragment_fromstring(macros.choice(menu, True, "/", t, has_label=True))
    assert element.xpath(".//a/@href") == [
        "/bufdir/?q=oslo&since=approval",
        "/bufdir/?q=oslo&since=yesterday",
        "/bufdir/?q=oslo",
    ]
    assert element.xpath("string(.//form/input[@name='q']/@value)") == "oslo"
    button = " ".join(element.xpath("string(.//button[@id='since-open'])").split())
    assert button.startswith({"nb": "Endret siden", "nn": "Endra sidan", "en": "Changed since"}[language])
