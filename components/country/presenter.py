"""The presenter of the country page: from the totals to the view models in one language."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from components.country.waterfall import ContributionsView, present_contributions
from components.form.row_values import plotted_change, present_value
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
from components.preview.report_view import RowView, SectionView
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.i18n import formatting
from preview.totals.contributions import Contributions
from preview.totals.sums import FieldTotal
from preview.totals.view import Totals
from preview.views.absence import absence_sentence

NOT_EXPLAINED = ContributionsView()


@dataclass(frozen=True)
class CountryView:
    """Everything that the page shows.

    Attributes:
        t: The texts in the visitor's language.
        name: The county, or the whole country.
        period: The period.
        prior_period: The period that it is compared with.
        coverage: How many services the values are of, the first fact first.
        is_empty: Whether no service has a report.
        notices: What must be known before the rows are read.
        sections: The rows, by section.
        explanations: Sentences about the value of each field, by key.
        contributions: Where the changes come from, by key of the fields that were asked for.
        county_options: The country and the counties of the period's year.
        period_options: The periods that can be chosen.
        identity: Which rows they are: changes are marked only while it stays the same.
    """

    t: Translator
    name: str
    period: str
    prior_period: str
    coverage: tuple[str, ...]
    is_empty: bool
    notices: tuple[str, ...]
    sections: tuple[SectionView, ...]
    explanations: dict[str, str]
    contributions: dict[str, ContributionsView]
    county_options: tuple[Option, ...]
    period_options: tuple[Option, ...]
    identity: str
    rows: tuple[RowView, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row for section in self.sections for row in section.rows))

    @property
    def full_name(self) -> str:
        """The county or country with the period."""
        return f"{self.name} {self.period}"


def present_country(
    totals: Totals,
    contributions: dict[str, Contributions | None],
    catalogue: Catalogue,
    t: Translator,
    replaced_county: str | None = None,
) -> CountryView:
    """Return the view model of totals in the language of the texts.

    Args:
        totals: The totals.
        contributions: Where the changes come from, by key of the fields that were asked for.
        catalogue: The form.
        t: The texts.
        replaced_county: The name of the county that was asked for, if the period's year has no such county.
    """
    by_key = {total.field_key: total for total in totals.fields}
    period_id, county = str(totals.period), totals.county
    return CountryView(
        t=t,
        name=county.name if county else t("country.whole"),
        period=formatting.period(t.language, period_id),
        prior_period=formatting.period(t.language, str(totals.period.prior)),
        coverage=coverage_facts(totals.coverage, is_county=county is not None, t=t),
        is_empty=totals.coverage.reporting == 0,
        notices=totals_notices(totals, replaced_county, t),
        sections=tuple(
            SectionView(
                section.section_id,
                getattr(section.titles, t.language),
                tuple(
                    _row(entry, by_key[entry.key], totals, t)
                    for entry in catalogue.fields_in_section(section.section_id)
                ),
                (),
            )
            for section in catalogue.sections
        ),
        explanations={
            entry.key: total_explanation(entry, by_key[entry.key], totals.period, t) for entry in catalogue.fields
        },
        contributions={
            key: present_contributions(found, by_key[key], catalogue.field(key), totals.period, t)
            for key, found in contributions.items()
        },
        county_options=county_options(totals, t),
        period_options=period_options(totals, t),
        identity=urlencode({"county": county.number if county else "", "period_id": period_id}),
    )


def _row(entry: Field, total: FieldTotal, totals: Totals, t: Translator) -> RowView:
    change, percent = totals.change(total, entry.unit)
    is_partly_compared = 0 < total.matched < total.reporting
    return RowView(
        key=entry.key,
        number=entry.number,
        label=getattr(entry.labels, t.language),
        is_part=entry.part_of is not None,
        current=present_value(total.value, entry.unit, total.state, t),
        compared=present_value(total.prior_value, entry.unit, total.prior_state, t),
        change=value_formatting.change(change, entry.unit, t.language),
        percent=value_formatting.percent_change(percent, entry.unit, t.language),
        plotted_change=plotted_change(change, percent, entry.unit),
        is_flagged=False,
        flags=(),
        deviations=(),
        absence=absence_sentence(total.state, entry, str(totals.period), t.language, t),
        source=formatting.number(t.language, total.reporting),
        source_text="",
        definition=getattr(entry.definitions, t.language),
        law=entry.legal_basis,
        note=t("country.matched", n=total.matched) if is_partly_compared else "",
    )
