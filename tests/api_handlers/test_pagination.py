import re

import pytest

from api_handlers.pagination import link_header
from api_handlers.request_parsing import PageParams
from api_handlers.resources.snapshots import SnapshotQuery


@pytest.mark.parametrize(
    ("page", "total", "expected"),
    [
        (1, 0, {"first": 1, "last": 1}),
        (1, 10, {"first": 1, "last": 1}),
        (1, 11, {"first": 1, "next": 2, "last": 2}),
        (2, 25, {"first": 1, "prev": 1, "next": 3, "last": 3}),
        (3, 25, {"first": 1, "prev": 2, "last": 3}),
        (9, 25, {"first": 1, "prev": 3, "last": 3}),
    ],
)
def test_link_header_by_page(page: int, total: int, expected: dict[str, int]) -> None:
    found = re.findall(r'</x\?page=(\d+)&limit=10>; rel="(\w+)"', link_header("/x", PageParams(page, 10), total))
    assert {rel: int(number) for number, rel in found} == expected


def test_link_header_keeps_filters() -> None:
    query = SnapshotQuery(organization_id="org-1042", snapshot_status="current")
    assert "</x?organization_id=org-1042&snapshot_status=current&page=1&limit=20>" in link_header("/x", query, 1)
