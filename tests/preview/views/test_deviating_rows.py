"""Tests that each deviation (rule 7, docs/domain.md) is shown in its row of the preview, and in no other."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from preview.runtime.application import Application
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver

CLEAN = [["2023-05-01"] * 10, ["2024-05-01"] * 10]
"""Meldinger of two cases, concluded the same day: 2024 has no deviation from 2023."""


@dataclass
class Scenario:
    """Files to deliver before 2023 is aggregated, and files to deliver between that and 2024."""

    first: list[bytes]
    then: list[bytes] = field(default_factory=list)


def clean(service: SampleService) -> Scenario:
    """Return case files that cover 2022 to 2024 and have no deviation."""
    begun = service.folder(9, "2022-01-01")
    return Scenario([begun, *(service.folder(case, "2025-01-02", days) for case, days in enumerate(CLEAN, 1))])


def with_case(service: SampleService, **case: Any) -> Scenario:
    """Return the same with a third case."""
    world = clean(service)
    given = {"org": service.organisasjonsnummer, "kommune": service.kommune, "uttrekk": "2025-01-02T12:00:00+01:00"}
    world.first.append(case_xml.folder(service.case_id(3), **given, **case))
    return world


def with_figures(service: SampleService, *lines: str) -> Scenario:
    """Return the same with supplementary figures."""
    world = clean(service)
    world.first.append(service.figures(*lines))
    return world


def with_meldinger(service: SampleService, before: int, now: int) -> Scenario:
    """Return the same with other numbers in 2023 and 2024."""
    days = [*["2023-05-01"] * before, *["2024-05-01"] * now]
    return Scenario([service.folder(9, "2022-01-01"), service.folder(1, "2025-01-02", days)])


def another_system(service: SampleService) -> Scenario:
    """Return case files of a service that delivers from 2024 on."""
    world = clean(service)
    world.then.append(service.folder(9, "2025-01-03", fagsystem="Et annet"))
    return world


def begun_late(service: SampleService) -> Scenario:
    """Return case files whose first extract is after the period."""
    return Scenario([service.folder(case, "2025-01-02", days) for case, days in enumerate(CLEAN, 1)])


def ended_early(service: SampleService) -> Scenario:
    """Return case files whose newest extract is before the end of the period."""
    return Scenario(
        [
            service.folder(9, "2022-01-01"),
            *(service.folder(case, "2024-12-30", days) for case, days in enumerate(CLEAN, 1)),
        ]
    )


RULES: dict[str, tuple[Callable[[SampleService], Scenario], set[str]]] = {
    "sum_undersokelser": (
        lambda service: with_case(service, undersokelser=[case_xml.undersokelse("2024-02-01", "2024-03-01", "77")]),
        {"antall_undersokelser_avsluttet"},
    ),
    "delmengde": (
        lambda service: with_figures(service, "2024,antall_arsverk,4,", "2024,antall_arsverk_ubesatt,5,"),
        {"antall_arsverk_ubesatt"},
    ),
    "negativ": (lambda service: with_figures(service, "2024,antall_arsverk,-1,"), {"antall_arsverk"}),
    "stor_endring": (
        lambda service: with_figures(service, "2023,antall_arsverk,20,", "2024,antall_arsverk,30,"),
        {"antall_arsverk"},
    ),
    "fra_null": (
        lambda service: with_meldinger(service, 0, 5),
        {"antall_meldinger_mottatt", "antall_meldinger_til_undersokelse"},
    ),
    "til_null": (
        lambda service: with_meldinger(service, 5, 0),
        {"antall_meldinger_mottatt", "antall_meldinger_til_undersokelse"},
    ),
    "mangler": (lambda service: with_figures(service, "2023,antall_arsverk,4,"), {"antall_arsverk"}),
    "ingen_aktivitet": (lambda service: with_meldinger(service, 0, 0), {"antall_meldinger_mottatt"}),
    "kilde_endret": (another_system, {"antall_meldinger_mottatt"}),
    "frist_meldinger": (
        lambda service: with_case(service, meldinger=[case_xml.melding("2024-02-01", "2024-02-09") for _ in range(2)]),
        {"andel_meldinger_innen_frist"},
    ),
    "frist_undersokelser": (
        lambda service: with_case(service, undersokelser=[case_xml.undersokelse("2024-02-01", "2024-06-01", "1")]),
        {"andel_undersokelser_innen_frist"},
    ),
    "uten_plan": (
        lambda service: with_case(service, tiltak=[case_xml.tiltak("2024-02-01")]),
        {"antall_barn_med_tiltak_uten_plan"},
    ),
    "forelopig": (ended_early, {"antall_meldinger_mottatt"}),
    "ufullstendig": (begun_late, {"antall_meldinger_mottatt"}),
    "funn": (lambda service: with_case(service, meldinger=[case_xml.melding(None)]), {"antall_meldinger_mottatt"}),
}


def rows_by_rule(application: Application, service: SampleService, world: Scenario) -> dict[str, set[str]]:
    """Return the rows of 2024 by deviation."""
    deliver(application, *world.first)
    aggregate(application, service.organization_id, "2023")
    if world.then:
        deliver(application, *world.then)
    aggregate(application, service.organization_id, "2024")
    found: dict[str, set[str]] = {}
    for row in application.previews.read(service.organization_id, "2024").rows:
        for deviation in row.deviations:
            assert deviation.field_key == row.field_key
            found.setdefault(deviation.rule_id, set()).add(row.field_key)
    return found


def test_clean_service_has_no_deviation(application: Application, service: SampleService) -> None:
    assert rows_by_rule(application, service, clean(service)) == {}


@pytest.mark.parametrize("rule", RULES)
def test_rule_is_shown_in_its_row(application: Application, service: SampleService, rule: str) -> None:
    make, expected = RULES[rule]
    assert rows_by_rule(application, service, make(service))[rule] == expected


def test_every_rule_is_tried(application: Application) -> None:
    """A percentage is computed from its part and its whole, so it is never outside 0 to 100."""
    assert RULES.keys() == {rule.rule_id for rule in application.catalogue.rules} - {"prosent"}


def test_full_delivery_of_new_system_clears_the_rule(application: Application, service: SampleService) -> None:
    world = another_system(service)
    deliver(application, *world.first)
    aggregate(application, service.organization_id, "2023")
    deliver(
        application,
        *(service.folder(case, "2025-01-03", days, fagsystem="Et annet") for case, days in enumerate(CLEAN, 1)),
        full=True,
    )
    aggregate(application, service.organization_id, "2024")
    shown = application.previews.read(service.organization_id, "2024").rows
    assert [deviation.rule_id for row in shown for deviation in row.deviations] == []


def test_check_findings_do_not_fire_the_findings_rule(application: Application, service: SampleService) -> None:
    world = with_case(service, tiltak=[case_xml.tiltak("2024-02-01", "2024-03-01", kategori="1.99")])
    assert "funn" not in rows_by_rule(application, service, world)
    (delivery, *_), _ = application.deliveries.page(service.organization_id, None, 1, 1)
    actual = application.deliveries.get(delivery.delivery_id).findings
    assert {"kontroll_tiltak_7", "kontroll_tiltak_22"} <= {finding.code for finding in actual}


def test_worst_deviation_is_first_in_a_row(application: Application, service: SampleService) -> None:
    world = with_meldinger(service, 5, 0)
    world.first.append(service.folder(3, "2024-12-30", [""]))
    assert rows_by_rule(application, service, world)["funn"] == {"antall_meldinger_mottatt"}
    (row, *_) = application.previews.read(service.organization_id, "2024").rows
    severities = [deviation.severity for deviation in row.deviations]
    assert severities == sorted(severities, key=("error", "warning", "notice").index)
    assert set(severities) == {"warning", "notice"}


def test_overview_counts_equal_the_rows(application: Application, service: SampleService) -> None:
    assert rows_by_rule(
        application, service, with_figures(service, "2024,antall_arsverk,-1,", "2023,antall_arsverk_ubesatt,1,")
    ) == {
        "negativ": {"antall_arsverk"},
        "mangler": {"antall_arsverk_ubesatt"},
    }
    counted = application.database.read(
        lambda connection: connection.execute(
            "SELECT errors, warnings, notices FROM snapshot WHERE organization_id = ? AND period_id = '2024'",
            (service.organization_id,),
        ).fetchone()
    )
    assert counted == (1, 1, 0)
