"""Lists the files of a delivery and writes ZIP archives, for tests of archives."""

import zipfile
from pathlib import Path

from preview.model.limits import Limits
from preview.parsing import archive
from preview.parsing.archive import DeliveryFile

NO_LIMITS = Limits()


def walk(path: Path, limits: Limits = NO_LIMITS) -> list[DeliveryFile]:
    items = list(archive.walk(path, limits))
    assert [item.file for item in items] == list(range(1, len(items) + 1))
    assert [item.bytes_read for item in items] == sorted(item.bytes_read for item in items)
    assert all(item.bytes_read <= archive.total_size(path) for item in items)
    return items


def contents_or_codes(items: list[DeliveryFile]) -> list[str]:
    """Return the bytes of each file, or the code of its refusal."""
    return [item.rejection.code if item.rejection else item.data.decode() for item in items]


def write_zip(path: Path, entries: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path
