"""ETags of snapshots: each change gives one that the snapshot never had, also where it leaves the same bytes."""

from collections.abc import Generator
from pathlib import Path

import pytest

from preview.core.errors import PreconditionFailed
from preview.reports.etag import compute_etag, is_etag_of
from preview.runtime.application import Application
from tests.builders.case_records import case_folder
from tests.support.manual_worker import ORGANIZATION, complete_waiting_jobs, process_delivery
from tests.support.pipeline import open_application

SNAPSHOT = "snap-001"


@pytest.fixture
def application(data_dir: Path) -> Generator[Application]:
    """Open an application with a completed snapshot; the test is its worker."""
    with open_application(data_dir, started=False) as opened:
        process_delivery(opened, case_folder(1, "a", 1))
        opened.snapshots.request(ORGANIZATION, "2024", False, "someone")
        complete_waiting_jobs(opened)
        yield opened


def invalidate(application: Application, if_match: str | None = None) -> None:
    application.snapshots.invalidate(SNAPSHOT, "A reason", "someone", if_match)


def test_every_put_and_completion_gives_a_new_tag(application: Application) -> None:
    tags = [application.snapshots.get(SNAPSHOT).etag]
    bodies = {application.snapshots.get(SNAPSHOT).body}
    for change in (invalidate, invalidate, complete_waiting_jobs) * 3:
        change(application)
        rendered = application.snapshots.get(SNAPSHOT)
        tags.append(rendered.etag)
        bodies.add(rendered.body)
        assert is_etag_of(rendered.etag, rendered.body)
    assert len(set(tags)) == len(tags)
    assert len(bodies) < len(tags), "a PUT while the snapshot is processing leaves its bytes as they are"
    for tag in tags[:-1]:
        with pytest.raises(PreconditionFailed):
            invalidate(application, tag)
        with pytest.raises(PreconditionFailed):
            application.snapshots.delete(SNAPSHOT, "someone", tag)
    invalidate(application, tags[-1])


def test_rerendering_with_equal_bytes_keeps_the_tag(application: Application) -> None:
    tag = application.snapshots.get(SNAPSHOT).etag
    application.snapshots.request(ORGANIZATION, "2024", False, "someone")
    application.snapshots.request(ORGANIZATION, "2023", False, "someone")
    process_delivery(application, case_folder(1, "a", 1))
    assert application.snapshots.get(SNAPSHOT).etag == tag


def test_tag_belongs_to_its_bytes() -> None:
    tag = compute_etag(b"{}", 17)
    assert is_etag_of(tag, b"{}")
    assert not is_etag_of(tag, b"[]")
    assert tag != compute_etag(b"{}", 18)
    assert is_etag_of(tag.replace("-17", ""), b"{}"), "earlier versions stored no position"
    assert not is_etag_of(tag.replace("-17", "-x"), b"{}")
