"""Measures the activity of a store with a million events: its first page, the slowest filter, and the memory."""

import itertools
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx

from benchmarks.processes import loaded_server, resident_bytes
from benchmarks.results import BenchmarkResult
from tests.support.pipeline import open_application

EVENTS = 1_000_000
FIRST_PAGE_TARGET_MS = 100
FILTER_TARGET_MS = 200
MEMORY_TARGET_MB = 20

# Of ten events, four are deliveries, four completed aggregations with a value each, one is a request and one a comment.
# No action of `auto` has the period 2025, so that a page with both has to look at all that either has.
_EVENTS = """
    WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ?)
    INSERT INTO event (event, type, organization_id, period_id, data, at)
    SELECT n, 'aggregation_completed', 'org-' || (n % 400), NULL, x'7b7d',
        strftime('%Y-%m-%dT%H:%M:%SZ', 1700000000 + n * 30, 'unixepoch')
    FROM numbers"""
_ACTIONS = """
    INSERT INTO audit (at, actor, action, organization_id, period_id, event)
    SELECT at,
        CASE WHEN event % 10 < 8 THEN 'auto' ELSE 'actor-' || (event / 10 % 50) END,
        CASE WHEN event % 10 < 4 THEN 'delivered' WHEN event % 10 < 8 THEN 'aggregated'
            WHEN event % 10 = 8 THEN 'requested' ELSE 'commented' END,
        organization_id,
        CASE WHEN event % 10 >= 8 THEN '2025' WHEN event % 10 >= 4 THEN 2017 + event / 10 % 8 END,
        event
    FROM event"""
_VALUES = """
    INSERT INTO audit (at, actor, action, organization_id, period_id, event, field_key, value_before, value_after,
        changes_report, withheld_before, withheld_after)
    SELECT at, actor, 'replaced', organization_id, period_id, event, 'antall_meldinger_mottatt', 812, 825, 1, 0, 0
    FROM audit WHERE action = 'aggregated'"""
_CHOICES: Mapping[str, tuple[str, ...]] = {
    "organization_id": ("org-7", "org-unknown"),
    "period_id": ("2020", "2025", "1999"),
    "kind": ("delivered", "aggregated", "approved"),
    "actor": ("auto", "actor-7", "nobody"),
}


def measure(rounds: int = 7) -> list[BenchmarkResult]:
    """Build the store once, then measure every combination of filters over HTTP."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        fill_store(data_dir, EVENTS)
        with loaded_server(data_dir) as server, httpx.Client(base_url=f"{server.url}/api/v1/") as client:
            for query in _queries():  # the server's threads fill their caches, once
                _get(client, query)
            before = resident_bytes(server.process.pid)
            first_page = [_get(client, {"limit": "20"}) for _ in range(rounds)]
            filtered = {str(query): _fastest_of_three(client, query) for query in _queries()}
            grown = (resident_bytes(server.process.pid) - before) / 1e6
    slowest = max(filtered, key=lambda query: filtered[query])
    return [
        BenchmarkResult(
            "first page of a million events, slowest",
            max(first_page),
            "ms",
            FIRST_PAGE_TARGET_MS,
            samples=first_page,
            samples_unit="ms",
        ),
        BenchmarkResult(
            f"- slowest of {len(filtered)} combinations of filters and pages, {slowest}",
            filtered[slowest],
            "ms",
            FILTER_TARGET_MS,
            samples=list(filtered.values()),
            samples_unit="ms",
        ),
        BenchmarkResult("- memory that the server has gained meanwhile", grown, "MB", MEMORY_TARGET_MB),
    ]


def fill_store(data_dir: Path, events: int) -> None:
    """Fill a new store with that many events and their actions."""
    with open_application(data_dir, started=False) as application:
        application.database.write(lambda connection: connection.execute(_EVENTS, (events,)).rowcount)
        for statement in (_ACTIONS, _VALUES):
            application.database.write(lambda connection, sql=statement: connection.execute(sql).rowcount)


def _queries() -> Iterator[dict[str, str]]:
    """Yield every combination of filters, for the newest page and for one in the middle."""
    for values in itertools.product(*((None, *choices) for choices in _CHOICES.values())):
        only = {name: value for name, value in zip(_CHOICES, values, strict=True) if value is not None}
        yield only
        yield only | {"before": str(EVENTS // 2)}


def _fastest_of_three(client: httpx.Client, query: Mapping[str, str]) -> float:
    """Return the milliseconds of a query that other load of the machine does not disturb."""
    return min(_get(client, query) for _ in range(3))


def _get(client: httpx.Client, query: Mapping[str, str]) -> float:
    started = time.perf_counter()
    response = client.get("activity", params=query)
    elapsed = (time.perf_counter() - started) * 1000
    assert response.status_code == 200, response.text
    return elapsed
