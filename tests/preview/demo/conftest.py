"""Fixtures with the demo data of one day, unpacked once."""

import io
import pickle
import zipfile
from collections import defaultdict
from datetime import date
from pathlib import Path
from typing import NamedTuple
from xml.etree.ElementTree import Element, ParseError, fromstring

import pytest

from preview.core.file_lock import FileLock
from preview.demo.deliveries import DemoDelivery, demo_deliveries

TODAY = date(2026, 11, 24)


class Folder(NamedTuple):
    """A case file in a ZIP; `root` is None if it is not well-formed."""

    delivery: str
    content: bytes
    root: Element | None

    @property
    def sak(self) -> Element:
        """The Sak element."""
        assert self.root is not None
        found = self.root.find("Sak")
        assert found is not None
        return found


class Demo(NamedTuple):
    """All deliveries, and the case files by organisation."""

    deliveries: list[DemoDelivery]
    folders: dict[str, list[Folder]]


def unpack(delivery: DemoDelivery) -> list[Folder]:
    """Return the case files of a delivery."""
    with zipfile.ZipFile(io.BytesIO(delivery.content)) as archive:
        contents = [archive.read(name) for name in archive.namelist()]
    return [Folder(delivery.name, content, _root(content)) for content in contents]


def stored_deliveries(folder: Path) -> list[DemoDelivery]:
    """Generate the deliveries, which takes almost two seconds, once for all workers that share the folder."""
    stored, lock = folder / "demo-deliveries", FileLock(folder / "demo-deliveries.lock")
    lock.acquire()
    try:
        if not stored.exists():
            stored.write_bytes(pickle.dumps(list(demo_deliveries(TODAY))))
        return pickle.loads(stored.read_bytes())  # noqa: S301  (of this run's own folder)
    finally:
        lock.release()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Demo:
    """The demo data of TODAY."""
    folder = tmp_path_factory.getbasetemp()
    deliveries = stored_deliveries(folder if worker_id == "master" else folder.parent)
    folders: dict[str, list[Folder]] = defaultdict(list)
    for delivery in deliveries:
        if delivery.name.endswith(".zip"):
            folders[delivery.name[3:].rpartition("-")[0]] += unpack(delivery)
    return Demo(deliveries, folders)


def _root(content: bytes) -> Element | None:
    try:
        return fromstring(content)
    except ParseError:
        return None
