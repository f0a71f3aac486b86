"""What the country page shows: coverage, rows, and the waterfall of a change, from sample reports."""

import pytest

from components.country.presenter import CountryView, present_country
from components.layout.preferences import Translator
from preview.core.languages import LANGUAGES
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.totals.contributions import contributions_to_change
from preview.totals.data import TotalsData
from preview.totals.view import build_totals
from tests.preview.totals.report_samples import MED_FRIST, sample_data, sample_report

NO_BREAK_SPACE = "\u00a0"


def present(
    catalogue: Catalogue, texts: MessageCatalog, data: TotalsData, *numbers: int, language: str = "nb"
) -> CountryView:
    """Return the page of sample data, with the changes of the fields with these numbers explained."""
    totals = build_totals(catalogue, data)
    contributions = {
        catalogue.fields[number - 1].key: contributions_to_change(
            data, catalogue.fields[number - 1], totals.fields[number - 1], 10
        )
        for number in numbers
    }
    return present_country(totals, contributions, catalogue, Translator(texts, language))  # type: ignore[arg-type]


def test_coverage_names_what_is_expected_and_what_is_not(catalogue: Catalogue, texts: MessageCatalog) -> None:
    reports = {
        "a": sample_report(catalogue, {1: 1}, review_status="approved"),
        "b": sample_report(catalogue, {1: 1}, provisional=True),
        "unlisted": sample_report(catalogue, {1: 1}),
    }
    view = present(catalogue, texts, sample_data(catalogue, reports, {}, listed=frozenset({"a", "b", "silent"})))
    assert view.coverage == ("2 av 3 tjenester", "1 til, ikke på listen over tjenester", "1 godkjent", "1 foreløpig")
    view = present(catalogue, texts, sample_data(catalogue, reports, {}))
    assert view.coverage == ("3 tjenester med rapport", "1 godkjent", "1 foreløpig")
    one = sample_data(catalogue, reports, {}, listed=frozenset({"a"}))
    assert present(catalogue, texts, one, language="nn").coverage[0::2] == ("1 av 1 teneste", "1 godkjend")


def test_row_says_how_many_services_it_compares(catalogue: Catalogue, texts: MessageCatalog) -> None:
    reports = {
        "a": sample_report(catalogue, {1: 1500}),
        "b": sample_report(catalogue, {1: 40}),
        "c": sample_report(catalogue, {1: 2}),
    }
    prior = {"a": sample_report(catalogue, {1: 1600}), "b": sample_report(catalogue, {1: 20})}
    view = present(catalogue, texts, sample_data(catalogue, reports, prior))
    row = view.rows[0]
    assert (row.current.text, row.compared.text) == (f"1{NO_BREAK_SPACE}542", f"1{NO_BREAK_SPACE}620")
    assert (row.change, row.percent) == ("−80", f"−5{NO_BREAK_SPACE}%")
    assert (row.source, row.note) == ("3", "2 sammenlignet")
    assert view.explanations[row.key] == (
        "3 tjenester har en verdi. "
        f"Endringen gjelder de 2 som har det også i 2023: 1{NO_BREAK_SPACE}620 → 1{NO_BREAK_SPACE}540."
    )
    assert (view.rows[28].current.text, view.rows[28].current.spoken, view.rows[28].note) == ("–", "mangler", "")


def test_waterfall_leads_from_the_prior_value_to_the_value(catalogue: Catalogue, texts: MessageCatalog) -> None:
    reports = {key: sample_report(catalogue, {1: value}) for key, value in (("a", 30), ("b", 5), ("c", 7))}
    prior = {key: sample_report(catalogue, {1: value}) for key, value in (("a", 10), ("b", 15), ("c", 7))}
    view = present(catalogue, texts, sample_data(catalogue, reports, prior), 1)
    waterfall = view.contributions[view.rows[0].key]
    assert [(row.name, row.prior, row.current, row.contribution) for row in waterfall.rows] == [
        ("De sammenlignede, 2023", "32", "", ""),
        ("Tjenesten a", "10", "30", "+20"),
        ("Tjenesten b", "15", "5", "−10"),
        ("1 annen tjeneste", "", "", "0"),
        ("De sammenlignede, 2024", "", "42", "+10"),
    ]
    places = [(round(row.bar.start), round(row.bar.end)) for row in waterfall.rows]
    assert places == [(6, 6), (6, 94), (94, 50), (50, 50), (50, 50)]
    assert waterfall.rows[1].query == "organization_id=a&period_id=2024"
    assert waterfall.services_query == "org=a,b"


def test_rounded_contributions_of_a_share_add_up(catalogue: Catalogue, texts: MessageCatalog) -> None:
    reports = {
        "a": sample_report(catalogue, {4: 5, 5: 88.4, MED_FRIST: 43}),
        "b": sample_report(catalogue, {4: 8, 5: 92.3, MED_FRIST: 104}),
    }
    prior = {
        "a": sample_report(catalogue, {4: 2, 5: 94.3, MED_FRIST: 35}),
        "b": sample_report(catalogue, {4: 8, 5: 93.2, MED_FRIST: 117}),
    }
    view = present(catalogue, texts, sample_data(catalogue, reports, prior), 5)
    rows = view.contributions[view.rows[4].key].rows
    contributions = [row.contribution.removesuffix(f"{NO_BREAK_SPACE}pp").replace("−", "-") for row in rows[1:]]
    *parts, change = (float(text.replace(",", ".")) for text in contributions)
    assert round(sum(parts), 1) == change
    assert [row.name for row in rows][-2:] == ["Avrunding", "De sammenlignede, 2024"]


def test_change_that_cannot_be_explained_says_why(catalogue: Catalogue, texts: MessageCatalog) -> None:
    one = {"a": sample_report(catalogue, {1: 5, 22: 2}, suppress=True), "b": sample_report(catalogue, {1: 5, 22: 9})}
    view = present(catalogue, texts, sample_data(catalogue, one, one), 1, 22)
    sentences = {key: found.sentence for key, found in view.contributions.items()}
    assert sentences == {
        view.rows[0].key: "Ingen tjeneste har endret seg.",
        view.rows[21].key: "Endringen er skjult av hensyn til personvern.",
    }
    assert (view.rows[21].current.text, view.rows[21].change) == (":", "–")
    assert {found.services_query for found in view.contributions.values()} == {""}
    view = present(catalogue, texts, sample_data(catalogue, one, {}), 1)
    assert view.contributions[view.rows[0].key].sentence.startswith("Ingen tjeneste har en verdi i begge perioder")


@pytest.mark.parametrize("language", LANGUAGES)
def test_empty_store_is_shown_in_each_language(catalogue: Catalogue, texts: MessageCatalog, language: str) -> None:
    view = present(catalogue, texts, sample_data(catalogue, {}, {}), 1, language=language)
    assert (view.is_empty, len(view.rows)) == (True, 34)
    assert len(view.county_options) == 16
    assert all(row.absence for row in view.rows)
