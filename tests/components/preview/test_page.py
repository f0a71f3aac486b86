"""Rendering of the preview: rows, deviations, the texts of each state, and escaping."""

from collections.abc import Callable

import msgspec
import pytest
from lxml import html

from components.context import AppContext
from components.preview.report_cache import render_regions
from components.preview.report_view import ReportView
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.form.rules.base import ReportMetadata
from preview.i18n.catalog import MessageCatalog
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE
from preview.views.preview import Preview, SourceView
from tests.components.preview_samples import JOB, QUIET_METADATA, SNAPSHOT, make_preview, make_values

NB = "\u00a0"
Render = Callable[..., dict[str, html.HtmlElement]]
Present = Callable[..., ReportView]


def _text(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def _cell(row: html.HtmlElement, name: str) -> html.HtmlElement:
    (cell,) = row.xpath(f"./td[contains(concat(' ', @class, ' '), ' {name} ')]")
    return cell


@pytest.fixture
def quiet(catalogue: Catalogue) -> Preview:
    return make_preview(catalogue, make_values(catalogue), make_values(catalogue))


def test_fields_are_grouped_by_section_in_form_order(present: Present, quiet: Preview, catalogue: Catalogue) -> None:
    view = present(quiet)
    assert [row.number for row in view.rows] == list(range(1, 35))
    assert [section.section_id for section in view.sections] == [section.section_id for section in catalogue.sections]
    assert [(section.title, len(section.rows)) for section in view.sections] == [
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


def test_row_shows_number_label_values_change_and_source(render: Render, catalogue: Catalogue) -> None:
    values = make_values(catalogue, antall_meldinger_mottatt=1612, andel_meldinger_innen_frist=92.0)
    prior = make_values(catalogue, antall_meldinger_mottatt=1574, andel_meldinger_innen_frist=95.0)
    regions = render(make_preview(catalogue, values, prior))
    received, share = regions["row-antall_meldinger_mottatt"], regions["row-andel_meldinger_innen_frist"]
    assert _text(received.find("th")) == "1Meldinger mottatt Vis Meldinger mottatt"  # "Vis" without scripts
    assert [_cell(received, name).text_content() for name in ("current", "compared", "change", "percent")] == [
        f"1{NB}612",
        f"1{NB}574",
        "+38",
        f"+2{NB}%",
    ]
    assert [_cell(share, name).text_content() for name in ("current", "compared", "change", "percent")] == [
        f"92,0{NB}%",
        f"95,0{NB}%",
        f"−3,0{NB}pp",
        "",
    ]
    assert [disc.get("style") for disc in (*received.xpath(".//i"), *share.xpath(".//i"))] == ["--d:2.0", "--d:-3.0"]


def test_absent_and_hidden_values_are_not_shown_as_zero(render: Render, catalogue: Catalogue) -> None:
    preview = make_preview(
        catalogue,
        make_values(catalogue, antall_arsverk_ubesatt=None, andel_meldinger_innen_frist=None),
        make_values(catalogue, antall_arsverk_ubesatt=None),
        hidden=frozenset({"antall_barn_i_institusjon"}),
    )
    regions = render(preview)
    for key, flag, sign, spoken, sentence in (
        ("antall_arsverk_ubesatt", "missing", "–", "mangler", "Mangler: ingen kilde for 2024."),
        (
            "andel_meldinger_innen_frist",
            "not_applicable",
            "i.a.",
            "ikke aktuelt",
            "Ikke aktuelt: ingen meldinger med frist i perioden.",
        ),
        (
            "antall_barn_i_institusjon",
            "withheld",
            ":",
            "skjult av hensyn til personvern",
            "Skjult av hensyn til personvern.",
        ),
    ):
        cell = _cell(regions[f"row-{key}"], "current")
        assert [(part.get("aria-hidden"), part.get("title"), part.text) for part in cell] == [
            ("true", spoken, sign),
            (None, None, spoken),
        ]
        assert regions[f"row-{key}"].get("data-flags").split() == [flag]
        assert sentence in _text(regions[f"detail-{key}"])
    # On paper, where no sign can be pointed at, the foot explains those that are there.
    assert _text(regions["foot"]).endswith(
        "Tegn: «–» mangler, «i.a.» ikke aktuelt, «:» skjult av hensyn til personvern."
    )


def test_signs_of_compared_values_are_explained_where_they_stand(render: Render, quiet: Preview) -> None:
    states = {"andel_meldinger_innen_frist": "not_applicable", "antall_barn_i_institusjon": "withheld"}
    rows = [
        msgspec.structs.replace(row, compared_value=None, compared_state=states.get(row.field_key, "present"))
        for row in quiet.rows
    ]
    regions = render(msgspec.structs.replace(quiet, rows=rows))
    assert _text(_cell(regions["row-antall_barn_i_institusjon"], "compared")) == ":skjult av hensyn til personvern"
    assert "2023: Skjult av hensyn til personvern." in _text(regions["detail-antall_barn_i_institusjon"])
    assert "2023: Ikke aktuelt: ingen meldinger" in _text(regions["detail-andel_meldinger_innen_frist"])
    assert regions["row-antall_barn_i_institusjon"].get("data-flags") == ""  # filters and counts are of this period
    assert "Tegn: «i.a.» ikke aktuelt, «:» skjult av hensyn til personvern." in _text(regions["foot"])


def test_page_with_every_value_explains_no_sign(render: Render, quiet: Preview) -> None:
    assert "Tegn:" not in _text(render(quiet)["foot"])


def test_parts_are_marked_for_indentation(present: Present, quiet: Preview) -> None:
    assert [row.number for row in present(quiet).rows if row.is_part] == [8, 9, 14, 19, 20, 21, 31, 34]


DEVIATING: list[tuple[dict[str, int | float | None], dict[str, int | float | None], ReportMetadata]] = [
    (
        {
            "antall_meldinger_over_frist": 130,
            "andel_meldinger_innen_frist": 88.4,
            "antall_undersokelser_henlagt": 96,
            "andel_undersokelser_innen_frist": 120.0,
            "antall_barn_med_hjelpetiltak_i_hjemmet": 101,
            "antall_akuttplasseringer": 0,
            "antall_barn_med_tiltak_uten_plan": 58,
            "antall_planevalueringer": -1,
            "antall_arsverk_ubesatt": None,
        },
        {},
        ReportMetadata(period_id="2024", extract_day="2024-11-01", incomplete=True, system_changed=True, findings=4),
    ),
    (
        {
            "antall_meldinger_mottatt": 0,
            "andel_undersokelser_innen_frist": 86.2,
            "antall_omsorgsvedtak_opphevet": 5,
        },
        {"antall_omsorgsvedtak_opphevet": 0},
        QUIET_METADATA,
    ),
]


def test_samples_trigger_every_rule(catalogue: Catalogue) -> None:
    found = {
        deviation.rule_id
        for values, prior, facts in DEVIATING
        for row in make_preview(
            catalogue, make_values(catalogue, **values), make_values(catalogue, **prior), facts
        ).rows
        for deviation in row.deviations
    }
    assert found == {rule.rule_id for rule in catalogue.rules}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("values", "prior", "facts"), DEVIATING)
def test_row_shows_all_its_deviations(
    render: Render,
    catalogue: Catalogue,
    texts: MessageCatalog,
    language: Language,
    values: dict[str, int | float | None],
    prior: dict[str, int | float | None],
    facts: ReportMetadata,
) -> None:
    preview = make_preview(catalogue, make_values(catalogue, **values), make_values(catalogue, **prior), facts)
    regions = render(preview, language)
    for row in preview.rows:
        note, detail = _text(_cell(regions[f"row-{row.field_key}"], "note")), _text(regions[f"detail-{row.field_key}"])
        if not row.deviations:
            assert ":" not in note or note.startswith(texts.get(language, "form.source"))
            assert texts.get(language, "form.no_deviation") in detail
            continue
        assert texts.get(language, row.deviations[0].tag) in note
        assert ("+" in note) == (len(row.deviations) > 1)
        for deviation in row.deviations:
            assert " ".join(texts.get(language, deviation.message, **deviation.params).split()) in detail
            assert texts.get(language, deviation.action) in detail
            assert deviation.severity in regions[f"row-{row.field_key}"].get("data-flags").split()


def test_filter_count_equals_number_of_matching_rows(render: Render, catalogue: Catalogue) -> None:
    values, prior, facts = DEVIATING[0]
    regions = render(make_preview(catalogue, make_values(catalogue, **values), make_values(catalogue, **prior), facts))
    flags = [element.get("data-flags").split() for region, element in regions.items() if region.startswith("row-")]
    for label in regions["filters"].xpath(".//label"):
        flag, size = label.find("input").get("value"), int(label.find("b").text)
        assert size == {"all": 34, "changed": 0}.get(flag, sum(flag in of for of in flags)), flag


def test_first_error_is_shown_as_sentence(render: Render, catalogue: Catalogue, quiet: Preview) -> None:
    preview = make_preview(catalogue, make_values(catalogue, antall_undersokelser_henlagt=96), make_values(catalogue))
    assert "Felt 7: 100 med vedtak og 96 henlagte er 196, men 200 er avsluttet." in _text(
        render(preview)["first-error"]
    )
    assert _text(render(quiet)["first-error"]) == ""


def test_report_html_is_escaped(context: AppContext, present: Present, quiet: Preview) -> None:
    evil = '"><script>alert(1)</script>'
    assert quiet.source is not None
    preview = msgspec.structs.replace(
        quiet,
        organization_name=evil,
        source=msgspec.structs.replace(quiet.source, case_system=evil),
        job=msgspec.structs.replace(JOB, job_status="failed", detail=evil, ended_at="2026-03-25T15:02:00Z"),
    )
    regions = render_regions(context, present(preview))
    assert "&lt;script&gt;" in regions["organization"]
    assert [region for region, text in regions.items() if "<script" in text or evil in text] == []


@pytest.mark.parametrize(
    ("changed", "state", "notice", "job"),
    [
        ({}, "Klar til godkjenning Ikke godkjent. 34 av 34 felt", "", ""),
        (
            {"snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False)},
            "Kilden er endret etter 25. mars 2026 kl. 15:00.",
            "",
            "",
        ),
        (
            {
                "snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False, status="processing"),
                "job": msgspec.structs.replace(JOB, reason="Feil rettet"),
            },
            (
                "Utdatert Ikke godkjent. 34 av 34 felt 34 av 34 Kilde: CIS "
                "Aggregerer på nytt. Du ser forrige verdier fra 25. mars 2026 kl. 15:00."
            ),
            "",
            "Aggregerer på nytt62 %62 %ca. 8 sekunder igjen",
        ),
        (
            {
                "snapshot": msgspec.structs.replace(
                    SNAPSHOT, cache_valid=False, status="processing", aggregated_at=None
                ),
                "job": JOB,
            },
            "Ingen rapport",
            "Tallene beregnes og vises her når de er klare. Se aggregeringen",
            "Aggregerer62 %62 %ca. 8 sekunder igjen",
        ),
        (
            {"job": msgspec.structs.replace(JOB, job_status="waiting", completed=0.0)},
            "Klar til godkjenning",
            "",
            "Venter på aggregering",
        ),
        (
            {
                "job": msgspec.structs.replace(
                    JOB, job_status="failed", detail=NO_SOURCE, ended_at="2026-03-25T15:02:00Z"
                )
            },
            "Klar til godkjenning",
            (
                "Aggregeringen feilet kl. 16:02: kilden har ikke lenger data for perioden. "
                "Du ser tallene fra 25. mars 2026 kl. 15:00. Prøv igjen Se funn"
            ),
            "",
        ),
        (
            {
                "job": msgspec.structs.replace(
                    JOB, job_status="failed", detail=INTERRUPTED, ended_at="2026-03-25T15:02:00Z"
                )
            },
            "Klar til godkjenning",
            (
                "Aggregeringen (job-agg-007) ble avbrutt gang på gang, sist kl. 16:02. "
                "Du ser tallene fra 25. mars 2026 kl. 15:00. Meld fra til drift om det gjentar seg. "
                "Prøv igjen Kopier nummer"
            ),
            "",
        ),
        (
            {
                "job": msgspec.structs.replace(
                    JOB, job_status="failed", detail="An error.", ended_at="2026-03-25T15:02:00Z"
                )
            },
            "Klar til godkjenning",
            (
                "En feil i programmet stoppet aggregeringen (job-agg-007) kl. 16:02. "
                "Du ser tallene fra 25. mars 2026 kl. 15:00. Meld fra til drift om det gjentar seg. "
                "Prøv igjen Kopier nummer"
            ),
            "",
        ),
        ({"snapshot": None}, "Ingen rapport", "Det finnes ingen rapport for 2024 ennå.", ""),
        (
            {"snapshot": None, "latest_period_id": "2023-H1"},
            "Ingen rapport",
            "Det finnes ingen rapport for 2024 ennå. Vis siste rapport (1. halvår 2023)",
            "",
        ),
        (
            {"compare_period_id": "2022", "compared_snapshot": None},
            "Klar til godkjenning",
            "Det finnes ingen rapport for 2022 å sammenligne med.",
            "",
        ),
        ({"compared_snapshot": None}, "Klar til godkjenning", "", ""),
        (
            {"snapshot": None, "has_source": False},
            "Ingen rapport",
            "Det finnes ingen data for 2024 for denne tjenesten. Lever uttrekk",
            "",
        ),
    ],
)
def test_report_state_shows_status_notice_and_job(
    render: Render, quiet: Preview, changed: dict[str, object], state: str, notice: str, job: str
) -> None:
    regions = render(msgspec.structs.replace(quiet, **changed))
    assert state in _text(regions["state"])
    assert _text(regions["notice"]) == notice
    shown_job = _text(regions["job"]).removeprefix("Sist kjent:")  # seen while the connection is lost
    assert shown_job.startswith(job)
    assert bool(job) == bool(shown_job)


def test_delete_dialog_names_dependent_period(render: Render, quiet: Preview) -> None:
    assert "2024 (snap-001). Tallene slettes" in _text(render(quiet)["delete-lead"])
    assert "2025 mister tallene å sammenligne med." in _text(render(quiet)["delete-lead"])
    alone = msgspec.structs.replace(quiet, periods=["2024"])
    assert "mister" not in _text(render(alone)["delete-lead"])


def test_periods_with_report_come_first_then_open_periods(present: Present, quiet: Preview) -> None:
    view = present(msgspec.structs.replace(quiet, period_id="2019", compare_period_id="2018"))
    assert [(choice.period_id, choice.is_selected) for choice in view.with_report] == [
        ("2025", False),
        ("2024", False),
        ("2023-H1", False),
        ("2023", False),
    ]
    assert [choice.name for choice in view.with_report][2] == "1. halvår 2023"
    assert view.without_report[-1].period_id == "2019"
    assert view.without_report[-1].is_selected
    assert {choice.period_id for choice in view.comparable} >= {"2018", "2023", "2024", "2025"}
    assert [choice.period_id for choice in view.comparable if choice.is_selected] == ["2018"]


def test_kostra_15f_source_is_named_by_format(present: Present, quiet: Preview) -> None:
    rows = [msgspec.structs.replace(row, data_source="kostra-15f") for row in quiet.rows]
    kostra = msgspec.structs.replace(quiet, rows=rows, source=SourceView("kostra-15f", "", "2024-12-31", 4, 1, False))
    view = present(kostra)
    assert [(source.name, source.lines[0]) for source in view.sources] == [
        ("KOSTRA 15F", "Siste uttrekk 31. desember 2024")
    ]
    assert {row.source for row in view.rows} == {"KOSTRA 15F"}


def test_source_shows_name_extract_and_findings(present: Present, quiet: Preview) -> None:
    system, manual = present(quiet).sources
    assert (system.name, system.lines) == ("CIS", ("Siste uttrekk 15. januar 2025", f"1{NB}480{NB}saker", f"4{NB}funn"))
    assert manual.name == "Manuell"
