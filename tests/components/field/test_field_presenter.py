"""What the page of a field shows: the total, the services, deviations and histories, from sample reports."""

import pytest

from preview.core.languages import LANGUAGES, Language
from tests.components.field.field_samples import history, sample_chosen, sample_deviation, sample_view

NO_BREAK_SPACE = "\u00a0"


def test_total_compares_the_matched_services_and_says_so() -> None:
    view = sample_view()
    # The withheld value of c is in no published sum.
    assert (view.place, view.period, view.prior_period) == ("Hele landet", "2024", "2023")
    assert view.compared.text == f"1{NO_BREAK_SPACE}134"
    assert (view.change, view.percent) == ("−94", f"−8{NO_BREAK_SPACE}%")
    assert view.coverage[0] == "0 av 1 tjeneste"


def test_services_without_a_value_say_which_reason() -> None:
    rows = {row.organization_id: row for row in sample_view().rows}
    assert [row.organization_id for row in sample_view().rows] == ["b", "a", "c", "d", "e"]
    assert {key: (row.current.text, row.current.spoken) for key, row in rows.items()} == {
        "b": (f"1{NO_BREAK_SPACE}030", None),
        "a": ("10", None),
        "c": (":", "skjult av hensyn til personvern"),
        "d": ("–", "mangler"),
        "e": ("–", "ingen rapport"),
    }
    assert {key: row.change_state for key, row in rows.items()} == {
        "a": "present",
        "b": "present",
        "c": "withheld",
        "d": "missing",
        "e": "no_report",
    }
    assert [rows[key].state for key in "abcde"] == ["approved", "provisional", "changed", "", "no_report"]
    assert rows["a"].plotted_change == 58  # 150 % is beyond the scale


@pytest.mark.parametrize(("column", "expected"), [("value", "ab"), ("change", "ba"), ("prior_period_value", "ab")])
def test_sort_keys_order_numbers_as_texts(column: str, expected: str) -> None:
    rows = [row for row in sample_view().rows if row.sort_keys[column]]
    assert "".join(row.organization_id for row in sorted(rows, key=lambda row: row.sort_keys[column])) == expected


def test_deviations_are_of_shown_services_severest_first() -> None:
    notice = sample_deviation("a", "ingen_aktivitet", "notice")
    found = sample_view(deviations=(notice, sample_deviation("b"), sample_deviation("elsewhere"))).deviations
    assert [(each.name, each.severity) for each in found] == [("Tjenesten b", "error"), ("Tjenesten a", "notice")]
    assert found[0].message == "−1 er under null."
    assert found[0].preview_query == "organization_id=b&period_id=2024"


def test_history_spans_all_periods_of_the_chosen_services() -> None:
    chosen = sample_chosen(history("x", y2022=5, y2024=7), history("y", y2023=None))
    assert chosen.periods == ("2022", "2023", "2024")
    assert [(each.letter, [point.view.text for point in each.points]) for each in chosen.services] == [
        ("A", ["5", "–", "7"]),
        ("B", ["–", ":", "–"]),
    ]
    assert [point.is_partial for point in chosen.services[0].points] == [False, False, True]
    assert (chosen.ids, chosen.letter_of("y"), chosen.letter_of("z"), chosen.is_full) == ("x,y", "B", "", False)


@pytest.mark.parametrize("language", LANGUAGES)
def test_definition_is_in_each_language(language: Language) -> None:
    definition = sample_view(language).definition
    assert definition.text
    assert definition.sql is not None
    assert definition.sql.startswith("SELECT")
    assert ("negativ" in dict(definition.rules)) is True
