"""View model of the deliveries page in one language, and its regions."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from components.deliveries.presenter import DeliveryEntryView, present_delivery
from components.deliveries.search import DeliveryListQuery
from components.layout.preferences import Translator
from preview.i18n import formatting
from preview.ingest.delivery_view import DeliveryView
from preview.views.deliveries import DELIVERIES_PER_PAGE, DeliveryPage, DeliverySearch


@dataclass(frozen=True)
class ChosenLink:
    """What the search is limited to by a link, with the query that takes it away."""

    text: str
    query: str


@dataclass(frozen=True)
class CodeOption:
    """A finding code that can be chosen, with its sentence."""

    code: str
    text: str
    is_selected: bool


@dataclass(frozen=True)
class DeliveryListView:
    """The page of deliveries.

    Attributes:
        entries: The deliveries of the page.
        shown_text: How many there are, and which of them are on the page.
        page_text: The number of the page; empty if there is only one.
        previous_query: The query of the page with newer deliveries, None on the first page.
        next_query: The query of the page with older deliveries, None on the last page.
        chosen: What a link has limited the search to.
        code_options: The codes to choose from.
        query: The query of the first page of the search, for exports.
        period_query: The query of all deliveries, which keeps the chosen period.
        period_id: The chosen period; empty for the reporting period.
        filter_text: The search in words, for paper; empty if there is none.
        is_store_empty: Whether there is no delivery at all.
    """

    search: DeliverySearch
    entries: tuple[DeliveryEntryView, ...]
    shown_text: str
    page_text: str
    previous_query: str | None
    next_query: str | None
    chosen: tuple[ChosenLink, ...]
    code_options: tuple[CodeOption, ...]
    query: str
    period_query: str
    period_id: str
    filter_text: str
    is_store_empty: bool


def present_deliveries(page: DeliveryPage, period_id: str | None, t: Translator) -> DeliveryListView:
    """Return the view of a page in the language of the texts.

    Args:
        page: The deliveries.
        period_id: The period that all links keep; None for the reporting period.
        t: The texts.
    """
    search, query = page.search, DeliveryListQuery(page.search, period_id)
    codes = sorted({*page.codes, search.code} - {""})
    options = [CodeOption(code, _code_text(code, t), code == search.code) for code in codes]
    return DeliveryListView(
        search=search,
        entries=tuple(_entry(view, query, t) for view in page.deliveries),
        shown_text=_shown_text(page, t),
        page_text=_page_text(page, t),
        previous_query=query.query_string(page=search.page - 1) if search.page > 1 else None,
        next_query=query.query_string(page=search.page + 1) if search.page < page.page_count else None,
        chosen=_chosen(page, query, t),
        code_options=tuple(sorted(options, key=lambda option: option.text)),
        query=query.query_string(page=1),
        period_query=query.period_query,
        period_id=period_id or "",
        filter_text=" · ".join(filter_texts(page, t)),
        is_store_empty=page.is_store_empty,
    )


def render_regions(macros: Any, view: DeliveryListView, t: Translator) -> Mapping[str, str]:
    """Return the HTML of the page's regions by id.

    Args:
        macros: The macros of `deliveries_regions.html`.
        view: The page of deliveries.
        t: The texts.
    """
    regions = ("chosen", "codes", "export", "list", "paging", "printed", "shown")
    return {region: getattr(macros, region)(view, t) for region in regions}


def _entry(view: DeliveryView, query: DeliveryListQuery, t: Translator) -> DeliveryEntryView:
    """Return the entry of a delivery, whose number of findings is that of the findings in it.

    They are open where the search asks for them.
    """
    entry, search, found = present_delivery(view, t), query.search, sum(count.count for count in view.findings)
    findings = tuple(
        replace(finding, more_query=query.query_string(delivery_id=entry.delivery_id, code=finding.code, page=1))
        for finding in entry.findings
    )
    is_limited = bool(search.severity or search.code or search.held)
    total = found if is_limited else view.summary.finding_count
    n, of = (formatting.number(t.language, number) for number in (found, total))
    text = t.plural("deliver.findings", found) if found == total else t("deliveries.stored_findings", n=n, total=of)
    opens = entry.opens_findings or is_limited or bool(search.delivery_id)
    return replace(entry, findings=findings, finding_text=text, has_more_findings=False, opens_findings=opens)


def _code_text(code: str, t: Translator) -> str:
    key = f"finding.{code}.message"
    return t(key) if key in t.catalog.keys else code


def _shown_text(page: DeliveryPage, t: Translator) -> str:
    count = t.plural("deliveries.count", page.total)
    if page.page_count == 1:
        return count
    first = (page.search.page - 1) * DELIVERIES_PER_PAGE + 1
    last = first + len(page.deliveries) - 1
    return t("deliveries.range", first=first, last=last, count=count)


def _page_text(page: DeliveryPage, t: Translator) -> str:
    return t("deliveries.page", page=page.search.page, pages=page.page_count) if page.page_count > 1 else ""


def _chosen(page: DeliveryPage, query: DeliveryListQuery, t: Translator) -> tuple[ChosenLink, ...]:
    search, chosen = page.search, list[ChosenLink]()
    if search.held:
        key = "deliveries.held" if search.held == "v4" else "deliveries.held_annual"
        text = t(key, name=page.organization_name, year=search.held)
        if page.unplaced:
            text += ". " + t.plural("deliveries.unplaced", page.unplaced)
        chosen.append(ChosenLink(text, query.query_string(held="", page=1)))
    elif search.organization_id:
        text = t("deliveries.of_service", name=page.organization_name)
        chosen.append(ChosenLink(text, query.query_string(organization_id="", page=1)))
    if search.delivery_id:
        text = t("deliveries.of_delivery", id=search.delivery_id)
        chosen.append(ChosenLink(text, query.query_string(delivery_id="", page=1)))
    return tuple(chosen)


def filter_texts(page: DeliveryPage, t: Translator) -> list[str]:
    """Return what the search asks for, in words."""
    search = page.search
    parts = [link.text for link in _chosen(page, DeliveryListQuery(search), t)]
    if search.q:
        parts.append(t("deliveries.searched", q=search.q))
    if search.status:
        parts.append(t(f"deliver.status.{search.status}"))
    if search.severity:
        parts.append(t(f"deliveries.severity.{search.severity}"))
    if search.code:
        parts.append(_code_text(search.code, t).rstrip("."))
    return parts
