"""Several files in one of the spool: what is written is what is walked, ZIPs among them too."""

import zipfile
from pathlib import Path

import pytest

from preview.ingest.spool import Spool
from preview.model.limits import Limits
from preview.parsing import archive, multi_file_format

MANY = Limits()


def packed(folder: Path, *files: bytes) -> Path:
    """The files as the spool holds them."""
    spool = Spool(folder / "spool", 1_000_000, 10, 1)
    with spool.open(packed=True) as file:
        for content in files:
            file.begin_file()
            for at in range(0, len(content), 7):
                file.write(content[at : at + 7])
        return spool.path(file.commit().name)


def told(path: Path, limits: Limits = MANY) -> list[str]:
    """The bytes of each file, or the code of why it is refused."""
    items = list(archive.walk(path, limits))
    assert [item.file for item in items] == list(range(1, len(items) + 1))
    assert [item.done for item in items] == sorted(item.done for item in items)
    assert all(item.done <= archive.size(path) for item in items)
    return [item.refused.code if item.refused else item.data.decode() for item in items]


def zipped(folder: Path, *files: str) -> bytes:
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for number, content in enumerate(files):
            made.writestr(str(number), content)
    return path.read_bytes()


def test_files_in_their_order_and_a_zip_among_them_by_its_own(tmp_path: Path) -> None:
    path = packed(tmp_path, b"one", zipped(tmp_path, "two", "three"), b"", b"the fourth file", zipped(tmp_path))
    assert told(path) == ["one", "two", "three", "", "the fourth file"]


def test_a_pack_of_none_and_of_one(tmp_path: Path) -> None:
    assert told(packed(tmp_path)) == []
    assert told(packed(tmp_path, b"one")) == ["one"]


def test_a_pack_in_a_pack_and_an_archive_in_a_zip_in_a_pack_are_not_unpacked(tmp_path: Path) -> None:
    inner = packed(tmp_path, b"one").read_bytes()
    path = tmp_path / "nested.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", zipped(tmp_path, "two"))
    (first, second) = archive.walk(packed(tmp_path, inner, path.read_bytes()), MANY)
    assert first.data == inner
    assert second.refused is not None
    assert second.refused.code == "archive_nested"


def test_a_damaged_zip_is_alone_refused(tmp_path: Path) -> None:
    whole = zipped(tmp_path, "two")
    assert told(packed(tmp_path, b"one", whole[:-10], b"three")) == ["one", "archive_unreadable", "three"]


def test_a_zip_is_not_looked_for_beyond_its_end(tmp_path: Path) -> None:
    whole = zipped(tmp_path, "two")
    assert told(packed(tmp_path, whole[:40], whole)) == ["archive_unreadable", "two"]


def test_one_that_is_too_large_is_alone_refused(tmp_path: Path) -> None:
    assert told(packed(tmp_path, b"123456", b"1234567", b"1"), Limits(max_file_bytes=6)) == ["123456", "too_large", "1"]


def test_one_of_more_files_than_are_allowed_is_walked_no_further(tmp_path: Path) -> None:
    assert told(packed(tmp_path, *[b"x"] * 5), Limits(max_files=3)) == ["x", "x", "x", "archive_bomb"]


@pytest.mark.parametrize("cut", [1, 3, 8, 10])
def test_one_that_is_cut_off(tmp_path: Path, cut: int) -> None:
    path = packed(tmp_path, b"one", b"two")
    path.write_bytes(path.read_bytes()[:-cut])
    assert told(path) == ["one", "unreadable_file"]


def test_a_length_that_leads_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "forged"
    path.write_bytes(multi_file_format.MARK + multi_file_format.LENGTH.pack(2**64 - 1) + b"one")
    assert told(path) == ["unreadable_file"]
