"""Renders the country page: its query, and the HTML of its regions. Blocks: for threads."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from components.context import AppContext
from components.country.presenter import NOT_EXPLAINED, CountryView, present_country
from components.form.totals_head import PlaceQuery
from components.layout.preferences import Translator
from preview.core.languages import Language
from preview.form.catalogue import Catalogue

MAX_OPEN_ROWS = 5
"""The most rows that an address opens; those that a visitor opens on the page have no limit."""

_MAX_SERVICES = 10
"""The most services in a waterfall."""


@dataclass(frozen=True)
class RenderedCountry:
    """The page as it was read.

    Attributes:
        position: Id of the last event that it reflects.
        view: The view model.
        regions: HTML by region id.
        open_keys: Keys of the open rows.
    """

    position: int
    view: CountryView
    regions: Mapping[str, str]
    open_keys: frozenset[str]


def open_keys_of(arguments: Mapping[str, Any], catalogue: Catalogue) -> frozenset[str]:
    """Return the keys of the rows that the address opens, unknown ones left out."""
    keys = [key for key in str(arguments.get("open") or "").split(",") if key in catalogue]
    return frozenset(keys[:MAX_OPEN_ROWS])


def contributions_region(field_key: str) -> str:
    """Return the id of the region with a field's waterfall."""
    return f"contributions-{field_key}"


def render_country(
    context: AppContext, query: PlaceQuery, open_keys: Collection[str], language: Language
) -> RenderedCountry:
    """Read and render the page.

    Args:
        context: The application and the templates.
        query: The period and county.
        open_keys: Keys of the rows whose changes are explained.
        language: The language of the texts.

    Raises:
        ValidationError: The period or the county does not exist.
    """
    application = context.application
    county, replaced = query.county_in(application.totals.period(query.period_id).year)
    totals, contributions = application.totals.explain(open_keys, query.period_id, county, _MAX_SERVICES)
    view = present_country(
        totals, contributions, application.catalogue, Translator(application.texts, language), replaced
    )
    return RenderedCountry(totals.position, view, _regions(context, view), frozenset(open_keys))


def _regions(context: AppContext, view: CountryView) -> dict[str, str]:
    macros, t = context.macros("country/country_regions.html"), view.t
    form = context.macros("preview/preview_regions.html")
    regions: dict[str, str] = {
        "title": macros.title(view),
        "place": macros.place(view),
        "choice": macros.choice(view),
        "coverage": macros.coverage(view),
        "notice": macros.notice(view),
        "sections": form.sections(view),
        "caption": macros.caption(view),
        "columns": macros.columns(view),
    }
    for row in view.rows:
        is_open = row.key in view.contributions
        explained = view.contributions.get(row.key, NOT_EXPLAINED)
        regions[f"row-{row.key}"] = form.row(row, t, is_open, f"{view.identity}&{urlencode({'open': row.key})}")
        regions[f"detail-{row.key}"] = macros.detail(view, row, explained, is_open)
        if is_open:
            regions[contributions_region(row.key)] = macros.contributions(row.key, explained, t)
    return regions
