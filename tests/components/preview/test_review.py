"""What the preview page says about the decision on a report: its state, what blocks, answers, comments and changes."""

from collections.abc import Callable

import msgspec
import pytest
from lxml import html

from components.context import AppContext
from components.layout.preferences import Translator
from components.preview.report_view import ReportView
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.model.reviews import Acknowledgement, ApprovalInForce, Blocking, ChangedField, CommentDocument
from preview.views.preview import Preview
from tests.components.preview_samples import SNAPSHOT, make_preview, make_review, make_values

Render = Callable[..., dict[str, html.HtmlElement]]
Present = Callable[..., ReportView]

OVER_DEADLINE = "antall_meldinger_over_frist"
APPROVAL = ApprovalInForce("apr-001", "dashboard", "Kari Nordmann", "2026-03-03T13:10:00Z", None, "snap-001")
ANSWER = Acknowledgement("stor_endring", OVER_DEADLINE, "Reell endring", "kari.n", "2026-03-03T13:00:00Z", False)
COMMENT = CommentDocument(
    "cmt-001", OVER_DEADLINE, "Se på dette.", "kari.n", "2026-03-03T13:05:00Z", None, False, None, None
)


def _text(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


@pytest.fixture
def warned(catalogue: Catalogue) -> Preview:
    """Return a report with one warning: a count has grown from 100 to 200."""
    return make_preview(catalogue, make_values(catalogue, **{OVER_DEADLINE: 200}), make_values(catalogue))


@pytest.fixture
def review_of(warned: Preview) -> Callable[..., Preview]:
    """Return a function that changes the review of the report."""
    found = [deviation for row in warned.rows for deviation in row.deviations]

    def replace(**changed: object) -> Preview:
        return msgspec.structs.replace(warned, review=make_review(found, **changed))

    return replace


ChangeReview = Callable[..., Preview]
CHANGED = {
    "review_status": "changed",
    "approval": APPROVAL,
    "changed_since_approval": [ChangedField(OVER_DEADLINE, 100, 200)],
    "blocking": [],
}


@pytest.mark.parametrize(
    ("changed", "line", "primary"),
    [
        ({}, "Varsler venter Kan ikke godkjennes ennå: 1 varsel uten svar. Vis Ikke godkjent.", "approve"),
        (
            {
                "blocking": [
                    Blocking("error", "antall_flyttinger", "delmengde"),
                    Blocking("warning", OVER_DEADLINE, "stor_endring"),
                    Blocking("warning", "antall_arsverk", "mangler"),
                ]
            },
            "Med feil Kan ikke godkjennes ennå: 1 feil og 2 varsler uten svar. Vis Ikke godkjent.",
            "approve",
        ),
        (
            {
                "blocking": [
                    Blocking("error", OVER_DEADLINE, "delmengde"),
                    Blocking("warning", OVER_DEADLINE, "stor_endring"),
                    Blocking("warning", "-", "kilde_endret"),
                ]
            },
            "Med feil Kan ikke godkjennes ennå: 1 feil og 2 varsler uten svar, i 2 felt. Vis Ikke godkjent.",
            "approve",
        ),
        ({"blocking": []}, "Klar til godkjenning Ikke godkjent.", "approve"),
        (
            {"blocking": [Blocking("provisional", None, None)]},
            "Foreløpig Data til 15. januar 2025. Ikke godkjent.",
            "again",
        ),
        (
            {"review_status": "approved", "approval": APPROVAL, "blocking": []},
            "Godkjent 3. mars 2026 kl. 14:10 av Kari Nordmann. Trekk tilbake …",
            "",
        ),
        (
            CHANGED,
            (
                "Endret etter godkjenning 1 felt er endret etter godkjenningen 3. mars 2026. "
                "Vis endrede Trekk tilbake … Ikke godkjent."
            ),
            "approve",
        ),
    ],
)
def test_second_line_says_the_decision_before_the_numbers(
    render: Render, present: Present, review_of: ChangeReview, changed: dict[str, object], line: str, primary: str
) -> None:
    preview = review_of(**changed)
    state = _text(render(preview)["state"]).removeprefix("Sist kjent: ")
    assert state.startswith(f"{line} 34 av 34 felt")
    assert present(preview).primary_action == primary


def test_stale_report_says_so_and_keeps_its_approval(render: Render, present: Present, review_of: ChangeReview) -> None:
    preview = msgspec.structs.replace(
        review_of(review_status="approved", approval=APPROVAL, blocking=[Blocking("stale", None, None)]),
        snapshot=msgspec.structs.replace(SNAPSHOT, cache_valid=False),
    )
    text = _text(render(preview)["state"])
    assert "Godkjent 3. mars 2026 kl. 14:10 av Kari Nordmann." in text
    assert "Utdatert" in text
    assert present(preview).primary_action == "again"


def test_dialog_lists_what_blocks_with_links_to_the_rows(render: Render, review_of: ChangeReview) -> None:
    lead = render(review_of())["approve-lead"]
    assert lead.get("data-can-approve") is None
    (link,) = lead.xpath(".//ul[@class='blocking']//a")
    assert (link.get("data-target-field"), link.text_content()) == (OVER_DEADLINE, "Felt 4: Meldinger over frist")
    assert not lead.xpath(".//*[@id='approve-totals']")


def test_obstacle_stays_in_its_row_under_another_comparison(render: Render, present: Present, warned: Preview) -> None:
    rows = [msgspec.structs.replace(row, deviations=[]) for row in warned.rows]
    compared = msgspec.structs.replace(warned, compare_period_id="2022", rows=rows)
    assert present(compared).count_matching("blocking") == present(warned).count_matching("blocking") == 1
    regions = render(compared)
    assert regions[f"row-{OVER_DEADLINE}"].get("data-flags").split() == ["blocking"]
    assert "mot 2023" in _text(regions[f"row-{OVER_DEADLINE}"])
    detail = regions[f"detail-{OVER_DEADLINE}"]
    assert "Mot 2023 må dette avklares: Stor endring. Vis mot 2023" in _text(detail)
    assert "Ingen avvik" not in _text(detail)
    (link,) = detail.xpath(f".//a[@id='owed-{OVER_DEADLINE}']")
    assert link.get("href").endswith(f"?organization_id=org-1042&period_id=2024&compare=2023#row-{OVER_DEADLINE}")
    assert "Mot 2023" not in _text(render(warned)[f"detail-{OVER_DEADLINE}"])


def test_link_to_a_row_of_another_comparison_leads_to_the_own_one(render: Render, warned: Preview) -> None:
    rows = [msgspec.structs.replace(row, deviations=[]) for row in warned.rows]
    lead = render(msgspec.structs.replace(warned, compare_period_id="2022", rows=rows))["approve-lead"]
    (link,) = lead.xpath(".//ul[@class='blocking']//a")
    assert link.get("href").endswith(f"?organization_id=org-1042&period_id=2024&compare=2023#row-{OVER_DEADLINE}")


def test_dialog_names_the_document_and_the_values_that_are_approved(render: Render, review_of: ChangeReview) -> None:
    lead = render(review_of(blocking=[], acknowledgements=[ANSWER], comments=[COMMENT]))["approve-lead"]
    assert lead.get("data-can-approve") == ""
    assert (lead.get("data-snapshot"), lead.get("data-etag")) == ("snap-001", '"a"')
    assert "34 av 34 felt har verdi · 1 avvik er besvart · 1 åpen kommentar" in _text(lead)
    rows = [[_text(cell) for cell in row] for row in lead.xpath(".//*[@id='approve-totals']//tr")]
    assert ["4 Meldinger over frist", "200"] in rows
    assert len(rows) == 26, "the parts of a number are not listed"


def test_dialog_of_an_approved_report_says_who_and_offers_nothing(render: Render, review_of: ChangeReview) -> None:
    approval = msgspec.structs.replace(APPROVAL, note="Kontrollert.")
    lead = render(review_of(review_status="approved", approval=approval, blocking=[]))["approve-lead"]
    assert lead.get("data-can-approve") is None
    assert "Godkjent 3. mars 2026 kl. 14:10 av Kari Nordmann. Kontrollert." in _text(lead)


def test_answered_warning_keeps_its_tag_in_subtle_ink(render: Render, review_of: ChangeReview) -> None:
    unanswered, answered = render(review_of()), render(review_of(blocking=[], acknowledgements=[ANSWER]))
    assert unanswered[f"row-{OVER_DEADLINE}"].get("data-flags").split() == ["warning", "blocking"]
    assert answered[f"row-{OVER_DEADLINE}"].get("data-flags").split() == ["warning"]
    (tag,) = answered[f"row-{OVER_DEADLINE}"].xpath(".//span[@data-answered]")
    assert (tag.get("data-color"), _text(tag)) == ("neutral", "Varsel: Stor endring (besvart)")
    detail = answered[f"detail-{OVER_DEADLINE}"]
    assert "Besvart Reell endring av kari.n, 3. mars 2026 kl. 14:00 Ta tilbake" in _text(detail)
    (take_back,) = detail.xpath(".//button[@data-requests='take_back']")
    assert (take_back.get("data-rule"), take_back.get("data-field")) == ("stor_endring", OVER_DEADLINE)


def test_lapsed_answer_is_shown_and_the_warning_waits_again(render: Render, review_of: ChangeReview) -> None:
    lapsed = msgspec.structs.replace(ANSWER, lapsed=True)
    regions = render(review_of(acknowledgements=[lapsed]))
    assert not regions[f"row-{OVER_DEADLINE}"].xpath(".//span[@data-answered]")
    text = _text(regions[f"detail-{OVER_DEADLINE}"])
    assert "Svaret gjelder ikke lenger, for tallene er endret: Reell endring" in text
    assert "Svar på varselet …" in text


def test_answer_to_a_deviation_that_is_gone_can_be_taken_back(render: Render, review_of: ChangeReview) -> None:
    gone = msgspec.structs.replace(ANSWER, rule="fra_null", lapsed=True)
    report = msgspec.structs.replace(gone, rule="kilde_endret", field_key="-")
    regions = render(review_of(acknowledgements=[gone, report]))
    for region, rule in ((f"detail-{OVER_DEADLINE}", "fra_null"), ("comments", "kilde_endret")):
        assert "Avviket som dette var svaret på, er borte: Reell endring" in _text(regions[region])
        assert regions[region].xpath(f".//button[@data-requests='take_back'][@data-rule='{rule}']")


def test_error_cannot_be_answered(render: Render, catalogue: Catalogue) -> None:
    values = make_values(catalogue, andel_undersokelser_innen_frist=120.0)
    detail = render(make_preview(catalogue, values, make_values(catalogue)))["detail-andel_undersokelser_innen_frist"]
    (error,) = detail.xpath(".//*[@data-color='danger']")
    assert not error.xpath(".//button")


def test_warning_of_another_comparison_cannot_be_answered(render: Render, warned: Preview) -> None:
    deviations = [
        msgspec.structs.replace(each, params=each.params | {"change": 1})
        for row in warned.rows
        for each in row.deviations
    ]
    rows = [
        msgspec.structs.replace(row, deviations=deviations if row.field_key == OVER_DEADLINE else [])
        for row in warned.rows
    ]
    other = msgspec.structs.replace(warned, compare_period_id="2022", rows=rows)
    detail = render(other)[f"detail-{OVER_DEADLINE}"]
    assert not detail.xpath(".//button[@data-opens-form='acknowledge']")
    assert "Avviket gjelder bare denne sammenligningen, og skal ikke besvares." in _text(detail)


def test_field_that_changed_since_the_approval_is_listed(render: Render, review_of: ChangeReview) -> None:
    regions = render(review_of(**CHANGED))
    assert "Felt 4: Meldinger over frist 100 200" in _text(regions["approve-lead"])


def test_comments_stand_in_the_row_and_are_counted(render: Render, review_of: ChangeReview) -> None:
    resolved = msgspec.structs.replace(
        COMMENT,
        comment_id="cmt-002",
        text="Ferdig.",
        edited_at="2026-03-03T13:06:00Z",
        resolved=True,
        resolved_by="ola",
        resolved_at="2026-03-04T13:05:00Z",
    )
    whole = msgspec.structs.replace(COMMENT, comment_id="cmt-003", field_key=None, text="Alt i alt bra.")
    regions = render(review_of(comments=[COMMENT, resolved, whole]))
    (count,) = regions[f"row-{OVER_DEADLINE}"].xpath(".//*[@class='row-comments']")
    assert _text(count) == "1 1 åpen kommentar"
    text = _text(regions[f"detail-{OVER_DEADLINE}"])
    assert "Se på dette. av kari.n, 3. mars 2026 kl. 14:05 Merk som løst" in text
    assert (
        "Ferdig. av kari.n, 3. mars 2026 kl. 14:05, endret 3. mars 2026 kl. 14:06. "
        "Løst av ola, 4. mars 2026 kl. 14:05 Åpne igjen"
    ) in text
    report = _text(regions["comments"])
    assert "Alt i alt bra." in report
    assert "Felt 4: Meldinger over frist 1 åpen kommentar" in report
    assert "2 åpne kommentarer" in _text(regions["state"])


def test_text_that_people_write_is_escaped(render: Render, review_of: ChangeReview) -> None:
    evil = "<img src=x onerror=alert(1)>"
    regions = render(
        review_of(
            comments=[msgspec.structs.replace(COMMENT, text=evil)],
            acknowledgements=[msgspec.structs.replace(ANSWER, reason=evil)],
            approval=msgspec.structs.replace(APPROVAL, stated_name=evil, note=evil),
            review_status="approved",
            blocking=[],
        )
    )
    assert [region for region, element in regions.items() if element.xpath(".//img")] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("is_named", "needs_account", "holds"), [(True, True, "kari.n"), (False, True, ""), (False, False, "<input")]
)
def test_approver_is_named_or_asked_for_a_name(
    context: AppContext, texts: MessageCatalog, language: Language, is_named: bool, needs_account: bool, holds: str
) -> None:
    macros = context.macros("review/review_regions.html")
    region = macros.approver("kari.n", is_named, needs_account, 100, Translator(texts, language))
    assert holds in region
    assert ("<input" in region) == (not needs_account)
