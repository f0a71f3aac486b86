"""How a delivery is walked, and what of a ZIP or folder is refused before anything is read (`domain.md` 1, Folding)."""

import gzip
import io
import os
import resource
import stat
import struct
import zipfile
from pathlib import Path

import pytest

from preview.core.errors import NotFound
from preview.model.findings import Finding, Severity
from preview.model.limits import Limits
from preview.parsing import archive
from preview.parsing.archive import Item

MANY = Limits()


def walk(path: Path, limits: Limits = MANY) -> list[Item]:
    items = list(archive.walk(path, limits))
    assert [item.file for item in items] == list(range(1, len(items) + 1))
    assert [item.done for item in items] == sorted(item.done for item in items)
    assert all(item.done <= archive.size(path) for item in items)
    return items


def told(items: list[Item]) -> list[str]:
    """The bytes of each file, or the code of why it is refused."""
    return [item.refused.code if item.refused else item.data.decode() for item in items]


def zipped(path: Path, entries: dict[str, bytes | str], method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as made:
        for name, data in entries.items():
            made.writestr(name, data)
    return path


def entry(name: str, mode: int = 0, system: int = 3) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.create_system = system
    return info


# Files and folders.


def test_a_single_file(tmp_path: Path) -> None:
    path = tmp_path / "one.xml"
    path.write_text("one")
    assert told(walk(path)) == ["one"]
    assert archive.size(path) == 3


def test_a_folder_in_order_of_name_and_its_folders_too(tmp_path: Path) -> None:
    for name in ("b.xml", "a/2.xml", "a/10.xml", "c/deep/x.xml", "a.xml", "Z.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert told(walk(tmp_path)) == ["Z.xml", "a/10.xml", "a/2.xml", "a.xml", "b.xml", "c/deep/x.xml"]
    assert archive.size(tmp_path) == walk(tmp_path)[-1].done


def test_an_empty_folder(tmp_path: Path) -> None:
    assert walk(tmp_path) == []
    assert archive.size(tmp_path) == 0


def test_nothing_there(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"^The file or folder to be read is not there\.$"):
        archive.size(tmp_path / "Ola Nordmann.xml")


def test_what_file_managers_leave_behind_is_passed_over(tmp_path: Path) -> None:
    entries: dict[str, bytes | str] = {
        "__MACOSX/._a.xml": "x",
        "a.xml": "a",
        ".DS_Store": "x",
        "deep/.DS_Store": "x",
        "._b.xml": "x",
        "Thumbs.db": "x",
        "desktop.ini": "x",
        "deep/": "",
        ".hidden.xml": "h",
    }
    assert told(walk(zipped(tmp_path / "z.zip", entries))) == ["a", "h"]
    folder = tmp_path / "folder"
    for name, data in entries.items():
        if data:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(str(data))
    assert told(walk(folder)) == ["h", "a"]


def test_a_link_in_a_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.xml").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.xml").symlink_to(secret / "x.xml")
    (folder / "b").symlink_to(secret)
    (folder / "c.xml").symlink_to(tmp_path / "nowhere")
    (folder / "d.xml").write_text("d")
    assert told(walk(folder)) == ["not_a_file", "not_a_file", "not_a_file", "d"]


def test_the_path_that_was_asked_for_may_be_a_link(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "a.xml")
    assert told(walk(tmp_path / "link")) == ["a"]


def test_a_pipe_in_a_folder_does_not_hold_the_reader_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    (tmp_path / "b.xml").write_text("b")
    assert told(walk(tmp_path)) == ["not_a_file", "b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("a")
    (tmp_path / "a.xml").chmod(0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b").chmod(0)
    assert told(walk(tmp_path)) == ["unreadable_file", "unreadable_file"]


def test_a_file_that_is_too_large_is_not_held_in_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2 * 2**30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert told(walk(path)) == ["too_large"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


# ZIPs.


def test_a_zip_in_its_own_order(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"b.xml": "b", "a.xml": "a", "deep/c.xml": "c"})
    assert told(walk(path)) == ["b", "a", "c"]
    assert walk(path)[-1].done > archive.size(path) * 0.8


def test_a_zip_is_told_by_its_content_and_may_lie_in_a_folder(tmp_path: Path) -> None:
    zipped(tmp_path / "b", {"1": "one", "2": "two"})
    (tmp_path / "a").write_text("a")
    (tmp_path / "c").write_text("c")
    assert told(walk(tmp_path)) == ["a", "one", "two", "c"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_entries_large_and_small(tmp_path: Path, method: int) -> None:
    noise = os.urandom(700_000).hex()
    path = zipped(tmp_path / "z.zip", {"a": "", "b": "x", "c": noise}, method)
    assert told(walk(path)) == ["", "x", noise]


def test_a_zip_written_as_a_stream_with_a_comment_and_something_before_it(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("a.xml", "a")
        stream.comment = b"PK and a comment"
    path = tmp_path / "z.zip"
    path.write_bytes(made.getvalue())
    assert told(walk(path)) == ["a"]


def test_a_zip_of_the_64_bit_kind(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made, made.open("a.xml", "w", force_zip64=True) as file:
        file.write(b"a")
    assert told(walk(path)) == ["a"]
    path.write_bytes(_with_64_bit_end(path.read_bytes()))
    assert zipfile.ZipFile(path).read("a.xml") == b"a"
    assert told(walk(path)) == ["a"]


def _with_64_bit_end(data: bytes) -> bytes:
    """The same archive, its offsets and sizes only in the 64-bit fields."""
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


def test_an_empty_zip(tmp_path: Path) -> None:
    assert walk(zipped(tmp_path / "z.zip", {})) == []


def test_more_entries_than_one_look_at_the_directory_holds(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {f"{'long/' * 40}{number:06}": str(number) for number in range(6000)}, zipfile.ZIP_STORED)
    assert told(walk(path)) == [str(number) for number in range(6000)]


@pytest.mark.parametrize(
    "name",
    ["/etc/passwd", "../a.xml", "a/../../b.xml", "..", "C:/a.xml", "c:a.xml", "\\\\host\\a.xml", "..\\a.xml", "a\\..\\..\\b.xml"],
)
def test_a_path_out_of_the_zip_refuses_its_entry(tmp_path: Path, name: str) -> None:
    path = zipped(tmp_path / "z.zip", {name: "evil", "a..b/c.xml": "good"})
    assert told(walk(path)) == ["archive_path", "good"]


def test_a_link_in_a_zip_refuses_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(entry("link", stat.S_IFLNK | 0o777), "/etc/passwd")
        made.writestr(entry("pipe", stat.S_IFIFO | 0o666), "x")
        made.writestr(entry("file", stat.S_IFREG | 0o644), "good")
        made.writestr(entry("dos", 0, system=0), "good too")
    assert told(walk(path)) == ["archive_link", "archive_link", "good", "good too"]


def test_an_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a.xml": "a", "b.xml": "b"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert told(walk(path)) == ["archive_encrypted", "b"]


def test_archives_within_archives_are_not_read(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"a.xml": "a"}).read_bytes()
    empty = zipped(tmp_path / "empty.zip", {}).read_bytes()
    kinds = [inner, empty, gzip.compress(b"x"), b"7z\xbc\xaf\x27\x1c...", b"Rar!\x1a\x07\x00", b"BZh91AY", b"\xfd7zXZ\x00.."]
    path = zipped(tmp_path / "z.zip", {f"{number}.xml": data for number, data in enumerate(kinds)} | {"good": "good"})
    assert told(walk(path)) == ["archive_nested"] * len(kinds) + ["good"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_compression_are_refused(tmp_path: Path, method: int) -> None:
    assert told(walk(zipped(tmp_path / "z.zip", {"a.xml": "a"}, method))) == ["archive_method"]


def test_a_damaged_entry_is_refused_alone(tmp_path: Path) -> None:
    text = os.urandom(200).hex()
    path = zipped(tmp_path / "z.zip", {"a": text, "b": "good"})
    data = bytearray(path.read_bytes())
    for at, change in ((60, b"\x00\xff\x00"), (0, b"XX"), (data.index(b"PK\x01\x02") + 16, b"\x00\x00\x00")):
        broken = bytearray(data)
        broken[at : at + len(change)] = change
        if at == 0:
            assert broken[:2] == b"XX"
            broken = b"PK\x03\x04 something before" + broken  # so that it still begins as a ZIP
        path.write_bytes(broken)
        assert told(walk(path)) == ["archive_entry", "good"], at


def test_a_zip_that_is_cut_off_is_refused_whole(tmp_path: Path) -> None:
    whole = zipped(tmp_path / "z.zip", {"a": os.urandom(200).hex(), "b": "b"}).read_bytes()
    path = tmp_path / "cut.zip"
    for length in (4, 30, 100, len(whole) - 60, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert told(walk(path)) == ["archive_unreadable"], length


def test_a_damaged_directory_refuses_the_rest(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a": "a", "b": "b"})
    data = path.read_bytes()
    second = data.rindex(b"PK\x01\x02")
    path.write_bytes(data[:second] + b"XX" + data[second + 2 :])
    assert told(walk(path)) == ["a", "archive_unreadable"]
    end = data.rindex(b"PK\x05\x06")
    path.write_bytes(data[: end + 12] + struct.pack("<L", 2**31) + data[end + 16 :])
    assert told(walk(path)) == ["archive_unreadable"]


# Bombs: what an entry claims is not believed.


def test_an_entry_that_unpacks_to_hundreds_of_times_its_size_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"bomb": bytes(8 * 2**20), "good": "good"})
    assert archive.size(path) < 20_000
    assert told(walk(path)) == ["archive_bomb", "good"]
    small = zipped(tmp_path / "small.zip", {"blank": b" " * 900_000})
    assert told(walk(small)) == [" " * 900_000]


def test_an_entry_over_the_limit_is_refused_whatever_it_claims(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a": os.urandom(4000).hex(), "b": "good"})
    assert told(walk(path, Limits(max_file_bytes=7999))) == ["too_large", "good"]
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 10)  # the size unpacked, as claimed in the directory
    path.write_bytes(data)
    assert told(walk(path, Limits(max_file_bytes=7999))) == ["too_large", "good"]


def test_a_stored_entry_over_the_limit_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a": bytes(8000)}, zipfile.ZIP_STORED)
    assert told(walk(path, Limits(max_file_bytes=7999))) == ["too_large"]


def test_an_entry_that_claims_more_than_there_is_is_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"a": b"x" * 50}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    struct.pack_into("<2L", data, data.index(b"PK\x01\x02") + 20, 2**31, 2**31)
    path.write_bytes(data)
    assert told(walk(path)) == ["archive_entry"]


def test_what_all_entries_unpack_to_is_limited(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {str(number): "x" * 1000 for number in range(10)})
    assert told(walk(path, Limits(max_total_bytes=3500))) == ["x" * 1000] * 4 + ["archive_bomb"]


def test_entries_that_share_their_bytes_are_counted_each(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {"kernel": b"x" * 500_000})
    data = path.read_bytes()
    start, end = data.index(b"PK\x01\x02"), data.rindex(b"PK\x05\x06")
    line = data[start:end]
    directory = line * 1000
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1000, 1000, len(directory), start, 0)
    path.write_bytes(data[:start] + directory + tail)
    items = walk(path, Limits(max_total_bytes=2_000_000))
    assert len(items) == 6
    assert told(items)[-1] == "archive_bomb"


def test_refused_entries_count_against_the_whole_too(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {str(number): bytes(4 * 2**20) for number in range(20)})
    items = walk(path, Limits(max_total_bytes=10 * 2**20))
    assert set(told(items)) == {"archive_bomb"}
    assert len(items) < 12


def test_the_number_of_entries_is_limited(tmp_path: Path) -> None:
    path = zipped(tmp_path / "z.zip", {str(number): "x" for number in range(10)})
    assert told(walk(path, Limits(max_files=3))) == ["x"] * 3 + ["archive_bomb"]


def test_a_finding_holds_no_name(tmp_path: Path) -> None:
    path = zipped(tmp_path / "Ola Nordmann.zip", {"../Ola Nordmann.xml": "x"})
    [item] = walk(path)
    assert item.refused == Finding(Severity.REFUSED, "archive_path", 1, 0, "", "The entry's path leads out of the ZIP archive.")
