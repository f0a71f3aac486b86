"""The spool's format of several files: the files are read as they were written, ZIP archives among them too."""

import zipfile
from pathlib import Path

import pytest

from preview.ingest.spool import Spool
from preview.model.limits import Limits
from preview.parsing import archive, multi_file_format

NO_LIMITS = Limits()


def spool_files(folder: Path, *files: bytes) -> Path:
    """Return the files in the spool's format."""
    spool = Spool(folder / "spool", 1_000_000, 1)
    with spool.open(multi_file=True) as file:
        for content in files:
            file.start_file()
            for at in range(0, len(content), 7):
                file.write(content[at : at + 7])
        return spool.path(file.commit().name)


def contents_or_codes(path: Path, limits: Limits = NO_LIMITS) -> list[str]:
    """Return the bytes of each file, or the code of its refusal."""
    items = list(archive.walk(path, limits))
    assert [item.file for item in items] == list(range(1, len(items) + 1))
    assert [item.bytes_read for item in items] == sorted(item.bytes_read for item in items)
    assert all(item.bytes_read <= archive.total_size(path) for item in items)
    return [item.rejection.code if item.rejection else item.data.decode() for item in items]


def zip_bytes(folder: Path, *files: str) -> bytes:
    path = folder / "some.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for number, content in enumerate(files):
            made.writestr(str(number), content)
    return path.read_bytes()


def test_members_and_zip_entries_are_walked_in_order(tmp_path: Path) -> None:
    path = spool_files(
        tmp_path, b"one", zip_bytes(tmp_path, "two", "three"), b"", b"the fourth file", zip_bytes(tmp_path)
    )
    assert contents_or_codes(path) == ["one", "two", "three", "", "the fourth file", "no_file"]


def test_multi_file_of_zero_or_one_file_is_read(tmp_path: Path) -> None:
    assert contents_or_codes(spool_files(tmp_path)) == []
    assert contents_or_codes(spool_files(tmp_path, b"one")) == ["one"]


def test_nested_archives_are_not_unpacked(tmp_path: Path) -> None:
    inner = spool_files(tmp_path, b"one").read_bytes()
    path = tmp_path / "nested.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr("a", zip_bytes(tmp_path, "two"))
    (first, second) = archive.walk(spool_files(tmp_path, inner, path.read_bytes()), NO_LIMITS)
    assert first.data == inner
    assert second.rejection is not None
    assert second.rejection.code == "archive_nested"


def test_damaged_zip_member_is_refused_alone(tmp_path: Path) -> None:
    whole = zip_bytes(tmp_path, "two")
    assert contents_or_codes(spool_files(tmp_path, b"one", whole[:-10], b"three")) == [
        "one",
        "archive_unreadable",
        "three",
    ]


def test_zip_directory_is_not_searched_beyond_member(tmp_path: Path) -> None:
    whole = zip_bytes(tmp_path, "two")
    assert contents_or_codes(spool_files(tmp_path, whole[:40], whole)) == ["archive_unreadable", "two"]


def test_oversized_member_is_refused_alone(tmp_path: Path) -> None:
    assert contents_or_codes(spool_files(tmp_path, b"123456", b"1234567", b"1"), Limits(max_file_bytes=6)) == [
        "123456",
        "too_large",
        "1",
    ]


def test_walk_stops_at_file_limit(tmp_path: Path) -> None:
    assert contents_or_codes(spool_files(tmp_path, *[b"x"] * 5), Limits(max_files=3)) == ["x", "x", "x", "archive_bomb"]


@pytest.mark.parametrize("cut", [1, 3, 8, 10])
def test_truncated_multi_file_is_refused(tmp_path: Path, cut: int) -> None:
    path = spool_files(tmp_path, b"one", b"two")
    path.write_bytes(path.read_bytes()[:-cut])
    assert contents_or_codes(path) == ["one", "unreadable_file"]


def test_length_beyond_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "forged"
    path.write_bytes(multi_file_format.MAGIC + multi_file_format.LENGTH_PREFIX.pack(2**64 - 1) + b"one")
    assert contents_or_codes(path) == ["unreadable_file"]
