"""Tests that a watched folder is refused that would take the store's own files."""

from pathlib import Path

import pytest

from preview.core.errors import ConfigurationError
from preview.core.settings import Settings
from preview.ingest.inbox.placement import check_inbox_placement
from preview.runtime.application import Application

IS_DATA_FOLDER, CONTAINS, IS_WORKING_FOLDER = "is the data folder", "contains the data folder", "works in"


@pytest.mark.parametrize(
    ("inbox", "fault"),
    [
        ("below/data", IS_DATA_FOLDER),
        ("below/data/../data", IS_DATA_FOLDER),
        ("below", CONTAINS),
        (".", CONTAINS),
        ("below/data/spool", IS_WORKING_FOLDER),
        ("below/data/workers", IS_WORKING_FOLDER),
        ("below/data/spool/deeper", IS_WORKING_FOLDER),
        ("below/data/inbox/.taking", IS_WORKING_FOLDER),
    ],
)
@pytest.mark.parametrize("linked", [False, True])
@pytest.mark.parametrize("exists", [False, True])
def test_inbox_in_the_way_of_the_store_is_refused(
    tmp_path: Path, inbox: str, fault: str, linked: bool, exists: bool
) -> None:
    if exists:
        (tmp_path / inbox).resolve().mkdir(parents=True, exist_ok=True)
    inbox_dir = tmp_path / "link" if linked else tmp_path / inbox
    if linked:
        inbox_dir.symlink_to(tmp_path / inbox)
    settings = Settings(data_dir=tmp_path / "below" / "data", inbox_dir=inbox_dir)
    with pytest.raises(ConfigurationError, match=fault):
        check_inbox_placement(settings)
    with pytest.raises(ConfigurationError, match="Choose a folder of its own"):
        Application.open(settings)
    assert not list((tmp_path / "below").rglob("*.db*"))


def test_linked_data_folder_is_resolved(tmp_path: Path) -> None:
    (tmp_path / "inn" / "data").mkdir(parents=True)
    (tmp_path / "data").symlink_to(tmp_path / "inn" / "data")
    with pytest.raises(ConfigurationError, match=CONTAINS):
        check_inbox_placement(Settings(data_dir=tmp_path / "data", inbox_dir=tmp_path / "inn"))


@pytest.mark.parametrize("inbox", ["inn", "data/inbox", "data-inn", "data/spool-inn"])
def test_inbox_beside_the_store_is_allowed(tmp_path: Path, inbox: str) -> None:
    check_inbox_placement(Settings(data_dir=tmp_path / "data", inbox_dir=tmp_path / inbox))


def test_no_inbox_and_the_inbox_of_the_demo_are_allowed(tmp_path: Path) -> None:
    check_inbox_placement(Settings(data_dir=tmp_path))
    check_inbox_placement(Settings(data_dir=tmp_path, demo_live=True))
