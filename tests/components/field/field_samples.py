"""Samples of the page of a field: services with all kinds of values, and the history of some."""

from components.field.definition import present_definition
from components.field.deviations import present_field_deviations
from components.field.history import ChosenView, present_chosen
from components.field.presenter import FieldView, present_field
from components.layout.preferences import Translator
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.rules.base import Deviation
from preview.i18n.catalog import MessageCatalog
from preview.model.resources import Value
from preview.reviews.field_deviations import FieldDeviation
from preview.totals.field_list import SortKey, field_entries
from preview.totals.view import build_totals
from preview.views.field_history import FieldHistories, ServiceHistory
from preview.views.history import HistoricalValue
from tests.preview.totals.report_samples import sample_data, sample_report

CATALOGUE, TEXTS = Catalogue.load(), MessageCatalog.load()
FIELD = CATALOGUE.fields[21]
YEARS = ("2022", "2023", "2024")


def translator(language: Language = "nb") -> Translator:
    return Translator(TEXTS, language)


def sample_view(
    language: Language = "nb", sort: SortKey = "rank", deviations: tuple[FieldDeviation, ...] = ()
) -> FieldView:
    """Return the page of field 22; services c, d and e have no value, each for another reason."""
    reports = {
        "a": sample_report(CATALOGUE, {22: 10}, review_status="approved"),
        "b": sample_report(CATALOGUE, {22: 1030}, provisional=True),
        "c": sample_report(CATALOGUE, {22: 2}, suppress=True, review_status="changed"),
        "d": sample_report(CATALOGUE, {}),
    }
    prior = {"a": sample_report(CATALOGUE, {22: 4}), "b": sample_report(CATALOGUE, {22: 1130})}
    data = sample_data(CATALOGUE, reports, prior, listed=frozenset({"e"}))
    t = translator(language)
    entries = field_entries(data, FIELD, sort)
    names = {each.row.organization_id: each.row.organization_name for each in entries}
    return present_field(
        FIELD,
        build_totals(CATALOGUE, data),
        entries,
        present_field_deviations(deviations, names, "2024", t),
        present_definition(FIELD, CATALOGUE, t),
        t,
    )


def sample_deviation(organization_id: str, rule_id: str = "negativ", severity: str = "error") -> FieldDeviation:
    deviation = Deviation(rule_id, severity, FIELD.key, f"deviation.{rule_id}.message", {"value": -1, "period": "2024"})  # type: ignore[arg-type]
    return FieldDeviation(organization_id, deviation, None)


def history(organization_id: str, **values: Value) -> ServiceHistory:
    """Return a history of 2022 to 2024: None is withheld, what is not given has no report, and 2024 is not complete."""
    found = [
        HistoricalValue(year, None, "no_report")
        if (name := f"y{year}") not in values
        else HistoricalValue(year, values[name], "withheld" if values[name] is None else "present", year == "2024")
        for year in YEARS
    ]
    return ServiceHistory(organization_id, f"Barnevernstjenesten {organization_id}", found)


def sample_chosen(*histories: ServiceHistory, language: Language = "nb") -> ChosenView:
    return present_chosen(FieldHistories(YEARS, histories), FIELD, Period(2024), translator(language))
