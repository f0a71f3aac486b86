"""What the preview page says about changes since a moment: the choice, the marks, the facts of a row, the sentence."""

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from lxml import html

from components.preview.presenter import without_values
from components.preview.report_view import ReportView
from preview.activity.last_changes import LastChange
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.model.reviews import ApprovalInForce
from preview.views.changes_since import ChangesSince, Moment, OlderSnapshot, ValueThen
from preview.views.preview import Preview
from tests.components.preview_samples import make_preview, make_review, make_values

Render = Callable[..., dict[str, html.HtmlElement]]
Present = Callable[..., ReportView]

CHANGED, OTHER = "antall_meldinger_mottatt", "antall_meldinger_henlagt"
AT = "2026-03-03T13:10:00Z"
APPROVAL = ApprovalInForce("apr-001", "dashboard", "Kari Nordmann", AT, None, "snap-001")
YESTERDAY = Moment("yesterday", "2026-03-24T15:00:00Z")
LAST = LastChange(
    event_id=40,
    at="2026-03-25T14:00:00Z",
    before=812,
    after=100,
    before_withheld=False,
    after_withheld=False,
    actor="kari.n",
    reason="Nytt uttrekk fra fagsystemet",
    is_deletion=False,
    delivery_ids=["dlv-003", "dlv-012"],
)


def _text(element: html.HtmlElement) -> str:
    return " ".join(" ".join(element.itertext()).split())


def _facts(detail: html.HtmlElement) -> dict[str, html.HtmlElement]:
    """Return the facts of an opened row by their name."""
    names = detail.xpath(".//dl[@class='facts']/dt")
    return {_text(name): name.getnext() for name in names}


@pytest.fixture
def changed(catalogue: Catalogue) -> Callable[..., Preview]:
    """Return a function that makes a report, one field of which has changed since yesterday."""
    values = make_values(catalogue)

    def make(approval: ApprovalInForce | None = None, **replaced: Any) -> Preview:
        since = ChangesSince("yesterday", YESTERDAY, "", {CHANGED: ValueThen(812)}, {CHANGED: LAST})
        changes = msgspec.structs.replace(since, **replaced)
        return make_preview(catalogue, values, values, changes=changes, review=make_review([], approval=approval))

    return make


Changed = Callable[..., Preview]


def test_changed_field_is_marked_counted_and_filtered(render: Render, changed: Changed) -> None:
    regions = render(changed())
    marked = [key for key in (CHANGED, OTHER) if regions[f"row-{key}"].xpath("./td[@data-since]")]
    flagged = [key for key in (CHANGED, OTHER) if "since" in regions[f"row-{key}"].get("data-flags").split()]
    assert marked == flagged == [CHANGED]
    assert "før: 812" in _text(regions[f"row-{CHANGED}"])
    (label,) = regions["filters"].xpath(".//label[.//input[@value='since']]")
    assert (label.get("hidden"), _text(label)) == (None, "Endret siden i går kl. 16:00 1")
    assert _text(regions["changes"]) == "1 felt er endret siden i går kl. 16:00. Vis endrede"
    (form,) = regions["periods"].xpath("self::form")
    assert form.xpath("string(input[@name='since']/@value)") == "yesterday"


def test_opened_row_says_from_what_to_what_when_by_whom_and_which_delivery(render: Render, changed: Changed) -> None:
    regions = render(changed())
    facts = _facts(regions[f"detail-{CHANGED}"])
    assert _text(facts["Endret siden"]) == "i går kl. 16:00: 812 → til 100"
    last = facts["Sist endret"]
    assert _text(last) == (
        "25. mars 2026 kl. 15:00: 812 → til 100 Leveranser: dlv-003 , dlv-012 "
        "Aggregert av kari.n: Nytt uttrekk fra fagsystemet. Se hendelsen"
    )
    assert last.xpath(".//a/@href") == [
        "/bufdir/deliveries?delivery_id=dlv-003&period_id=2024",
        "/bufdir/deliveries?delivery_id=dlv-012&period_id=2024",
        "/bufdir/activity?organization_id=org-1042&before=41&period_id=2024#event-40",
    ]
    assert not {"Endret siden", "Sist endret"} & _facts(regions[f"detail-{OTHER}"]).keys()


@pytest.mark.parametrize(
    ("last", "text"),
    [
        ({"delivery_ids": None}, "Leveranser: ikke kjent"),
        ({"delivery_ids": ["dlv-001"]}, "Leveranse: dlv-001 "),
        ({"delivery_ids": [f"dlv-{n:03}" for n in range(1, 9)]}, "dlv-008 og 3 til"),
        ({"delivery_ids": [], "is_deletion": True}, "100 Rapport slettet av kari.n"),
        ({"before": None}, "– ingen verdi → til 100"),
        ({"before": None, "before_withheld": True}, ": skjult av hensyn til personvern → til 100"),
        ({"actor": "auto", "reason": None}, "Aggregert av automatikken."),
    ],
)
def test_newest_change_is_said_as_far_as_it_is_known(
    render: Render, changed: Changed, last: dict[str, Any], text: str
) -> None:
    shown = changed(last={CHANGED: msgspec.structs.replace(LAST, **last)})
    assert text in _text(_facts(render(shown)[f"detail-{CHANGED}"])["Sist endret"])


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"before": {}}, "Ingen felt er endret siden i går kl. 16:00."),
        ({"moment": Moment("time", AT)}, "1 felt er endret siden 3. mars 2026 kl. 14:10."),
        ({"moment": Moment("event", "", 4711)}, "1 felt er endret siden hendelse 4711."),
        (
            {"moment": Moment("snapshot", AT, 3)},
            "1 felt er endret siden rapporten snap-003 fra 3. mars 2026 kl. 14:10.",
        ),
        ({"moment": Moment("snapshot", "", 3)}, "1 felt er endret siden rapporten snap-003, som er slettet."),
        (
            {"moment": None, "obstacle": "gone", "before": {}},
            "Det går lenger tilbake enn historikken. Velg et senere tidspunkt.",
        ),
        (
            {"moment": None, "obstacle": "invalid", "before": {}},
            "Det tidspunktet finnes ikke her. Velg et annet.",
        ),
    ],
)
def test_sentence_says_how_much_has_changed_or_why_that_is_not_known(
    render: Render, changed: Changed, changes: dict[str, Any], sentence: str
) -> None:
    regions = render(changed(**changes))
    assert _text(regions["changes"]).removesuffix(" Vis endrede") == sentence
    (label,) = regions["filters"].xpath(".//label[.//input[@value='since']]")
    assert (label.get("hidden") is None) == ("moment" not in changes or changes["moment"] is not None)


def test_report_that_is_younger_than_the_moment_is_not_marked_as_replaced(
    render: Render, catalogue: Catalogue, changed: Changed
) -> None:
    regions = render(changed(before={field.field_key: ValueThen(None) for field in catalogue.fields}))
    assert _text(regions["changes"]).startswith("Alle tallene har kommet siden i går kl. 16:00.")
    assert "før" not in _text(regions[f"row-{CHANGED}"])


def test_changes_since_approval_are_marked_unless_another_moment_is_chosen(render: Render, changed: Changed) -> None:
    usual = {"requested": "", "moment": Moment("approval", AT)}
    regions = render(changed(APPROVAL, **usual))
    assert "godkjent: 812" in _text(regions[f"row-{CHANGED}"])
    assert _text(regions["changes"]) == ""  # line 2 of the page says it
    (label,) = regions["filters"].xpath(".//label[.//input[@value='since']]")
    assert _text(label) == "Endret siden godkjenningen 3. mars 2026 kl. 14:10 1"
    hidden = render(changed(APPROVAL, **usual, before={}))["filters"].xpath(
        ".//label[.//input[@value='since']]/@hidden"
    )
    assert hidden


def test_menu_offers_moments_and_says_which_is_chosen(render: Render, changed: Changed) -> None:
    menu = render(changed(APPROVAL, older=[OlderSnapshot("snap-000", AT)]))["since"]
    links = {_text(link): link.get("href") for link in menu.xpath(".//a")}
    query = "/bufdir/preview?organization_id=org-1042&period_id=2024&compare=2023"
    assert links == {
        "Godkjenningen 3. mars 2026 kl. 14:10": f"{query}&since=approval",
        "Valgt: I går kl. 16:00": f"{query}&since=yesterday",
        "Rapporten snap-000 3. mars 2026 kl. 14:10": f"{query}&since=snap-000",
        "Ta bort valget": query,
    }
    assert menu.xpath(".//li[@id='since-of-visit'][@hidden]")
    chosen = render(changed(requested=AT, moment=Moment("time", AT)))["since"]
    assert chosen.xpath("string(.//input[@id='since-time']/@value)") == "2026-03-03T14:10"
    assert "Godkjenningen" not in _text(chosen)


@pytest.mark.parametrize(
    ("moment", "kept"),
    [
        (YESTERDAY, "there"),
        (Moment("time", AT), "there"),
        (Moment("snapshot", AT, 3), ""),
        (Moment("event", "", 3), ""),
    ],
)
def test_moment_of_one_report_is_not_kept_for_another(
    present: Present, changed: Changed, moment: Moment, kept: str
) -> None:
    changes = present(changed(requested="there", moment=moment)).changes
    assert changes.kept == kept
    assert changes.export_query["since"] == "there"


@pytest.mark.parametrize("language", LANGUAGES)
def test_changes_are_said_in_every_language(render: Render, changed: Changed, language: Language) -> None:
    regions = render(changed(), language)
    words = {"nb": "endret siden", "nn": "endra sidan", "en": "changed since"}[language]
    assert words in _text(regions["changes"])
    assert words in _text(regions["filters"]).lower()


def test_erased_report_has_no_changes(catalogue: Catalogue, present: Present, changed: Changed) -> None:
    view = without_values(present(changed()), catalogue)
    assert (view.changes.count, view.changes.summary) == (0, "")
    assert all(row.since is row.last_change is None for row in view.rows)
