"""A service whose report of 2024 has one warning: the full-time equivalents of 2023 are missing in 2024."""

import shutil
from collections.abc import Generator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from preview.model.reviews import ReviewDocument
from preview.runtime.application import Application
from preview.storage import events
from tests.builders import reviews_store
from tests.contract.scenario_fixtures import ChildWelfareService
from tests.support.pipeline import aggregate, deliver, open_application

MISSING_WARNING = ("mangler", "antall_arsverk")


class ReviewedService:
    """The service, its application, and shortcuts for what the tests do all the time."""

    def __init__(self, application: Application, service: ChildWelfareService) -> None:
        self.application = application
        self.service = service
        self.key = (service.organization_id, "2024")
        self.snapshot_id = "snap-002"

    def review(self) -> ReviewDocument:
        """Return the review of 2024 as it is now."""
        rendered, _ = self.application.reviews.query.get(*self.key)
        return msgspec.json.decode(rendered.body, type=ReviewDocument)

    def etag(self) -> str:
        """Return the ETag of the present document of 2024."""
        return self.application.snapshots.get(self.snapshot_id).etag

    def acknowledge(self, deviation: tuple[str, str] = MISSING_WARNING) -> ReviewDocument:
        """Acknowledge a deviation of 2024."""
        return self.application.reviews.acknowledgements.acknowledge(
            *self.key, deviation, "Tallene er kontrollert.", "kari"
        )

    def approve(
        self, etag: str | None = None, *, note: str | None = None, stated_name: str | None = None
    ) -> ReviewDocument:
        """Approve 2024, as a person who has seen the document with the ETag, by default the present one."""
        return self.application.reviews.approvals.approve(
            *self.key,
            self.snapshot_id,
            etag or self.etag(),
            "kari",
            is_named=True,
            note=note,
            stated_name=stated_name,
        )

    def figures(self, *rows: str) -> None:
        """Deliver supplementary figures, such as `2023,antall_arsverk,12.5`."""
        lines = [f"{self.service.organization_id},{row}," for row in rows]
        content = "\n".join(["organization_id,period_id,field_key,value,data_source", *lines, ""])
        deliver(self.application, content.encode())

    def aggregate(self, period_id: str = "2024") -> None:
        """Aggregate the snapshot of a period again."""
        snapshot_id = {"2023": "snap-001", "2024": self.snapshot_id}[period_id]
        self.application.snapshots.invalidate(snapshot_id, "Prøve", "test")
        aggregate(self.application, self.service.organization_id, period_id)

    def review_events(self) -> list[dict[str, Any]]:
        """Return the data of every `review_updated`, oldest first."""
        rows = self.application.database.read(lambda connection: events.read_after(connection, 0, 10_000))
        return [msgspec.json.decode(row.data) for row in rows if row.type == "review_updated"]


@pytest.fixture(scope="session")
def reviewed_service() -> ChildWelfareService:
    return ChildWelfareService(1)


@pytest.fixture(scope="session")
def reviewed_store(tmp_path_factory: pytest.TempPathFactory, reviewed_service: ChildWelfareService) -> Path:
    """A data folder with the reports of the service, which each test copies."""
    data_dir = tmp_path_factory.mktemp("reviewed")
    reviews_store.fill_store(data_dir, reviewed_service)
    return data_dir


@pytest.fixture
def reviewed(data_dir: Path, reviewed_store: Path, reviewed_service: ChildWelfareService) -> Generator[ReviewedService]:
    shutil.copytree(reviewed_store, data_dir, dirs_exist_ok=True)
    with open_application(data_dir) as application:
        yield ReviewedService(application, reviewed_service)
