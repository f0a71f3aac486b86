"""Measures the first loads of the country and of one field of 400 services, from the navigation until the numbers in
view are laid out, beside minimal Dash pages with the same tables, and three linked figures beside the field's.
"""

import tempfile
from pathlib import Path
from typing import Any

import httpx
import msgspec
from playwright.sync_api import sync_playwright

from benchmarks.processes import run_alongside
from benchmarks.results import BenchmarkResult, ratio
from benchmarks.suites.first_load import ROWS, first_load_ms
from tests.builders import large_dataset
from tests.support.server_process import running_server

TARGET = 0.5
_PERIOD = "2024"
_FIELD = "antall_meldinger_mottatt"
_FIGURES = 3
_ROWS_IN_VIEW = 10
"""The rows of the field that count: as many as Dash draws at first."""


def measure(rounds: int = 9, services: int = large_dataset.SERVICES) -> list[BenchmarkResult]:
    """Measure the pages in turns, each in a newly started Chromium with an empty profile."""
    with tempfile.TemporaryDirectory() as folder:
        data_dir = Path(folder) / "data"
        data_dir.mkdir()
        large_dataset.fill_store(data_dir, services)
        with running_server(data_dir) as server:
            totals, rows = Path(folder) / "totals.json", Path(folder) / "rows.json"
            totals.write_bytes(_get(server.url, "totals").content)
            rows.write_bytes(msgspec.json.encode(_all_rows(server.url)))
            with (
                run_alongside("benchmarks.baselines.dash_totals", "country", totals) as dash_country,
                run_alongside("benchmarks.baselines.dash_totals", "field", rows) as dash_field,
            ):
                chosen = ",".join(large_dataset.organization_id(number) for number in range(3))
                field = f"{server.url}/field/{_FIELD}?period_id={_PERIOD}&org={chosen}"
                loads = (
                    (f"{server.url}/country?period_id={_PERIOD}", "tr[data-field]", ROWS),
                    (dash_country.ready_line, "tr.field", ROWS),
                    (field, ".list > .rows > tr", _ROWS_IN_VIEW),
                    (dash_field.ready_line, "td[data-dash-column=organization_name]", _ROWS_IN_VIEW),
                    (field, "[data-chart]", _FIGURES),
                    (dash_field.ready_line, ".js-plotly-plot", _FIGURES),
                    (field, ".list > .rows > tr", services),
                )
                samples = _in_turns(loads, rounds)
    return [
        ratio("34 rows of the country on a cold screen, beside Dash", samples[0], samples[1], TARGET, unit="ms"),
        ratio(
            f"one field of {services} services on a cold screen, beside Dash with three linked figures",
            samples[2],
            samples[3],
            TARGET,
            unit="ms",
        ),
        ratio("- until the three figures are there too", samples[4], samples[5], unit="ms"),
        ratio(
            f"- until all {services} services are, of which Dash draws {_ROWS_IN_VIEW}",
            samples[6],
            samples[3],
            unit="ms",
        ),
    ]


def _in_turns(loads: tuple[tuple[str, str, int], ...], rounds: int) -> list[list[float]]:
    """Return the milliseconds of each load, without those of the first round, which fills the file cache."""
    samples: list[list[float]] = [[] for _ in loads]
    with sync_playwright() as playwright:
        for _ in range(rounds + 1):
            for found, (url, selector, rows) in zip(samples, loads, strict=True):
                found.append(first_load_ms(playwright, url, selector, rows))
    return [found[1:] for found in samples]


def _all_rows(url: str) -> list[Any]:
    """Return the field of every service, page by page."""
    rows: list[Any] = []
    while True:
        document = _get(url, f"fields/{_FIELD}", page=len(rows) // 100 + 1, limit=100).json()
        rows += document["data"]
        if len(rows) >= document["pagination"]["total"]:
            return rows


def _get(url: str, path: str, **query: Any) -> httpx.Response:
    answer = httpx.get(f"{url}/api/v1/{path}", params={"period_id": _PERIOD, **query}, timeout=30)
    return answer.raise_for_status()
