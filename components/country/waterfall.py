"""View models of the waterfall: from the prior value of the compared services, by each contribution, to the value now.

Its bars have places in per cent of the width. The scale does not begin at 0, as the changes of a total are small beside
it: the totals are therefore drawn as marks, not as bars, whose lengths would mislead.
"""

from dataclasses import dataclass
from itertools import pairwise
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.core.periods import Period
from preview.form.entries import Field
from preview.i18n import formatting
from preview.totals.contributions import Contribution, Contributions
from preview.totals.sums import FieldTotal

_MARGIN = 0.06
"""Empty part of the scale on either side."""


@dataclass(frozen=True)
class Bar:
    """A bar from one running total to the next, in per cent of the width; a mark if both are the same."""

    start: float
    end: float

    @property
    def left(self) -> float:
        """The left edge."""
        return min(self.start, self.end)

    @property
    def width(self) -> float:
        """The width."""
        return abs(self.end - self.start)


@dataclass(frozen=True)
class WaterfallRow:
    """A line of the table with its bar.

    Attributes:
        name: The service, or what the line is of.
        query: The query string of the service's preview; empty for a line that is none of a service.
        prior: The prior value.
        current: The value.
        contribution: What it adds to the change.
        bar: Its bar.
        is_total: Whether it is the first or last line, which has a mark.
    """

    name: str
    query: str
    prior: str
    current: str
    contribution: str
    bar: Bar
    is_total: bool = False


@dataclass(frozen=True)
class ContributionsView:
    """Where a change comes from: the lines, or a sentence that says why there are none.

    `services_query` chooses the services of the lines on the page of the field, the largest contributions first; that
    page takes as many as it can show.
    """

    title: str = ""
    prior_period: str = ""
    period: str = ""
    rows: tuple[WaterfallRow, ...] = ()
    services_query: str = ""
    sentence: str = ""


def present_contributions(
    found: Contributions | None, total: FieldTotal, entry: Field, period: Period, t: Translator
) -> ContributionsView:
    """Return the waterfall of a field.

    Args:
        found: The contributions; None without a change to explain.
        total: The total of the field.
        entry: The field.
        period: The period.
        t: The texts.
    """
    prior_name, name = (formatting.period(t.language, str(each)) for each in (period.prior, period))
    title = t("country.contributions_share" if entry.unit == "prosent" else "country.contributions")
    if found is None:
        sentence = t("country.withheld" if total.matched else "country.nothing_to_compare")
        return ContributionsView(title=title, sentence=sentence)
    if not found.services and not found.rest:
        return ContributionsView(title=title, sentence=t("country.unchanged"))
    services = ",".join(row.organization_id for row in found.services)
    services_query = urlencode({"org": services}, safe=",") if services else ""
    return ContributionsView(title, prior_name, name, _rows(found, entry, period, t), services_query)


def _rows(found: Contributions, entry: Field, period: Period, t: Translator) -> tuple[WaterfallRow, ...]:
    steps = [*(row.contribution for row in found.services), found.rest]
    totals = [float(found.prior_value)]
    for step in steps:
        totals.append(totals[-1] + step)
    places = _places(totals)
    bars = [Bar(start, end) for start, end in pairwise(places)]
    prior, value = (_value(each, entry, t) for each in (found.prior_value, found.matched_value))
    names = [
        t("country.compared_services", period=formatting.period(t.language, str(each)))
        for each in (period.prior, period)
    ]
    rows = [WaterfallRow(names[0], "", prior, "", "", Bar(places[0], places[0]), is_total=True)]
    rows += [_service(row, bar, entry, period, t) for row, bar in zip(found.services, bars, strict=False)]
    if found.rest_count or found.rest:
        name = t.plural("country.rest", found.rest_count) if found.rest_count else t("country.rounding")
        rest = value_formatting.change(found.rest, entry.unit, t.language)
        rows.append(WaterfallRow(name, "", "", "", rest, bars[-1]))
    change = value_formatting.change(found.change, entry.unit, t.language)
    rows.append(WaterfallRow(names[1], "", "", value, change, Bar(places[-1], places[-1]), is_total=True))
    return tuple(rows)


def _service(row: Contribution, bar: Bar, entry: Field, period: Period, t: Translator) -> WaterfallRow:
    return WaterfallRow(
        row.organization_name,
        urlencode({"organization_id": row.organization_id, "period_id": str(period)}),
        _value(row.prior_value, entry, t),
        _value(row.value, entry, t),
        value_formatting.change(row.contribution, entry.unit, t.language),
        bar,
    )


def _value(value: int | float | None, entry: Field, t: Translator) -> str:
    return value_formatting.value(value, entry.unit, t.language)


def _places(totals: list[float]) -> list[float]:
    """Return the place of each running total on the scale, in per cent of the width."""
    low, high = min(totals), max(totals)
    if high == low:
        return [50.0] * len(totals)
    return [100 * (_MARGIN + (1 - 2 * _MARGIN) * (total - low) / (high - low)) for total in totals]
