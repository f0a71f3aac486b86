"""Renders the page of a field: the HTML of its regions. Blocks: for threads."""

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from components.context import AppContext
from components.field.definition import present_definition
from components.field.deviations import present_field_deviations
from components.field.figure_data import MAX_NAMED_BARS, ranked
from components.field.history import ChosenView, present_chosen
from components.field.presenter import LARGE_NUMBER, FieldView, present_field
from components.field.query import FieldQuery
from components.layout.preferences import Translator
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.deviations import change_margins
from preview.form.rules.base import ReportMetadata


@dataclass(frozen=True)
class RenderedField:
    """The page as it was read, without the histories of the chosen services.

    Attributes:
        position: Id of the last event that it reflects.
        view: The view model.
        regions: HTML by region id.
    """

    position: int
    view: FieldView
    regions: Mapping[str, str]

    def row_region(self, organization_id: str) -> str:
        """Return the id of the region with the row of a service."""
        return f"row-{organization_id}"


@dataclass(frozen=True)
class FieldPageData:
    """What the first HTML is rendered from.

    Attributes:
        query: What the address asks for.
        rendered: What all visitors of the same address without a choice are shown.
        chosen: The histories of the chosen services.
        rows: The HTML of all rows, in order, those of chosen services marked.
        regions: HTML by region id, without the rows that are marked.
    """

    query: FieldQuery
    rendered: RenderedField
    chosen: ChosenView
    rows: Markup
    regions: Mapping[str, str]

    @property
    def has_named_bars(self) -> bool:
        """Whether the figures name all services at first."""
        return len(ranked(self.rendered.view.rows)) <= MAX_NAMED_BARS


def render_field(context: AppContext, query: FieldQuery, language: Language) -> RenderedField:
    """Read and render the page.

    Args:
        context: The application and the templates.
        query: The field, period, county and order.
        language: The language of the texts.

    Raises:
        NotFound: The form has no such field.
        ValidationError: The period or the county does not exist.
    """
    application, catalogue = context.application, context.application.catalogue
    t = Translator(application.texts, language)
    county, replaced = query.place.county_in(application.totals.period(query.place.period_id).year)
    totals, entries = application.totals.field_entries(query.field_key, query.place.period_id, county, query.sort)
    found, position = application.reviews.field_deviations.read(query.field_key, totals.period)
    field = catalogue.field(query.field_key)
    names = {each.row.organization_id: each.row.organization_name for each in entries}
    view = present_field(
        field,
        totals,
        entries,
        present_field_deviations(found, names, str(totals.period), t),
        present_definition(field, catalogue, t),
        t,
        _margin(catalogue, query.field_key, totals.period),
        replaced,
    )
    return RenderedField(min(position, totals.position), view, _regions(context, view, query))


def _margin(catalogue: Catalogue, field_key: str, period: Period) -> float | None:
    """Return by how much `LARGE_NUMBER` must change in a complete report to be a large change."""
    metadata = ReportMetadata(period_id=str(period), extract_day=None)
    return change_margins(catalogue, {field_key: LARGE_NUMBER}, metadata).get(field_key)


def _regions(context: AppContext, view: FieldView, query: FieldQuery) -> dict[str, str]:
    macros = context.macros("field/field_regions.html")
    return {
        "title": macros.title(view),
        "place": macros.place(view),
        "choice": macros.choice(view, query),
        "total": macros.total(view),
        "notice": macros.notice(view),
        "caption": macros.caption(view),
        "head-value": macros.head("value", view.period),
        "head-prior_period_value": macros.head("prior_period_value", view.prior_period),
        "deviations": macros.deviations(view),
        "deviation-count": macros.deviation_count(view),
        **{f"row-{row.organization_id}": macros.row(row, view) for row in view.rows},
    }


def read_chosen(context: AppContext, query: FieldQuery, language: Language) -> ChosenView:
    """Read the histories of the chosen services. Blocks.

    Raises:
        ValidationError: The period does not exist.
    """
    application = context.application
    period = application.totals.period(query.place.period_id)
    histories = application.field_histories.read(query.field_key, query.chosen, period)
    field = application.catalogue.field(query.field_key)
    return present_chosen(histories, field, period, Translator(application.texts, language))


def render_chosen(context: AppContext, chosen: ChosenView, language: Language) -> str:
    """Return the region of the chosen services and their values by period."""
    t = Translator(context.application.texts, language)
    return context.macros("field/field_regions.html").chosen(chosen, t)


def complete_page(context: AppContext, rendered: RenderedField, query: FieldQuery, language: Language) -> FieldPageData:
    """Add the chosen services to a rendered page. Blocks."""
    chosen = read_chosen(context, query, language)
    macros, view = context.macros("field/field_regions.html"), rendered.view
    letters = {each.organization_id: each.letter for each in chosen.services}
    rows = [
        macros.row(row, view, letters[row.organization_id])
        if row.organization_id in letters
        else rendered.regions[f"row-{row.organization_id}"]
        for row in view.rows
    ]
    regions = {
        **rendered.regions,
        "choice": macros.choice(view, query),
        "chosen": render_chosen(context, chosen, language),
    }
    return FieldPageData(query, rendered, chosen, Markup("\n".join(rows)), regions)  # noqa: S704  (rendered by autoescaping templates)
