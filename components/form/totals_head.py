"""The head of the pages that show many services: county and period, how many services there are, and notices."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from components.layout import value_formatting
from components.layout.preferences import Translator
from preview.core.periods import Period
from preview.form.entries import Field
from preview.i18n import formatting
from preview.i18n.plurals import plural_key
from preview.totals.counties import Counties
from preview.totals.sums import FieldTotal
from preview.totals.view import Coverage, Totals


class PlaceQuery(NamedTuple):
    """What a page's address asks for; None is the reporting period, and the whole country."""

    period_id: str | None = None
    county: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, Any]) -> "PlaceQuery":
        """Return the query of query parameters; empty ones are as good as none."""
        return cls(arguments.get("period_id") or None, arguments.get("county") or None)

    def county_in(self, year: int) -> tuple[str | None, str | None]:
        """Return the number of the county in a year, and the name of the one that it stands for, None if the same.

        A county that is not one of the year is replaced by its counterpart, or by the whole country: the period was
        changed, or the county stands in an old link. One that never was is returned as it is.
        """
        name = Counties.load().name_of(self.county) if self.county is not None else None
        if self.county is None or name is None:
            return self.county, None
        counterpart = Counties.load().counterpart(self.county, year)
        county = counterpart.number if counterpart else None
        return county, None if county == self.county else name


@dataclass(frozen=True)
class Option:
    """An option of a list: its value in the address, its name, and whether it is selected."""

    value: str
    name: str
    is_selected: bool


def county_options(totals: Totals, t: Translator) -> tuple[Option, ...]:
    """Return the country and the counties of the period's year."""
    county = totals.county
    return (
        Option("", t("country.whole"), county is None),
        *(Option(each.number, each.name, each == county) for each in totals.counties),
    )


def period_options(totals: Totals, t: Translator) -> tuple[Option, ...]:
    """Return the periods that can be chosen, newest first."""
    shown = str(totals.period)
    ids = sorted({*totals.periods, shown}, key=lambda each: Period.parse(each).sort_key, reverse=True)
    return tuple(Option(each, formatting.period(t.language, each), each == shown) for each in ids)


def coverage_facts(coverage: Coverage, *, is_county: bool, t: Translator) -> tuple[str, ...]:
    """Return the facts about the services, the first one first, those that say nothing left out."""
    unlisted = coverage.reporting - coverage.expected_reporting
    if coverage.expected:
        key = plural_key("country.coverage", coverage.expected)
        facts = [t(key, n=coverage.expected_reporting, total=coverage.expected)]
        if unlisted:
            facts.append(t.plural("country.unlisted", unlisted))
    else:
        facts = [t.plural("country.unlisted_only", unlisted)]
    facts.append(t.plural("country.approved", coverage.approved))
    if coverage.provisional:
        facts.append(t.plural("country.provisional", coverage.provisional))
    if is_county and coverage.unplaced:
        facts.append(t.plural("country.unplaced", coverage.unplaced))
    return tuple(facts)


def totals_notices(totals: Totals, replaced_county: str | None, t: Translator) -> tuple[str, ...]:
    """Return what must be known before the values are read.

    Args:
        totals: The totals.
        replaced_county: The name of the county that was asked for, if the period's year has no such county.
        t: The texts.
    """
    period_id = str(totals.period)
    notices: list[str] = []
    if replaced_county:
        shown = totals.county.name if totals.county else t("country.whole")
        notices.append(t("country.replaced", county=replaced_county, period=period_id, shown=shown))
    if not totals.coverage.reporting:
        notices.append(t("country.none", period=period_id))
    return tuple(notices)


def total_explanation(entry: Field, total: FieldTotal, period: Period, t: Translator) -> str:
    """Return how many services the value and the change are of; empty without a value."""
    if not total.reporting:
        return ""
    prior = str(period.prior)
    sentences = [t.plural("country.reporting", total.reporting)]
    if not total.matched:
        sentences.append(t("country.uncompared", prior=prior))
    elif total.matched_value is not None and total.prior_value is not None:
        before, after = (
            value_formatting.value(value, entry.unit, t.language) for value in (total.prior_value, total.matched_value)
        )
        sentences.append(t.plural("country.compared", total.matched, prior=prior, before=before, after=after))
    return " ".join(sentences)
