"""Tests of which ZIP archives are read at all: one whole archive, whose entries share no byte (rule 3.6)."""

import os
import struct
import zipfile
import zlib
from pathlib import Path

from tests.preview.parsing.archive_helpers import contents_or_codes, walk, write_zip


def test_zip_without_file_is_refused(tmp_path: Path) -> None:
    assert contents_or_codes(walk(write_zip(tmp_path / "a.zip", {}))) == ["no_file"]
    assert contents_or_codes(walk(write_zip(tmp_path / "b.zip", {"deep/": "", ".DS_Store": "x"}))) == ["no_file"]


def test_archives_are_read_whatever_stands_behind_them(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "z.zip", {"a.xml": "a"}).read_bytes()
    path = tmp_path / "behind.zip"
    comment = b"PK\x05\x06" + b"signature" * 40 + b"PK\x05\x06" + bytes(18)
    for behind in (b"\r\n", bytes(511), bytes(3_000_000), b"PK\x05\x06" + bytes(40), b"-----BEGIN-----\n" * 100):
        path.write_bytes(whole + behind)
        assert contents_or_codes(walk(path)) == ["a"], behind[:8]
        path.write_bytes(whole[:-2] + struct.pack("<H", len(comment)) + comment + behind)
        assert contents_or_codes(walk(path)) == ["a"], behind[:8]


def test_cut_archive_is_not_read_as_the_archive_inside(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"hidden.xml": "hidden"}).read_bytes()
    path = tmp_path / "outer.zip"
    with zipfile.ZipFile(path, "w") as outer:
        outer.writestr("a.xml", "a")
        outer.writestr("inner.zip", inner)
        outer.writestr("b.xml", "b")
    whole = path.read_bytes()
    end_of_inner = whole.index(inner) + len(inner)
    for cut in (end_of_inner, end_of_inner + 7, len(whole) - 1):
        path.write_bytes(whole[:cut])
        assert contents_or_codes(walk(path)) == ["archive_unreadable"], cut
    path.write_bytes(whole)
    assert contents_or_codes(walk(path)) == ["a", "archive_nested", "b"]


def test_several_archives_in_one_file_are_refused(tmp_path: Path) -> None:
    first = write_zip(tmp_path / "1.zip", {"a.xml": "a"}).read_bytes()
    second = write_zip(tmp_path / "2.zip", {"b.xml": "b" * 100}).read_bytes()
    path = tmp_path / "both.zip"
    for data in (first + second, first + bytes(10) + second, first[:-30] + second, b"PK\x03\x04 before" + first):
        path.write_bytes(data)
        assert contents_or_codes(walk(path)) == ["archive_unreadable"]


def test_entry_missing_in_directory_refuses_archive(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "z.zip", {"a": "a", "b": "b", "c": "c"}).read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    size = (end - start) // 3
    for kept in ((0, 1), (0, 2), (1, 2)):
        directory = b"".join(data[start + size * index : start + size * (index + 1)] for index in kept)
        tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), start, 0)
        (tmp_path / "z.zip").write_bytes(data[:start] + directory + tail)
        assert contents_or_codes(walk(tmp_path / "z.zip")) == ["archive_unreadable"], kept


def test_directory_in_another_order_than_entries_is_read(tmp_path: Path) -> None:
    data = write_zip(tmp_path / "z.zip", {"a": "a", "b": "b"}).read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    middle = (start + end) // 2
    (tmp_path / "z.zip").write_bytes(data[:start] + data[middle:end] + data[start:middle] + data[end:])
    assert contents_or_codes(walk(tmp_path / "z.zip")) == ["b", "a"]


def test_directory_larger_than_read_window_is_read(tmp_path: Path) -> None:
    path = write_zip(
        tmp_path / "z.zip", {f"{'long/' * 40}{number:06}": str(number) for number in range(6000)}, zipfile.ZIP_STORED
    )
    assert contents_or_codes(walk(path)) == [str(number) for number in range(6000)]


def test_truncated_zip_is_refused_whole(tmp_path: Path) -> None:
    whole = write_zip(tmp_path / "z.zip", {"a": os.urandom(200).hex(), "b": "b"}).read_bytes()
    path = tmp_path / "cut.zip"
    for length in (4, 30, 100, len(whole) - 60, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert contents_or_codes(walk(path)) == ["archive_unreadable"], length


def test_damaged_directory_refuses_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a": "a", "b": "b"})
    data = path.read_bytes()
    second = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[:second] + b"XX" + data[second + 2 :])
    assert contents_or_codes(walk(path)) == ["archive_unreadable"]
    end = data.rindex(b"PK\x05\x06")
    path.write_bytes(data[: end + 12] + struct.pack("<L", 2**31) + data[end + 16 :])
    assert contents_or_codes(walk(path)) == ["archive_unreadable"]


def test_entries_sharing_bytes_refuse_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"kernel": b"x" * 500_000})
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    directory = data[start:end] * 1000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(directory), start, 0)
    path.write_bytes(data[:start] + directory + tail)
    assert contents_or_codes(walk(path)) == ["archive_overlap"]


def test_entry_hidden_in_extra_field_refuses_archive(tmp_path: Path) -> None:
    """The second entry lies in the extra field of the first one, and both have the same packed bytes."""
    packed, checksum = b"shared", zlib.crc32(b"shared")

    def local_header(name: bytes, extra_length: int) -> bytes:
        sizes = (checksum, len(packed), len(packed), len(name), extra_length)
        return struct.pack("<4s5H3L2H", b"PK\x03\x04", 20, 0, 0, 0, 0, *sizes) + name

    def central_header(name: bytes, offset: int) -> bytes:
        numbers = (20, 20, 0, 0, 0, 0, checksum, len(packed), len(packed), len(name), 0, 0, 0, 0, 0, offset)
        return struct.pack("<4s6H3L5H2L", b"PK\x01\x02", *numbers) + name

    second = local_header(b"b", 0)
    first = local_header(b"a", len(second))
    entries = first + second + packed
    directory = central_header(b"a", 0) + central_header(b"b", len(first))
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, len(directory), len(entries), 0)
    path = tmp_path / "z.zip"
    path.write_bytes(entries + directory + end)
    assert zipfile.ZipFile(path).namelist() == ["a", "b"]
    assert contents_or_codes(walk(path)) == ["archive_overlap"]


def test_entry_longer_than_archive_refuses_archive(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a": b"x" * 50}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<2L", data, data.index(b"PK\x01\x02") + 20, 2**31, 2**31)
    path.write_bytes(data)
    assert contents_or_codes(walk(path)) == ["archive_unreadable"]


def test_zip64_is_read(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.xml", "w", force_zip64=True) as file:
        file.write(b"a")
    assert contents_or_codes(walk(path)) == ["a"]
    path.write_bytes(_with_64_bit_end(path.read_bytes()))
    assert zipfile.ZipFile(path).read("a.xml") == b"a"
    assert contents_or_codes(walk(path)) == ["a"]


def _with_64_bit_end(data: bytes) -> bytes:
    """Return the same archive with its offsets and sizes only in the 64-bit fields."""
    end = data.rindex(b"PK\x05\x06")
    length, offset = struct.unpack_from("<2L", data, end + 12)
    line = bytearray(data[offset:end])
    _, packed, size, name_length = struct.unpack_from("<3LH", line, 16)
    where = struct.unpack_from("<L", line, 42)[0]
    extra = struct.pack("<2H3Q", 1, 24, size, packed, where)
    struct.pack_into("<2L", line, 20, 0xFFFFFFFF, 0xFFFFFFFF)
    struct.pack_into("<H", line, 30, len(extra))
    struct.pack_into("<L", line, 42, 0xFFFFFFFF)
    line = line[: 46 + name_length] + extra
    wide_at = offset + len(line)
    wide = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, 1, 1, len(line), offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, wide_at, 1)
    old = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    assert length == end - offset
    return data[:offset] + bytes(line) + wide + locator + old
