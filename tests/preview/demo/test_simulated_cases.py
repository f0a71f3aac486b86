"""Tests of the simulated cases: they follow the law and are sent after each change."""

from collections import Counter
from itertools import pairwise

import pytest

from preview.demo.case_register import last_known_day, simulated_cases
from preview.demo.codes import LOV_2021, hjemmel
from preview.demo.days import APEN, birthday, day, year_of
from preview.demo.folder import Extract, folder_xml
from preview.demo.scenarios import SCENARIOS
from preview.demo.service_profiles import DemoService, demo_services, example_service
from preview.demo.simulated_cases import SimulatedCase
from tests.preview.demo.conftest import TODAY

BERGEN = next(service for service in demo_services(TODAY) if service.organization_id == "org-4601-08")


@pytest.fixture(scope="module", params=[example_service(), BERGEN], ids=lambda service: service.organization_id)
def service(request: pytest.FixtureRequest) -> DemoService:
    """Each service."""
    return request.param


@pytest.fixture(scope="module")
def cases(service: DemoService) -> list[SimulatedCase]:
    """The cases of the service."""
    return simulated_cases(service)


def test_undersokelse_starts_within_a_week_of_its_melding(cases: list[SimulatedCase]) -> None:
    for life in cases:
        for undersokelse in life.undersokelser:
            melding = undersokelse.melding
            assert melding.kode == "2"
            assert melding.start <= melding.slutt
            assert undersokelse.start == min(melding.slutt, melding.start + 7) < undersokelse.slutt
            assert undersokelse.utvidet == APEN or undersokelse.start < undersokelse.utvidet < undersokelse.slutt


def test_tiltak_follows_undersokelse_except_emergency_or_later(cases: list[SimulatedCase]) -> None:
    for life in cases:
        for tiltak in life.tiltak:
            if tiltak.grunnlag.startswith("akutt"):
                assert any(melding.slutt <= tiltak.start for melding in life.meldinger)
            elif tiltak.grunnlag == "ettervern":
                assert tiltak.start == birthday(life.fodt, 18)
                assert tiltak.slutt <= birthday(life.fodt, 24)
            else:
                assert any(undersokelse.slutt <= tiltak.start for undersokelse in life.undersokelser)
                assert tiltak.start < tiltak.slutt <= birthday(life.fodt, 18)


def test_child_is_in_one_home_at_a_time(cases: list[SimulatedCase]) -> None:
    several = 0
    for life in cases:
        placed = sorted((tiltak.start, tiltak.slutt) for tiltak in life.tiltak if tiltak.kategori[:2] in ("1.", "2."))
        assert all(before[1] <= after[0] for before, after in pairwise(placed))
        several += len(placed) > 1
    assert several


def test_care_orders_and_moves_have_matching_codes(cases: list[SimulatedCase]) -> None:
    reasons: Counter[str | None] = Counter()
    for life in cases:
        homes = {tiltak.slutt: tiltak for tiltak in life.tiltak if tiltak.kategori[:2] in ("1.", "2.")}
        reasons.update(tiltak.opphevelse for tiltak in life.tiltak if tiltak.grunnlag == "omsorg")
        for flytting in life.flyttinger:
            if flytting.dag in homes:
                assert flytting.arsak[0] == {"2": "1", "1": "2"}[homes[flytting.dag].kategori[0]]
    assert reasons.keys() == {"1", "2", "4"}


def test_tilsyn_is_of_foster_homes_within_their_tiltak(cases: list[SimulatedCase]) -> None:
    for life in cases:
        for tiltak in life.tiltak:
            assert (tiltak.tilsyn is not None) == (
                tiltak.kategori.startswith("2.") and tiltak.grunnlag in ("omsorg", "frivillig")
            )
            assert all(tiltak.start < dag < tiltak.slutt for _, dag in tiltak.tilsyn or ())
        for plan in life.planer:
            assert plan.start <= plan.slutt
            assert all(plan.start < dag <= plan.slutt for dag in plan.evalueringer)


def test_case_ends_with_its_last_part(cases: list[SimulatedCase]) -> None:
    for life in cases:
        parts = (life.meldinger, life.undersokelser, life.planer, life.tiltak)
        ends = [element.slutt for part in parts for element in part if element.slutt < APEN]
        starts = [element.start for part in parts for element in part]
        assert (life.start, life.slutt) == (min(starts), max(ends))


def test_every_kind_of_case_occurs(service: DemoService, cases: list[SimulatedCase]) -> None:
    assert set(service.initial_cases) | {kind for kinds in service.new_cases for kind in kinds} == set(SCENARIOS)
    grounds = {tiltak.grunnlag for life in cases for tiltak in life.tiltak}
    assert grounds >= {"hjelp", "frivillig", "omsorg", "akutt", "ettervern"}
    assert any(melding.slettet <= last_known_day(service) for life in cases for melding in life.meldinger)


def test_hjemmel_is_of_the_law_in_force() -> None:
    assert hjemmel("omsorg", LOV_2021 - 1)[:3] == ("BVL", 4, 12)
    assert hjemmel("omsorg", LOV_2021)[:3] == ("BVL2021", 5, 1)


def test_codes_are_in_force_on_their_day(cases: list[SimulatedCase]) -> None:
    split = day(2026, 1, 1)
    for life in cases:
        for melding in life.meldinger:
            if melding.kode not in ("2", "3", "4", ""):
                assert (int(melding.kode) >= 5) == (melding.slutt >= split)
            assert all(("." in kode) == (melding.start >= split) for kode in melding.innhold)
            assert not (melding.melder == "15" and year_of(melding.start) >= 2025)


def test_case_is_sent_after_each_change(service: DemoService, cases: list[SimulatedCase]) -> None:
    """Between two changes the case file stays the same, so the last one contains all changes up to then."""
    until = last_known_day(service)

    def shown(life: SimulatedCase, day: int) -> str:
        return folder_xml(service, life, Extract("", None, "", day, ""))

    for life in cases[::9]:
        changes = [*life.change_days(until), until + 1]
        for change, following in pairwise(changes):
            assert shown(life, change) == shown(life, following - 1)
