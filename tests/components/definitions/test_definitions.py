"""The page of the definitions says what the API says; each entry has an anchor, and a search leaves what matches."""

from collections.abc import Callable
from typing import Any, cast

import msgspec
import pytest
from lxml import html

from api_handlers.resources.report_fields import ReportField
from components.context import AppContext
from components.definitions.page import DefinitionsPage
from components.definitions.presenter import present_definitions
from components.layout.preferences import RequestPreferences, Translator
from components.live_page import LoadedPage, PageServices
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.model.reviews import ReportingPeriodDocument
from preview.views.deviation_rules import DeviationRule, deviation_rules
from tests.components.preview_samples import QUIET_METADATA, make_preview, make_values

REPORTING_PERIOD = ReportingPeriodDocument("2025", "2025-01-01", "2025-12-31", None, 42, 40, 38)
RenderPage = Callable[..., html.HtmlElement]


@pytest.fixture
def render_page(context: AppContext, catalogue: Catalogue, texts: MessageCatalog) -> RenderPage:
    """Return a function that renders the page as it is sent first."""

    def render(language: Language = "nb", query: str = "") -> html.HtmlElement:
        # No session is opened, so that the page needs no updates.
        page = DefinitionsPage(PageServices(context, cast(Any, None), cast(Any, None), cast(Any, None)))
        form = present_definitions(catalogue, query, Translator(texts, language))
        loaded = LoadedPage(form, REPORTING_PERIOD, 0)
        return html.document_fromstring(
            page.render(loaded, RequestPreferences(language, "light", {"q": query}), "nonce")
        )

    return render


def text_of(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def facts_of(entry: html.HtmlElement) -> list[str]:
    return [text_of(fact) for fact in entry.xpath("./dl/dd")]


def rules_of(field: ReportField, rules: list[DeviationRule], language: Language) -> str:
    names = [getattr(rule.tags, language) for rule in rules if field.field_key in rule.field_keys]
    general = [getattr(rule.tags, language) for rule in rules if rule.about_report]
    return "".join(name for name in names if name not in general)


@pytest.mark.parametrize("language", LANGUAGES)
def test_page_says_what_the_api_says(
    render_page: RenderPage, catalogue: Catalogue, texts: MessageCatalog, language: Language
) -> None:
    page, rules = render_page(language), deviation_rules(catalogue, texts)
    for entry in catalogue.fields:
        field = msgspec.convert(entry, ReportField, from_attributes=True)
        shown = page.get_element_by_id(f"field-{field.field_key}")
        assert text_of(shown.find("h3")) == f"{field.number}{getattr(field.labels, language)}"
        assert text_of(shown.find("p")) == getattr(field.definitions, language)
        facts = facts_of(shown)
        assert facts[0] == field.field_key
        assert ("(" in facts[1]) == field.counts_persons
        assert facts[2:-2] == ([field.legal_basis] if field.legal_basis else [])
        assert facts[-2] == rules_of(field, rules, language)
        queries = [query.text_content() for query in shown.iter("code")][1:]
        assert queries == ([field.sql.strip()] if field.sql else [])
    for rule in rules:
        shown = page.get_element_by_id(f"rule-{rule.rule}")
        assert text_of(shown.find("h3")).endswith(f" {getattr(rule.tags, language)}")
        assert text_of(shown.find("p")) == " ".join(getattr(rule.definitions, language).split())
        assert facts_of(shown)[0] == rule.rule
        assert facts_of(shown)[-1] == getattr(rule.actions, language)
        assert all(f"{limit}" in text_of(shown.find("p")) for limit in rule.limits.values())


def test_rule_names_the_rows_that_it_can_be_shown_in(catalogue: Catalogue, texts: MessageCatalog) -> None:
    numbers = {
        rule.rule: [catalogue.field(key).number for key in rule.field_keys]
        for rule in deviation_rules(catalogue, texts)
    }
    shares = [field.number for field in catalogue.fields if field.unit == "prosent"]
    assert numbers["delmengde"] == [14, 19, 20, 21, 26, 31, 34]
    assert numbers["prosent"] == shares
    assert numbers["negativ"] == [number for number in range(1, 35) if number not in shares]
    assert numbers["stor_endring"] == list(range(1, 35))
    assert (numbers["frist_meldinger"], numbers["uten_plan"]) == ([5], [27])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_link_within_the_page_has_its_target(render_page: RenderPage, language: Language) -> None:
    page = render_page(language)
    ids = [element.get("id") for element in page.iter() if element.get("id")]
    targets = [link.get("href", "")[1:] for link in page.iter("a") if link.get("href", "").startswith("#")]
    assert len(set(ids)) == len(ids)
    assert len(targets) > 34
    assert set(targets) <= set(ids)


def test_row_links_to_its_rules_and_to_the_faults_of_its_source(
    render_page: RenderPage, render: Callable[..., dict[str, html.HtmlElement]], catalogue: Catalogue
) -> None:
    page = render_page()
    values = make_values(catalogue, antall_meldinger_mottatt=200)
    faulty = msgspec.structs.replace(QUIET_METADATA, findings=3)
    regions = render(make_preview(catalogue, values, make_values(catalogue), faulty))
    links = regions["detail-antall_meldinger_mottatt"].xpath(".//a[contains(@href, '#rule-')]")
    anchors = [link.get("href").partition("#")[2] for link in links]
    assert anchors == ["rule-stor_endring", "rule-funn"]
    for link, anchor in zip(links, anchors, strict=True):
        assert text_of(page.get_element_by_id(anchor).find("h3")).endswith(link.text)
    found = [
        link.get("href") for detail in regions.values() for link in detail.iter("a") if "held=" in link.get("href", "")
    ]
    assert found == ["/bufdir/deliveries?organization_id=org-1042&held=v4&period_id=2024"]


def test_row_of_preview_links_to_its_field(
    render_page: RenderPage, render: Callable[..., dict[str, html.HtmlElement]], catalogue: Catalogue
) -> None:
    page = render_page()
    regions = render(make_preview(catalogue, make_values(catalogue), make_values(catalogue)))
    for field in catalogue.fields:
        (link,) = regions[f"detail-{field.key}"].xpath(".//a[contains(@href, '/definitions?')]")
        path, _, anchor = link.get("href").partition("#")
        assert path == "/bufdir/definitions?period_id=2024"
        assert page.get_element_by_id(anchor).find("h3").text_content().endswith(field.labels.nb)


@pytest.mark.parametrize(
    ("query", "fields", "rules"),
    [
        ("", 34, 16),
        ("antall_akuttplasseringer", 1, 0),
        ("AKUTTPLASSERING", 1, 0),
        ("§ 5-7", 1, 0),
        ("stor_endring", 0, 1),
        ("merknad", 0, 6),
        ("undersokelser", 7, 2),
        ("ingenting heter dette", 0, 0),
    ],
)
def test_search_leaves_entries_that_match(render_page: RenderPage, query: str, fields: int, rules: int) -> None:
    page = render_page(query=query)
    visible = [entry.get("id") for entry in page.iter("article") if "hidden" not in entry.attrib]
    assert [sum(anchor.startswith(kind) for anchor in visible) for kind in ("field-", "rule-")] == [fields, rules]
    assert text_of(page.get_element_by_id("seen")) == f"{fields + rules} av 50 felt og regler"
    assert ("hidden" in page.get_element_by_id("empty").attrib) == bool(visible)
    for section in page.xpath("//section"):
        has_visible = any("hidden" not in entry.attrib for entry in section.iter("article"))
        assert ("hidden" not in section.attrib) == has_visible


def test_search_text_is_escaped(render_page: RenderPage) -> None:
    page = render_page(query='"><script>alert(1)</script>')
    assert page.get_element_by_id("search").get("value") == '"><script>alert(1)</script>'
    assert [script.text for script in page.iter("script") if script.text and "alert" in script.text] == []
