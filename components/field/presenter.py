"""The presenter of the page of a field: its total, and a row for each service, in one language."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from components.field.definition import DefinitionView
from components.field.deviations import FieldDeviationView
from components.form.row_values import ValueView, plotted_band, plotted_change, present_value
from components.form.totals_head import (
    Option,
    county_options,
    coverage_facts,
    period_options,
    total_explanation,
    totals_notices,
)
from components.layout import value_formatting
from components.layout.preferences import Translator
from components.services.service_list import split_name
from preview.form.entries import Field
from preview.form.value_state import ValueState
from preview.i18n import formatting
from preview.i18n.name_search import collation_key
from preview.model.resources import Value
from preview.totals.field_list import FieldEntry
from preview.totals.view import Totals

_REVIEW_STATES = {"open": "", "changed": "changed", "approved": "approved"}
LARGE_NUMBER = 1000.0
"""A number whose limit of a large change is the rule's share of it, and not the rule's least change."""
_SORT_OFFSET = 10**12
"""Makes negative changes sort before positive ones as texts."""


@dataclass(frozen=True)
class ServiceRowView:
    """A service in the table, and in the figures.

    Attributes:
        entry: What was read.
        name_prefix: The words that the names of most services begin with, if this one does, else empty.
        name: The rest of the name.
        preview_query: The query string of the preview, which `#row-KEY` follows.
        rank: The rank; empty without a value.
        change: The change with its sign.
        percent: The same in per cent.
        plotted_change: The place of the change on the scale of changes; None without one.
        change_state: Why there is no change, or `present`.
        state: What the report needs a word for: `approved`, `changed`, `provisional` or `no_report`; else empty.
        state_text: The same in words.
        sort_keys: By column of the table, a text that sorts by code points; empty if the row has no value there.
        version: A text that changes when the row says something else.
    """

    entry: FieldEntry
    name_prefix: str
    name: str
    preview_query: str
    rank: str
    current: ValueView
    compared: ValueView
    change: str
    percent: str
    plotted_change: float | None
    change_state: ValueState
    state: str
    state_text: str
    sort_keys: Mapping[str, str]
    version: str

    @property
    def organization_id(self) -> str:
        """The service."""
        return self.entry.row.organization_id


@dataclass(frozen=True)
class FieldView:
    """Everything that the page shows, apart from the histories of the chosen services.

    Attributes:
        t: The texts in the visitor's language.
        field: The field.
        label: Its name.
        place: The county, or the whole country.
        period_id: The id of the period.
        period: The name of the period.
        prior_period: The name of the period that it is compared with.
        current: The total.
        compared: The prior value of the services with a value in both periods.
        change: The change of these services.
        percent: The same in per cent; empty without one, and for a share.
        explanation: How many services the total and the change are of.
        coverage: How many services there are, the first fact first.
        notices: What must be known before the values are read.
        county_options: The country and the counties of the period's year.
        period_options: The periods that can be chosen.
        rows: The services, in the order of the address.
        deviations: The deviations of the field.
        definition: What it counts, and how it is computed.
        band: The limit of a large change of a large number, on the scale of changes; 0 if its change is not judged.
    """

    t: Translator
    field: Field
    label: str
    place: str
    period_id: str
    period: str
    prior_period: str
    current: ValueView
    compared: ValueView
    change: str
    percent: str
    explanation: str
    coverage: tuple[str, ...]
    notices: tuple[str, ...]
    county_options: tuple[Option, ...]
    period_options: tuple[Option, ...]
    rows: tuple[ServiceRowView, ...]
    deviations: tuple[FieldDeviationView, ...]
    definition: DefinitionView
    band: float


def present_field(
    field: Field,
    totals: Totals,
    entries: Sequence[FieldEntry],
    deviations: tuple[FieldDeviationView, ...],
    definition: DefinitionView,
    t: Translator,
    margin: float | None = None,
    replaced_county: str | None = None,
) -> FieldView:
    """Return the view model of a field in the language of the texts.

    Args:
        field: The field.
        totals: The totals.
        entries: The services in order.
        deviations: The deviations of the field.
        definition: What it counts, and how it is computed.
        t: The texts.
        margin: By how much `LARGE_NUMBER` must change to be a large change, None if no rule judges that.
        replaced_county: The name of the county that was asked for, if the period's year has no such county.
    """
    total = next(each for each in totals.fields if each.field_key == field.key)
    change, percent = totals.change(total, field.unit)
    county, period_id = totals.county, str(totals.period)
    return FieldView(
        t=t,
        field=field,
        label=getattr(field.labels, t.language),
        place=county.name if county else t("country.whole"),
        period_id=period_id,
        period=formatting.period(t.language, period_id),
        prior_period=formatting.period(t.language, str(totals.period.prior)),
        current=present_value(total.value, field.unit, total.state, t),
        compared=present_value(total.prior_value, field.unit, total.prior_state, t),
        change=value_formatting.change(change, field.unit, t.language),
        percent=value_formatting.percent_change(percent, field.unit, t.language) if percent is not None else "",
        explanation=total_explanation(field, total, totals.period, t),
        coverage=coverage_facts(totals.coverage, is_county=county is not None, t=t),
        notices=totals_notices(totals, replaced_county, t),
        county_options=county_options(totals, t),
        period_options=period_options(totals, t),
        rows=tuple(_row(entry, field, period_id, t) for entry in entries),
        deviations=deviations,
        definition=definition,
        band=plotted_band(margin, LARGE_NUMBER, field.unit),
    )


def _row(entry: FieldEntry, field: Field, period_id: str, t: Translator) -> ServiceRowView:
    row, unit = entry.row, field.unit
    name_prefix, name = split_name(row.organization_name, t)
    current = present_value(row.value, unit, row.value_state, t)
    compared = present_value(row.prior_period_value, unit, entry.prior_state, t)
    change = value_formatting.change(row.change, unit, t.language)
    state = _state(entry)
    return ServiceRowView(
        entry=entry,
        name_prefix=name_prefix,
        name=name,
        preview_query=urlencode({"organization_id": row.organization_id, "period_id": period_id}),
        rank="" if row.rank is None else str(row.rank),
        current=current,
        compared=compared,
        change=change,
        percent=value_formatting.percent_change(entry.percent, unit, t.language),
        plotted_change=plotted_change(row.change, entry.percent, unit),
        change_state="present" if row.change is not None else _reason(row.value_state, entry.prior_state),
        state=state,
        state_text=_state_text(state, t),
        sort_keys={
            "organization_name": collation_key(row.organization_name),
            "value": _number_key(row.value),
            "prior_period_value": _number_key(row.prior_period_value),
            "change": _number_key(row.change),
            "review_status": str(list(_REVIEW_STATES).index(row.review_status)) if row.review_status else "",
        },
        version="|".join((row.organization_name, current.text, compared.text, state)),
    )


def _state(entry: FieldEntry) -> str:
    if entry.row.review_status is None:
        return "no_report"
    if entry.provisional and entry.row.review_status == "open":
        return "provisional"
    return _REVIEW_STATES[entry.row.review_status]


def _state_text(state: str, t: Translator) -> str:
    if state == "no_report":
        return t("state.none")
    return t(f"review.state.{state}") if state else t("field.not_approved")


def _reason(state: ValueState, prior_state: ValueState) -> ValueState:
    """Return why there is no change: what is withheld is said first, because it is not missing."""
    reasons: list[ValueState] = [each for each in (state, prior_state) if each != "present"]
    return "withheld" if "withheld" in reasons else reasons[0]


def _number_key(value: Value) -> str:
    """Return a text by which numbers with at most one decimal sort by code points; empty for None."""
    return "" if value is None else f"{round(10 * value) + _SORT_OFFSET:014d}"
