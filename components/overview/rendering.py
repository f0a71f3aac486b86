"""Reads the overview and renders its regions: rows, heads, totals and the newest events. Blocks: for threads."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, NamedTuple

from markupsafe import Markup

from components.activity.newest import render_newest
from components.changes.presenter import counted_sentence, present_menu, usual_moments
from components.context import AppContext
from components.layout.preferences import Translator
from components.overview.presenter import NumberView, OverviewRowView, present_number, present_row
from preview.core.clock import today
from preview.core.languages import Language
from preview.core.periods import Period
from preview.i18n import formatting
from preview.totals.counties import Counties
from preview.views.overview import Overview, OverviewEntry
from preview.views.overview_columns import ColumnChoice, ServiceLine, column_choice
from preview.views.overview_table import TotalLine, total_number

MAX_ROWS_BESIDE_EVENTS = 19
"""Up to so many services leave room for the newest events beside them."""

NO_EVENTS = Markup('<section data-region="newest-events" hidden></section>')
"""Stands in the page where there are more."""

_MAX_FEW_FIELDS = 5
_ROW_CACHE_SIZE = 8192
# For more organizations, one query of all is faster than a query of each.
_MAX_SINGLE_READS = 8


class OverviewVariant(NamedTuple):
    """Which overview: all sessions with an equal one share what is read and rendered.

    Attributes:
        period_id: The period of all rows, None for the reporting period.
        language: The language of the texts.
        columns: The chosen columns (`ColumnChoice.choice_id`).
        since: The moment from which changes count, as the address names it; empty for none.
    """

    period_id: str | None
    language: Language
    columns: str = ""
    since: str = ""


class ShownServices(NamedTuple):
    """Which services an open page shows, so that the totals are of these.

    Attributes:
        organization_ids: The services, None for all.
        county: The number of the county by which they are filtered, empty for none.
        request: The number of the page's request, by which it recognizes the totals of its present rows.
    """

    organization_ids: frozenset[str] | None = None
    county: str = ""
    request: int = 0


def density(choice: ColumnChoice) -> str:
    """Return how many fields the columns show: `few`, `many`, or empty for none; the caption says so to the browser."""
    if not choice.fields:
        return ""
    return "few" if len(choice.fields) <= _MAX_FEW_FIELDS else "many"


def requested_services(message: Mapping[str, Any]) -> ShownServices:
    """Return which services a message of the browser says that it shows; anything else in it is ignored."""
    ids, county, request = message.get("ids"), message.get("county"), message.get("request")
    return ShownServices(
        frozenset(each for each in ids if isinstance(each, str)) if isinstance(ids, list) else None,
        county if isinstance(county, str) else "",
        request if isinstance(request, int) else 0,
    )


@dataclass(frozen=True)
class TotalView:
    """A row of totals: what it sums, over how many services, whether that follows the filters, and its numbers."""

    name: str
    services: str
    is_selection: bool
    numbers: tuple[NumberView, ...]


@dataclass(frozen=True)
class OverviewState:
    """An overview as it was read, with its rendered regions.

    Attributes:
        variant: Which overview it is.
        overview: The read model.
        lines: What the columns read of the rows.
        rows: The rows that were read.
        regions: HTML by region id.
        requested_ids: The organizations that were read, None for all.
    """

    variant: OverviewVariant
    overview: Overview
    lines: Sequence[ServiceLine]
    rows: Sequence[OverviewRowView]
    regions: Mapping[str, str]
    requested_ids: frozenset[str] | None = None

    def removed_rows(self, sent_regions: Set[str]) -> dict[str, str]:
        """Return, as empty regions, those rows of the browser whose organizations have been erased."""
        requested_regions = (
            sent_regions
            if self.requested_ids is None
            else sent_regions & {f"row-{organization_id}" for organization_id in self.requested_ids}
        )
        return {region: "" for region in requested_regions if region.startswith("row-") and region not in self.regions}


class OverviewRenderer:
    """Reads and renders overviews. All methods block."""

    def __init__(self, context: AppContext) -> None:
        self._context = context
        self._cached_row = lru_cache(_ROW_CACHE_SIZE)(self._render_row)
        context.application.dispatcher.subscribe_erasures(lambda _: self._cached_row.cache_clear())

    def choice(self, variant: OverviewVariant) -> ColumnChoice:
        """Return the columns of an overview."""
        return column_choice(self._context.application.catalogue, variant.columns, variant.since)

    def read(self, variant: OverviewVariant, organization_ids: frozenset[str] = frozenset()) -> OverviewState:
        """Read and render the rows and heads of an overview.

        Args:
            variant: Which overview.
            organization_ids: The organizations to read; all if empty.

        Raises:
            ValidationError: If the period is invalid.
        """
        overviews = self._context.application.overviews
        if 0 < len(organization_ids) <= _MAX_SINGLE_READS:
            # The parts are read one after the other; the first has the earliest event position, which holds for all.
            overview_parts = [
                overviews.read(variant.period_id, organization_id, variant.since)
                for organization_id in sorted(organization_ids)
            ]
            overview, entries = overview_parts[0], [entry for part in overview_parts for entry in part.entries]
        else:
            overview = overviews.read(variant.period_id, since=variant.since)
            entries = overview.entries
        lines = self._lines(entries, self.choice(variant), overview.period_id)
        rendered = [
            self._cached_row(line, overview.field_count, variant, overview.period_id, today()) for line in lines
        ]
        return OverviewState(
            variant,
            overview,
            lines,
            [row for row, _ in rendered],
            {**self._heads(overview, variant), **{f"row-{row.entry.organization_id}": html for row, html in rendered}},
            organization_ids or None,
        )

    def _lines(self, entries: Sequence[OverviewEntry], choice: ColumnChoice, period_id: str) -> list[ServiceLine]:
        """Return the entries with their numbers, which are read later, so never of an earlier state."""
        if not choice.fields:
            return [ServiceLine(entry) for entry in entries]
        numbers = self._context.application.totals.service_numbers(choice.fields, period_id)
        return [
            ServiceLine(entry, numbers[entry.organization_id])
            for entry in entries
            if entry.organization_id in numbers  # else it has been erased meanwhile
        ]

    def _render_row(
        self, line: ServiceLine, field_count: int, variant: OverviewVariant, period_id: str, day: date
    ) -> tuple[OverviewRowView, str]:
        """Render a row. Results are cached by argument, so that of 400 rows only those that changed are rendered."""
        t, choice = Translator(self._context.application.texts, variant.language), self.choice(variant)
        row = present_row(line, choice, field_count, t, period_id, day)
        html = str(self._context.macros("overview/overview_regions.html").row(row, choice, t))
        # In 400 rows, the white space between cells would be a tenth of all nodes of the page.
        return row, "".join(part.strip() for part in html.splitlines())

    def _heads(self, overview: Overview, variant: OverviewVariant) -> dict[str, str]:
        macros = self._context.macros("overview/overview_regions.html")
        t = Translator(self._context.application.texts, variant.language)
        reporting = overview.reporting_period_id
        chosen = "" if overview.period_id == reporting else overview.period_id
        others = [period_id for period_id in (chosen, *overview.periods) if period_id not in ("", reporting)]
        names = {period_id: formatting.period(t.language, period_id) for period_id in (reporting, *others)}
        period, choice = names[chosen or reporting], self.choice(variant)
        prior = formatting.period(t.language, str(Period.parse(overview.period_id).prior))
        query = {"period_id": chosen, "columns": choice.choice_id}
        return {
            "title": macros.title(period, t),
            "caption": macros.caption(chosen, choice, density(choice), period, t),
            "since": self.render_menu(overview, variant, query),
            "changes": self._context.macros("changes/changes_regions.html").counted(
                counted_sentence(overview.changes, t),
                is_known=overview.changes is None or not overview.changes.obstacle,
            ),
            "note": macros.note(choice, prior, self._context.application.settings.suppress_small_counts, t),
            "periods": macros.periods(chosen, reporting, names, t),
            "columns": self.render_columns(overview.period_id, variant, ""),
        }

    def render_menu(self, overview: Overview, variant: OverviewVariant, query: Mapping[str, str]) -> str:
        """Return the choice of the moment; `query` is that of the page without one."""
        t = Translator(self._context.application.texts, variant.language)
        moment = overview.changes.moment if overview.changes else None
        menu = present_menu(
            variant.since,
            moment,
            {name: value for name, value in query.items() if value},
            usual_moments(t),
            t,
            is_named=True,
        )
        return self._context.macros("changes/changes_regions.html").choice(menu, True, "/", t, has_label=True)

    def render_columns(self, period_id: str, variant: OverviewVariant, sort: str) -> str:
        """Return the head of the table.

        Args:
            period_id: The period of the rows.
            variant: Which overview.
            sort: The column that it is sorted by, with a leading `-` for descending order; empty where the browser
                marks it.
        """
        t = Translator(self._context.application.texts, variant.language)
        prior = formatting.period(t.language, str(Period.parse(period_id).prior))
        macros = self._context.macros("overview/overview_regions.html")
        return macros.columns(self.choice(variant), formatting.period(t.language, period_id), prior, sort, t)

    def total_lines(self, variant: OverviewVariant, shown: ShownServices) -> list[TotalLine]:
        """Return the named totals of what a page shows, and of the county and country that it is part of."""
        choice, t = self.choice(variant), Translator(self._context.application.texts, variant.language)
        if not choice.fields:
            return []
        found = self._context.application.totals.selection(
            choice.fields, variant.period_id, shown.organization_ids, shown.county
        )
        names = {
            "country": t("country.whole"),
            "county": Counties.load().name_of(shown.county) or "",
            "selection": t("overview.totals.selection"),
        }
        return [
            TotalLine(names[each.scope], t.plural("overview.totals.services", each.services), each.totals)
            for each in found
        ]

    def render_totals(self, variant: OverviewVariant, shown: ShownServices) -> str:
        """Return the rows of totals above the services; none without a choice of fields."""
        choice, t = self.choice(variant), Translator(self._context.application.texts, variant.language)
        lines = self.total_lines(variant, shown)
        views = [
            TotalView(
                line.name,
                line.services,
                line is lines[-1],
                tuple(
                    present_number(total_number(total, field.unit), field.unit, t)
                    for total, field in zip(line.totals, choice.fields, strict=True)
                ),
            )
            for line in lines
        ]
        html = str(self._context.macros("overview/overview_regions.html").totals(views, choice, shown.request, t))
        return Markup("".join(part.strip() for part in html.splitlines()))  # noqa: S704  (of an autoescaping template)

    def render_events(self, language: Language) -> str:
        """Return the newest events of all services."""
        return render_newest(self._context, Translator(self._context.application.texts, language))
