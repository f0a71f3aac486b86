"""The contract, rule by rule, over real HTTP against a real store, in both forms of path."""

import itertools
import re
from collections.abc import Callable

import pytest

from tests.contract.conftest import Stage
from tests.contract.scenario_fixtures import Service
from tests.contract.scenarios import FORMS, Player, Scenario, load

SCENARIOS = load()
RULES = {
    *("G1", "G3", "G4", "S1", "S2", "S3", "S4", "S6", "1", "2", "2a", "2b", "2c", "2d", "3", "3a", "3b", "3c", "3d", "4", "4a", "4b", "4c"),
    *("5", "6", "6a", "E1", "E2", "E3", "H1", "H2", "H3"),
}
"""Those of the stream (6b to 6f) have tests/api_handlers/test_sse_stream.py, E4 test_base.py, S5 tests/preview."""


_numbers = itertools.count(1)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: re.sub(r"\W+", "_", scenario.name))
def test_the_contract(scenario: Scenario, form: str, stages: Callable[[str], Stage]) -> None:
    stage = stages(scenario.server)
    Player(stage.served, form, Service(next(_numbers)), stage.work).play(scenario)


def test_every_rule_has_a_scenario() -> None:
    covered = {rule for scenario in SCENARIOS for rule in scenario.rules}
    assert covered >= RULES, RULES - covered
