"""The sort keys of the browser's tests (tests/javascript/overview/filters.test.js) are those of the server."""

import json

from preview.i18n.name_search import collation_key
from tests.support.server_process import REPOSITORY

FIXTURE = REPOSITORY / "tests" / "javascript" / "fixtures" / "norwegian-order.json"


def test_fixture_holds_servers_sort_keys_in_order() -> None:
    entries = json.loads(FIXTURE.read_text(encoding="utf-8"))
    assert [entry["key"] for entry in entries] == [collation_key(entry["name"]) for entry in entries]
    assert sorted(entries, key=lambda entry: entry["key"]) == entries
