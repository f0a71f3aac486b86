import re

import pytest

from api_handlers import routes
from api_handlers.base import Handler
from api_handlers.operations import Policy, Route
from api_handlers.resources.snapshots import Snapshot
from api_handlers.routes import ROUTES, check_policies


def test_every_method_has_a_policy_and_an_id_of_its_own() -> None:
    check_policies()
    ids = [operation_id for route in ROUTES for _, operation_id in route.operations.values()]
    assert len(ids) == len(set(ids)) >= 13


def test_a_method_without_a_policy_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Route("/x", Snapshot, {"get": (Policy.PUBLIC, "x"), "put": (Policy.PUBLIC, "y")})
    monkeypatch.setattr(routes, "ROUTES", (without,))
    with pytest.raises(AssertionError, match="delete"):
        check_policies()


def test_a_policy_without_a_method_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "ROUTES", (Route("/x", Handler, {"get": (Policy.PUBLIC, "x")}),))
    with pytest.raises(AssertionError, match="get"):
        check_policies()


def test_a_pattern_takes_both_forms_and_no_other() -> None:
    pattern = Route("/base/{thing_id}", Handler, doubled="/base").pattern()
    assert [bool(re.fullmatch(pattern, path)) for path in ("/base/a", "/base/a/", "/base/base/a", "/base/base/a/")] == [True] * 4
    assert not any(re.fullmatch(pattern, path) for path in ("/base", "/base/", "/base/base/base/a", "/base/a//", "/base/a/b/c"))
