"""The actions of each state, enabled or with a reason; tests/browser/test_actions.py tries them in a browser."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pytest
from lxml import html

from components.layout.preferences import Translator
from components.preview.notices import present_receipt
from components.preview.report_view import ReportView
from preview.core.languages import LANGUAGES, Language
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import MessageCatalog
from preview.ingest.delivery_view import DeliveryView, FindingCount
from preview.reports.job_queue import NO_SOURCE
from preview.views.preview import Preview
from tests.components.deliveries.test_drawer import IMPORTED, OSLO
from tests.components.preview_samples import COMPLETED_JOB, JOB, SNAPSHOT, make_preview, make_values

Render = Callable[..., dict[str, html.HtmlElement]]

WITHHELD = "antall_nye_hjelpetiltak"
EMPTY = msgspec.structs.replace(SNAPSHOT, aggregated_at=None, cache_valid=False, populated=0)
FAILED = msgspec.structs.replace(JOB, job_status="failed", detail=NO_SOURCE, ended_at="2026-03-25T15:02:00Z")

ENABLED = ""
RUNNING = "Kan ikke aggregere: en jobb kjører allerede (ca. 8 s)."
NO_DATA = "Kan ikke aggregere: det finnes ingen data for 2024."
NO_REPORT = "Kan ikke slette: det er ingen rapport for perioden."
NO_VALUES = "Kan ikke eksportere: det er ingen verdier ennå."

# By state: the changes of the preview, whether `aggregate` or `again` is enabled, and the reason if not.
STATES: Mapping[str, tuple[dict[str, Any], dict[str, str]]] = {
    "no source": (
        {"snapshot": None, "has_source": False},
        {"aggregate": NO_DATA, "delete": NO_REPORT, "export": NO_VALUES},
    ),
    "no report": ({"snapshot": None}, {"aggregate": ENABLED, "delete": NO_REPORT, "export": NO_VALUES}),
    "processing, first": (
        {"snapshot": msgspec.structs.replace(EMPTY, status="processing"), "job": JOB},
        {"aggregate": RUNNING, "delete": ENABLED, "export": NO_VALUES},
    ),
    "processing again": (
        {
            "snapshot": msgspec.structs.replace(SNAPSHOT, status="processing", cache_valid=False),
            "job": msgspec.structs.replace(JOB, reason="Rettet"),
        },
        {
            "again": ENABLED,
            "approve": ENABLED,
            "delete": ENABLED,
            "export": ENABLED,
        },  # replaces the running job (rule 4b, docs/api.md)
    ),
    "failed, first": (
        {"snapshot": msgspec.structs.replace(EMPTY, status="failed"), "job": FAILED},
        {"aggregate": ENABLED, "delete": ENABLED, "export": NO_VALUES},
    ),
    "failed again": (
        {"snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False), "job": FAILED},
        {"again": ENABLED, "approve": ENABLED, "delete": ENABLED, "export": ENABLED},
    ),
    "stale": (
        {"snapshot": msgspec.structs.replace(SNAPSHOT, cache_valid=False)},
        {"again": ENABLED, "approve": ENABLED, "delete": ENABLED, "export": ENABLED},
    ),
    "valid": ({}, {"again": ENABLED, "approve": ENABLED, "delete": ENABLED, "export": ENABLED}),
    "historical": (
        {"snapshot": msgspec.structs.replace(SNAPSHOT, status="historical")},
        {"again": ENABLED, "approve": ENABLED, "delete": ENABLED, "export": ENABLED},
    ),
    "source removed": (
        {"has_source": False},
        {"again": NO_DATA, "approve": ENABLED, "delete": ENABLED, "export": ENABLED},
    ),
}


@pytest.fixture
def quiet(catalogue: Catalogue) -> Preview:
    return make_preview(catalogue, make_values(catalogue), make_values(catalogue))


@pytest.mark.parametrize("state", STATES)
def test_action_is_enabled_or_shows_disabled_reason(render: Render, quiet: Preview, state: str) -> None:
    changed, expected = STATES[state]
    actions = render(msgspec.structs.replace(quiet, **changed))["actions"]
    states_by_action: dict[str, str] = {}
    for button in actions.xpath(".//button[@data-report-action]"):
        action = button.get("data-report-action")
        if button.get("aria-disabled") != "true":
            states_by_action[action] = ENABLED
            continue
        # A disabled action is described by its reason, shows it, and does nothing else.
        (why,) = actions.xpath(f".//*[@id='{button.get('aria-describedby')}']")
        assert button.get("popovertarget") == why.get("id")
        assert not {"data-action", "commandfor"} & set(button.attrib)
        states_by_action[action] = why.text_content()
    assert states_by_action == {**expected, "deliver": ENABLED}


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("state", STATES)
def test_disabled_reasons_are_translated(
    present: Callable[..., ReportView], quiet: Preview, state: str, language: Language
) -> None:
    changed, expected = STATES[state]
    view = present(msgspec.structs.replace(quiet, **changed), language)
    listed = {action: why for action, why in expected.items() if action != "approve"}
    assert {action: view.actions[action].is_enabled for action in listed} == {
        action: not why for action, why in listed.items()
    }
    if language != "nb":
        assert not {view.actions[action].disabled_reason for action in listed} & {
            why for why in expected.values() if why
        }


def test_job_facts_list_all_details(render: Render, quiet: Preview) -> None:
    job = msgspec.structs.replace(JOB, requested_by="kari.n", reason="Feil rettet")
    facts = render(msgspec.structs.replace(quiet, job=job))["job-facts"]
    facts_by_name = dict(
        zip((term.text for term in facts.iter("dt")), (detail.text for detail in facts.iter("dd")), strict=True)
    )
    assert facts_by_name == {
        "Status": "Kjører",
        "Startet av": "kari.n",
        "Startet": "25. mars 2026 kl. 15:59",
        "Grunn": "Feil rettet",
        "Framdrift": "62\u00a0%",
        "Tid igjen": "ca. 8 sekunder igjen",
        "Nummer": "job-agg-007",
    }


def test_menu_leads_to_the_wall_and_the_activity_of_the_service(render: Render, quiet: Preview) -> None:
    menu = render(quiet)["actions"].xpath(".//*[@id='more']//a")
    assert [(link.text_content(), link.get("href")) for link in menu] == [
        ("Aktivitet for tjenesten", "/bufdir/activity?organization_id=org-1042"),
        ("Veggskjerm for tjenesten", "/bufdir/wall?org=org-1042&period_id=2024"),
    ]


def test_sources_and_findings_are_listed_with_actions(render: Render, quiet: Preview) -> None:
    delivery = DeliveryView(IMPORTED, [OSLO], [FindingCount("warning", "forrige_not_seen", 18, 1, 2)])
    origins = render(msgspec.structs.replace(quiet, deliveries=[delivery]))["origins"]
    cells = [cell.text_content() for cell in origins.xpath(".//tbody/tr/*")]
    assert cells == ["CIS", "barnevern v4", "1. juni 2023 til 15. januar 2025", "1\u00a0480"]
    text = " ".join(origins.text_content().split())
    assert "dlv-012" in text
    assert "18 steder" in text
    assert origins.xpath(".//details//b")
    nothing = render(msgspec.structs.replace(quiet, sources=[], snapshot=None, has_source=False))["origins"]
    assert "Ingenting er levert for tjenesten ennå." in nothing.text_content()


def test_values_show_who_had_them_aggregated_and_why(render: Render, quiet: Preview) -> None:
    job = msgspec.structs.replace(COMPLETED_JOB, requested_by="kari.n", reason="Feil rettet")
    regions = render(msgspec.structs.replace(quiet, completed_job=job))
    assert "av kari.n: Feil rettet" in regions["state"].text_content()
    facts = regions["origins"].xpath("./dl[@class='facts']/dd/text()")
    assert facts == [
        "Fullført",
        "kari.n",
        "25. mars 2026 kl. 15:59",
        "Feil rettet",
        "25. mars 2026 kl. 15:00",
        job.job_id,
    ]
    automatic = msgspec.structs.replace(COMPLETED_JOB, requested_by="auto")
    regions = render(msgspec.structs.replace(quiet, completed_job=automatic))
    assert "automatikken" not in regions["state"].text_content()
    assert "automatikken" in regions["origins"].text_content()


REASON = {"reason": "Feil rettet"}


@pytest.mark.parametrize(
    ("changed", "replaced", "color", "receipt"),
    [
        (REASON, set(), "success", "Aggregert på nytt kl. 15:00. Ingen verdier er endret."),
        (REASON, {"antall_arsverk"}, "success", "Aggregert på nytt kl. 15:00. 1 verdi er endret."),
        (REASON, {"antall_arsverk", WITHHELD}, "success", "Aggregert på nytt kl. 15:00. 1 verdi er endret."),
        ({}, set(), "success", "Aggregert kl. 15:00."),
        (REASON | {"job_status": "cancelled"}, set(), "info", "En nyere aggregering har tatt over for den du ba om."),
        (REASON | {"job_status": "failed"}, set(), "", ""),
    ],
)
def test_receipt_says_how_many_visible_values_changed(
    catalogue: Catalogue,
    texts: MessageCatalog,
    changed: dict[str, str],
    replaced: set[str],
    color: str,
    receipt: str,
) -> None:
    values = make_values(catalogue)
    preview = make_preview(catalogue, values, values, hidden=frozenset({WITHHELD}))
    job = msgspec.structs.replace(COMPLETED_JOB, **changed)
    assert present_receipt(job, replaced, preview, Translator(texts, "nb")) == (color, receipt)
