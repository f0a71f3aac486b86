import re

import pytest

from api_handlers.base import ApiHandler
from api_handlers.operations import Policy, Route
from api_handlers.resources.snapshots import SnapshotHandler
from api_handlers.routes import ROUTES, check_policies


def test_every_method_has_policy_and_unique_operation_id() -> None:
    check_policies()
    ids = [operation_id for route in ROUTES for _, operation_id in route.operations.values()]
    assert len(ids) == len(set(ids)) >= 13


def test_method_without_policy_fails_at_start() -> None:
    route = Route("/x", SnapshotHandler, {"get": (Policy.PUBLIC, "x"), "put": (Policy.PUBLIC, "y")})
    with pytest.raises(AssertionError, match="delete"):
        check_policies([route])


def test_policy_without_method_fails_at_start() -> None:
    route = Route("/x", ApiHandler, {"get": (Policy.PUBLIC, "x")})
    with pytest.raises(AssertionError, match="get"):
        check_policies([route])


def test_route_pattern_matches_only_allowed_paths() -> None:
    pattern = Route("/base/{thing_id}", ApiHandler, duplicate_prefix="/base").pattern()
    assert [bool(re.fullmatch(pattern, path)) for path in ("/base/a", "/base/a/", "/base/base/a", "/base/base/a/")] == [
        True
    ] * 4
    assert not any(
        re.fullmatch(pattern, path) for path in ("/base", "/base/", "/base/base/base/a", "/base/a//", "/base/a/b/c")
    )
