"""Rules of docs/api.md over HTTP against a real store, in the two forms of path by turns, which one pattern matches.

The slow suite tries each scenario in both forms.
"""

import itertools
import re
from collections.abc import Callable

import pytest

from tests.contract.conftest import ScenarioServer
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.contract.scenarios import PATH_FORMS, Scenario, ScenarioRunner, load_scenarios

SCENARIOS = load_scenarios()
API_RULES = frozenset(
    "G1 G3 G4 S1 S2 S3 S4 S6 1 2 2a 2b 2c 2d 3 3a 3b 3c 3d 4 4a 4b 4c 5 6 6a A4 E1 E2 E3 H1 H2 H3".split()  # noqa: SIM905
)
"""Rules that must have a scenario. Others have tests of their own: 6b to 6f in test_sse_stream.py, E4 in test_base.py,
S5 in tests/preview.
"""

TURNS = [
    pytest.param(
        scenario,
        path_form,
        marks=() if (turn + number) % len(PATH_FORMS) == 0 else pytest.mark.slow,
        id=re.sub(r"\W+", "_", f"{scenario.name} {path_form}"),
    )
    for turn, scenario in enumerate(SCENARIOS)
    for number, path_form in enumerate(PATH_FORMS)
]

_organization_numbers = itertools.count(1)


@pytest.mark.parametrize(("scenario", "path_form"), TURNS)
def test_scenario_conforms_to_api_rules(
    scenario: Scenario, path_form: str, scenario_servers: Callable[[str], ScenarioServer]
) -> None:
    scenario_server = scenario_servers(scenario.server)
    ScenarioRunner(
        scenario_server.server,
        path_form,
        ChildWelfareService(next(_organization_numbers)),
        scenario_server.run_with_worker,
    ).run(scenario)


def test_every_api_rule_has_a_scenario() -> None:
    covered = {rule for scenario in SCENARIOS for rule in scenario.rules}
    assert covered >= API_RULES, API_RULES - covered
