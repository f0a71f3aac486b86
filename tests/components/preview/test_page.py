"""From view-model to HTML: the rows, what deviates, what is said of each state, and nothing unescaped."""

from collections.abc import Callable

import msgspec
import pytest
from lxml import html

from components.context import House
from components.preview.presenter import Shown
from components.preview.report_cache import draw
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.form.rules.base import Facts
from preview.i18n.catalog import Texts
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE
from preview.views.preview import Preview, SourceView
from tests.components.preview_samples import JOB, QUIET, SNAPSHOT, preview_of, values_of

NB = "\u00a0"
Drawing = Callable[..., dict[str, html.HtmlElement]]
Wording = Callable[..., Shown]


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _cell(row: html.HtmlElement, name: str) -> html.HtmlElement:
    (cell,) = row.xpath(f"./td[contains(concat(' ', @class, ' '), ' {name} ')]")
    return cell


@pytest.fixture
def quiet(catalogue: Catalogue) -> Preview:
    return preview_of(catalogue, values_of(catalogue), values_of(catalogue))


def test_the_34_fields_stand_in_their_sections_in_form_order(wording: Wording, quiet: Preview, catalogue: Catalogue) -> None:
    shown = wording(quiet)
    assert [row.number for row in shown.rows] == list(range(1, 35))
    assert [section.section_id for section in shown.sections] == [section.section_id for section in catalogue.sections]
    assert [(section.title, len(section.rows)) for section in shown.sections] == [
        ("Meldinger", 5),
        ("Undersøkelser", 7),
        ("Hjelpetiltak", 4),
        ("Barn under omsorg", 8),
        ("Planer", 4),
        ("Tilsyn i fosterhjem", 1),
        ("Flyttinger", 2),
        ("Ettervern", 1),
        ("Bemanning", 2),
    ]


def test_a_row_says_number_label_values_change_and_source(drawing: Drawing, catalogue: Catalogue) -> None:
    values = values_of(catalogue, antall_meldinger_mottatt=1612, andel_meldinger_innen_frist=92.0)
    prior = values_of(catalogue, antall_meldinger_mottatt=1574, andel_meldinger_innen_frist=95.0)
    drawn = drawing(preview_of(catalogue, values, prior))
    received, share = drawn["row-antall_meldinger_mottatt"], drawn["row-andel_meldinger_innen_frist"]
    assert _text(received.find("th")) == "1Meldinger mottatt"
    assert [_cell(received, name).text_content() for name in ("cur", "old", "chg", "pct", "src")] == [
        f"1{NB}612",
        f"1{NB}574",
        "+38",
        f"+2{NB}%",
        "CIS",
    ]
    assert [_cell(share, name).text_content() for name in ("cur", "old", "chg", "pct")] == [f"92,0{NB}%", f"95,0{NB}%", f"−3,0{NB}pp", ""]
    assert [disc.get("style") for disc in (*received.xpath(".//i"), *share.xpath(".//i"))] == ["--d:2.0", "--d:-3.0"]


def test_a_value_that_is_absent_or_hidden_is_never_0(drawing: Drawing, catalogue: Catalogue) -> None:
    preview = preview_of(
        catalogue,
        values_of(catalogue, antall_arsverk_ubesatt=None),
        values_of(catalogue, antall_arsverk_ubesatt=None),
        hidden=frozenset({"antall_barn_i_institusjon"}),
    )
    drawn = drawing(preview)
    absent, hidden = _cell(drawn["row-antall_arsverk_ubesatt"], "cur"), _cell(drawn["row-antall_barn_i_institusjon"], "cur")
    assert [(part.get("aria-hidden"), part.text) for part in absent] == [("true", "–"), (None, "mangler verdi")]
    assert [(part.get("aria-hidden"), part.text) for part in hidden] == [("true", ":"), (None, "skjult, 1 til 3")]
    assert "missing" in drawn["row-antall_arsverk_ubesatt"].get("data-flags").split()
    assert "missing" not in drawn["row-antall_barn_i_institusjon"].get("data-flags").split()


def test_parts_are_indented_under_their_whole(wording: Wording, quiet: Preview) -> None:
    assert [row.number for row in wording(quiet).rows if row.is_part] == [8, 9, 14, 19, 20, 21, 31, 34]


LOUD: list[tuple[dict[str, int | float | None], dict[str, int | float | None], Facts]] = [
    (
        {
            "antall_meldinger_over_frist": 130,
            "andel_meldinger_innen_frist": 88.4,
            "antall_undersokelser_henlagt": 96,
            "andel_undersokelser_innen_frist": 120.0,
            "antall_barn_med_hjelpetiltak_i_hjemmet": 101,
            "antall_akuttplasseringer": 0,
            "antall_omsorgsvedtak_opphevet": 5,
            "antall_barn_med_tiltak_uten_plan": 58,
            "antall_planevalueringer": -1,
            "antall_arsverk_ubesatt": None,
        },
        {"antall_omsorgsvedtak_opphevet": 0},
        Facts(period_id="2024", uttrekk="2024-11-01", ufullstendig=True, kilde_endret=True, findings=4),
    ),
    ({"antall_meldinger_mottatt": 0, "andel_undersokelser_innen_frist": 86.2}, {}, QUIET),
]


def test_every_rule_is_seen_below(catalogue: Catalogue) -> None:
    found = {
        deviation.rule_id
        for values, prior, facts in LOUD
        for row in preview_of(catalogue, values_of(catalogue, **values), values_of(catalogue, **prior), facts).rows
        for deviation in row.deviations
    }
    assert found == {rule.rule_id for rule in catalogue.rules}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("values", "prior", "facts"), LOUD)
def test_every_deviation_shows_in_its_row(
    drawing: Drawing,
    catalogue: Catalogue,
    texts: Texts,
    language: Language,
    values: dict[str, int | float | None],
    prior: dict[str, int | float | None],
    facts: Facts,
) -> None:
    preview = preview_of(catalogue, values_of(catalogue, **values), values_of(catalogue, **prior), facts)
    drawn = drawing(preview, language)
    for row in preview.rows:
        note, detail = _text(_cell(drawn[f"row-{row.field_key}"], "note")), _text(drawn[f"detail-{row.field_key}"])
        if not row.deviations:
            assert not note
            assert texts.get(language, "form.no_deviation") in detail
            continue
        assert texts.get(language, row.deviations[0].tag) in note
        assert ("+" in note) == (len(row.deviations) > 1)
        for deviation in row.deviations:
            assert " ".join(texts.get(language, deviation.message, **deviation.params).split()) in detail
            assert texts.get(language, deviation.action) in detail
            assert deviation.severity in drawn[f"row-{row.field_key}"].get("data-flags").split()


def test_a_number_on_a_filter_is_the_number_of_rows_that_it_leaves(drawing: Drawing, catalogue: Catalogue) -> None:
    values, prior, facts = LOUD[0]
    drawn = drawing(preview_of(catalogue, values_of(catalogue, **values), values_of(catalogue, **prior), facts))
    flags = [element.get("data-flags").split() for region, element in drawn.items() if region.startswith("row-")]
    for label in drawn["filters"].xpath(".//label"):
        flag, size = label.find("input").get("value"), int(label.find("b").text)
        assert size == {"all": 34, "changed": 0}.get(flag, sum(flag in of for of in flags)), flag


def test_the_worst_error_is_told_as_a_sentence(drawing: Drawing, catalogue: Catalogue, quiet: Preview) -> None:
    preview = preview_of(catalogue, values_of(catalogue, antall_undersokelser_henlagt=96), values_of(catalogue))
    assert "Felt 7: 100 med vedtak og 96 henlagte er 196, men 200 er avsluttet." in _text(drawing(preview)["worst"])
    assert _text(drawing(quiet)["worst"]) == ""


def test_nothing_is_written_unescaped(house: House, wording: Wording, quiet: Preview) -> None:
    evil = '"><script>alert(1)</script>'
    assert quiet.source is not None
    preview = msgspec.structs.replace(
        quiet,
        organization_name=evil,
        source=msgspec.structs.replace(quiet.source, case_system=evil),
        job=msgspec.structs.replace(JOB, job_status="failed", detail=evil, ended_at="2026-03-25T15:02:00Z"),
    )
    drawn = draw(house, wording(preview))
    assert "&lt;script&gt;" in drawn["who"]
    assert [region for region, text in drawn.items() if "<script" in text or evil in text] == []


@pytest.mark.parametrize(
    ("changed", "state", "notice", "job"),
    [
        ({}, "Gyldig 34 av 34 felt", "", ""),
        ({"snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False)}, "Kilden er endret etter 25. mars 2026 kl. 15:00.", "", ""),
        (
            {
                "snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False, status="processing"),
                "job": msgspec.structs.replace(JOB, reason="Feil rettet"),
            },
            "Utdatert 34 av 34 felt 34 av 34 Aggregerer på nytt. Du ser forrige verdier fra 25. mars 2026 kl. 15:00.",
            "",
            "Aggregerer på nytt62 %62 %ca. 8 sekunder igjen",
        ),
        (
            {"snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False, status="processing", aggregated_at=None), "job": JOB},
            "Ingen rapport",
            "Verdiene kommer når jobben er ferdig. Se jobben",
            "Aggregerer62 %62 %ca. 8 sekunder igjen",
        ),
        (
            {"job": msgspec.structs.replace(JOB, job_status="waiting", completed=0.0)},
            "Gyldig",
            "",
            "Venter på aggregering",
        ),
        (
            {"job": msgspec.structs.replace(JOB, job_status="failed", detail=NO_SOURCE, ended_at="2026-03-25T15:02:00Z")},
            "Gyldig",
            "Aggregeringen feilet kl. 16:02. Kilden har ikke lenger data for perioden. Forrige verdier står. Prøv igjen Se funn",
            "",
        ),
        (
            {"job": msgspec.structs.replace(JOB, job_status="failed", detail=INTERRUPTED, ended_at="2026-03-25T15:02:00Z")},
            "Gyldig",
            "Aggregeringen feilet kl. 16:02. Den ble avbrutt gang på gang. Forrige verdier står. Prøv igjen Se funn",
            "",
        ),
        (
            {"job": msgspec.structs.replace(JOB, job_status="failed", detail="An error.", ended_at="2026-03-25T15:02:00Z")},
            "Gyldig",
            "Aggregeringen feilet kl. 16:02. Det var en feil i programmet, og den står i loggen. Forrige verdier står. Prøv igjen Se funn",
            "",
        ),
        ({"snapshot": None}, "Ingen rapport", "Det finnes ingen rapport for 2024 ennå.", ""),
        ({"snapshot": None, "has_source": False}, "Ingen rapport", "Det finnes ingen data for 2024 for denne tjenesten. Importer", ""),
    ],
)
def test_each_state_is_said(drawing: Drawing, quiet: Preview, changed: dict[str, object], state: str, notice: str, job: str) -> None:
    drawn = drawing(msgspec.structs.replace(quiet, **changed))
    assert state in _text(drawn["state"])
    assert _text(drawn["notice"]) == notice
    assert _text(drawn["job"]).startswith(job)
    assert bool(job) == bool(_text(drawn["job"]))


def test_deleting_tells_who_loses_its_comparison(drawing: Drawing, quiet: Preview) -> None:
    assert "2024 (snap-001): 34 felt" in _text(drawing(quiet)["delete-lead"])
    assert "2025 mister tallene å sammenligne med." in _text(drawing(quiet)["delete-lead"])
    alone = msgspec.structs.replace(quiet, periods=["2024"])
    assert "mister" not in _text(drawing(alone)["delete-lead"])


def test_periods_with_a_report_come_first_and_any_open_one_may_be_asked_for(wording: Wording, quiet: Preview) -> None:
    shown = wording(msgspec.structs.replace(quiet, period_id="2019", compare_period_id="2018"))
    assert [(choice.period_id, choice.is_chosen) for choice in shown.with_report] == [
        ("2025", False),
        ("2024", False),
        ("2023-H1", False),
        ("2023", False),
    ]
    assert [choice.name for choice in shown.with_report][2] == "1. halvår 2023"
    assert shown.without_report[-1].period_id == "2019"
    assert shown.without_report[-1].is_chosen
    assert {choice.period_id for choice in shown.comparable} >= {"2018", "2023", "2024", "2025"}
    assert [choice.period_id for choice in shown.comparable if choice.is_chosen] == ["2018"]


def test_a_15f_file_is_named_by_its_format_as_it_has_no_case_system(wording: Wording, quiet: Preview) -> None:
    rows = [msgspec.structs.replace(row, data_source="kostra-15f") for row in quiet.rows]
    kostra = msgspec.structs.replace(quiet, rows=rows, source=SourceView("kostra-15f", "", "2024-12-31", 4, 1, False))
    shown = wording(kostra)
    assert [(source.name, source.lines[0]) for source in shown.sources] == [("KOSTRA 15F", "Uttrekk 31. desember 2024")]
    assert {row.source for row in shown.rows} == {"KOSTRA 15F"}


def test_sources_are_named_with_their_extract_and_findings(wording: Wording, quiet: Preview) -> None:
    system, manual = wording(quiet).sources
    assert (system.name, system.lines) == ("CIS", ("Uttrekk 15. januar 2025", f"1{NB}480{NB}saker", f"4{NB}funn"))
    assert manual.name == "Manuell"
