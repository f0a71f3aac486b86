"""Fills stores to measure on, through the program's own pipeline."""

import time
from datetime import date
from itertools import islice
from pathlib import Path

import httpx

from benchmarks.folder_fixtures import DAY, ORGANIZATION, YEAR
from preview.demo.deliveries import demo_deliveries
from preview.runtime.application import Application
from tests.support import pipeline

EXAMPLE = "org-1042"
SNAPSHOTS = "/api/v1/aggregated-report-data"
DELIVERIES = "/api/v1/deliveries"

_POLL_SECONDS = 0.02


def with_example(data_dir: Path, day: date = DAY) -> str:
    """Fill a store with the example of docs/api.md; return the id of its snapshot of 2024."""
    with pipeline.open_application(data_dir) as application:
        return _add_example(application, day)


def with_example_and(data_dir: Path, folders: Path) -> tuple[str, str]:
    """Fill a store with the example and a ZIP of case files; return the ids of a snapshot of each."""
    with pipeline.open_application(data_dir) as application:
        example = _add_example(application, DAY)
        import_file(application, folders)
        return example, pipeline.aggregate(application, ORGANIZATION, str(YEAR)).snapshot_id


def import_file(application: Application, path: Path) -> None:
    """Deliver a file and wait for its import.

    Raises:
        RuntimeError: A file of it was refused.
    """
    receipt = application.deliveries.receive_paths([path], full=False, actor="benchmark")
    application.worker.wait_until(lambda: application.deliveries.get(receipt.delivery_id).completed_at is not None)
    document = application.deliveries.get(receipt.delivery_id)
    if document.refused_files or document.delivery_status != "taken":
        raise RuntimeError("A file of the delivery was refused.")


def post(url: str, content: bytes, media_type: str) -> None:
    """Deliver content over HTTP and wait for its import.

    The list of deliveries is polled because it contains no findings: rendering a thousand of them twenty times a second
    would be a load of its own.

    Raises:
        RuntimeError: A file of it was refused.
    """
    with httpx.Client(base_url=url, timeout=30) as client:
        response = client.post(DELIVERIES, content=content, headers={"Content-Type": media_type}).raise_for_status()
        name = response.json()["delivery_id"]
        while (delivery := client.get(DELIVERIES, params={"limit": 1}).json()["data"][0])["completed_at"] is None:
            time.sleep(_POLL_SECONDS)
    if (delivery["delivery_id"], delivery["delivery_status"], delivery["refused_files"]) != (name, "taken", 0):
        raise RuntimeError("A file of the delivery was refused.")


def _add_example(application: Application, day: date) -> str:
    snapshot_id = ""
    for delivery in islice(demo_deliveries(day), 4):  # Organisations, figures, and the two years of the example.
        pipeline.deliver(application, delivery.content, full=delivery.full)
        for organization_id, period_id in delivery.aggregate:
            snapshot_id = pipeline.aggregate(application, organization_id, period_id).snapshot_id
    return snapshot_id
