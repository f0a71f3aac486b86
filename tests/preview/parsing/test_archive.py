"""Files of a delivery, and what of a ZIP archive or folder is refused before it is parsed (rule 3.6)."""

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
from tests.preview.parsing.archive_helpers import contents_or_codes, walk, write_zip


def entry(name: str, mode: int = 0, system: int = 3) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    info.create_system = system
    return info


# Files and folders.


def test_single_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.xml"
    path.write_text("one")
    assert contents_or_codes(walk(path)) == ["one"]
    assert archive.total_size(path) == 3


def test_folder_is_walked_recursively_in_name_order(tmp_path: Path) -> None:
    for name in ("b.xml", "a/2.xml", "a/10.xml", "c/deep/x.xml", "a.xml", "Z.xml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    assert contents_or_codes(walk(tmp_path)) == ["Z.xml", "a/10.xml", "a/2.xml", "a.xml", "b.xml", "c/deep/x.xml"]
    assert archive.total_size(tmp_path) == walk(tmp_path)[-1].bytes_read


def test_folder_without_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / ".DS_Store").write_text("x")
    assert contents_or_codes(walk(tmp_path)) == ["no_file"]
    assert archive.total_size(tmp_path) == 0


def test_missing_path_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"^The file or folder to be read is not there\.$"):
        archive.total_size(tmp_path / "Ola Nordmann.xml")


LEFTOVERS = (
    "__MACOSX/._a.xml",
    ".DS_Store",
    "deep/.DS_Store",
    "._b.xml",
    "Thumbs.db",
    "THUMBS.DB",
    "Desktop.ini",
    "deep/desktop.INI",
    "@eaDir/a.xml@SynoEAStream",
    "deep/@eaDir/b.xml",
    "#recycle/old.xml",
    "~$a.xml",
    ".~lock.a.xml#",
    "a.xml:Zone.Identifier",
    ".fseventsd/0001",
    ".hidden.xml",
    ".hidden/c.xml",
)


def test_leftovers_of_file_managers_are_skipped(tmp_path: Path) -> None:
    entries: dict[str, bytes | str] = dict.fromkeys(LEFTOVERS, "x")
    entries = {"a.xml": "a"} | entries | {"deep/": "", "deep/b~1.xml": "b"}
    assert contents_or_codes(walk(write_zip(tmp_path / "z.zip", entries))) == ["a", "b"]
    folder = tmp_path / "folder"
    for name, data in entries.items():
        if data:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(str(data))
    assert contents_or_codes(walk(folder)) == ["a", "b"]


@pytest.mark.parametrize("name", ["../.DS_Store", "./a.xml"])
def test_dot_folders_are_no_leftovers(tmp_path: Path, name: str) -> None:
    expected = {"./a.xml": ["a"], "../.DS_Store": ["no_file"]}
    assert contents_or_codes(walk(write_zip(tmp_path / "z.zip", {name: "a"}))) == expected[name]


def test_link_in_folder_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "x.xml").write_text("secret")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.xml").symlink_to(secret / "x.xml")
    (folder / "b").symlink_to(secret)
    (folder / "c.xml").symlink_to(tmp_path / "nowhere")
    (folder / "d.xml").write_text("d")
    assert contents_or_codes(walk(folder)) == ["not_a_file", "not_a_file", "not_a_file", "d"]


def test_link_given_as_path_is_followed(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("a")
    (tmp_path / "link").symlink_to(tmp_path / "a.xml")
    assert contents_or_codes(walk(tmp_path / "link")) == ["a"]


def test_pipe_in_folder_does_not_block(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "a.xml")
    (tmp_path / "b.xml").write_text("b")
    assert contents_or_codes(walk(tmp_path)) == ["not_a_file", "b"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_unreadable_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "a.xml").write_text("a")
    (tmp_path / "a.xml").chmod(0)
    (tmp_path / "b").mkdir()
    (tmp_path / "b").chmod(0)
    assert contents_or_codes(walk(tmp_path)) == ["unreadable_file", "unreadable_file"]


def test_oversized_file_is_not_loaded_into_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(2 * 2**30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    assert contents_or_codes(walk(path)) == ["too_large"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


# ZIPs.


def test_zip_is_walked_in_directory_order(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"b.xml": "b", "a.xml": "a", "deep/c.xml": "c"})
    assert contents_or_codes(walk(path)) == ["b", "a", "c"]
    assert walk(path)[-1].bytes_read > archive.total_size(path) * 0.8


def test_zip_in_folder_is_recognised_by_content(tmp_path: Path) -> None:
    write_zip(tmp_path / "b", {"1": "one", "2": "two"})
    (tmp_path / "a").write_text("a")
    (tmp_path / "c").write_text("c")
    assert contents_or_codes(walk(tmp_path)) == ["a", "one", "two", "c"]


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_stored_and_deflated_entries_large_and_small(tmp_path: Path, method: int) -> None:
    noise = os.urandom(700_000).hex()
    path = write_zip(tmp_path / "z.zip", {"a": "", "b": "x", "c": noise}, method)
    assert contents_or_codes(walk(path)) == ["", "x", noise]


def test_streamed_zip_with_comment_is_read(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    made = Pipe()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr("a.xml", "a")
        stream.comment = b"PK and a comment"
    path = tmp_path / "z.zip"
    path.write_bytes(made.getvalue())
    assert contents_or_codes(walk(path)) == ["a"]


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../a.xml",
        "a/../../b.xml",
        "..",
        "C:/a.xml",
        "c:a.xml",
        "\\\\host\\a.xml",
        "..\\a.xml",
        "a\\..\\..\\b.xml",
    ],
)
def test_path_out_of_zip_refuses_its_entry(tmp_path: Path, name: str) -> None:
    path = write_zip(tmp_path / "z.zip", {name: "evil", "a..b/c.xml": "good"})
    assert contents_or_codes(walk(path)) == ["archive_path", "good"]


def test_link_in_zip_refuses_its_entry(tmp_path: Path) -> None:
    path = tmp_path / "z.zip"
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(entry("link", stat.S_IFLNK | 0o777), "/etc/passwd")
        made.writestr(entry("pipe", stat.S_IFIFO | 0o666), "x")
        made.writestr(entry("file", stat.S_IFREG | 0o644), "good")
        made.writestr(entry("dos", 0, system=0), "good too")
    assert contents_or_codes(walk(path)) == ["archive_link", "archive_link", "good", "good too"]


def test_encrypted_entry_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a.xml": "a", "b.xml": "b"})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert contents_or_codes(walk(path)) == ["archive_encrypted", "b"]


def test_archives_within_archives_are_not_read(tmp_path: Path) -> None:
    inner = write_zip(tmp_path / "inner.zip", {"a.xml": "a"}).read_bytes()
    empty = write_zip(tmp_path / "empty.zip", {}).read_bytes()
    kinds = [
        inner,
        empty,
        gzip.compress(b"x"),
        b"7z\xbc\xaf\x27\x1c...",
        b"Rar!\x1a\x07\x00",
        b"BZh91AY",
        b"\xfd7zXZ\x00..",
    ]
    path = write_zip(
        tmp_path / "z.zip", {f"{number}.xml": data for number, data in enumerate(kinds)} | {"good": "good"}
    )
    assert contents_or_codes(walk(path)) == ["archive_nested"] * len(kinds) + ["good"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compression_methods_are_refused(tmp_path: Path, method: int) -> None:
    assert contents_or_codes(walk(write_zip(tmp_path / "z.zip", {"a.xml": "a"}, method))) == ["archive_method"]


def test_damaged_entry_is_refused_alone(tmp_path: Path) -> None:
    text = os.urandom(200).hex()
    path = write_zip(tmp_path / "z.zip", {"a": text, "b": "good"})
    data = bytearray(path.read_bytes())
    for at, change in ((60, b"\x00\xff\x00"), (data.index(b"PK\x01\x02") + 16, b"\x00\x00\x00")):
        broken = bytearray(data)
        broken[at : at + len(change)] = change
        if at == 0:
            assert broken[:2] == b"XX"
            broken = b"PK\x03\x04 something before" + broken  # still begins like a ZIP archive
        path.write_bytes(broken)
        assert contents_or_codes(walk(path)) == ["archive_entry", "good"], at


def test_entry_with_damaged_header_is_refused_alone(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a": "good", "b": "bad", "c": "good"})
    data = bytearray(path.read_bytes())
    second = data.index(b"PK\x03\x04", 1)
    data[second : second + 2] = b"XX"
    path.write_bytes(data)
    assert contents_or_codes(walk(path)) == ["good", "archive_entry", "good"]


# Bombs: the size that an entry declares is not trusted.


def test_entry_over_compression_ratio_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"bomb": bytes(8 * 2**20), "good": "good"})
    assert archive.total_size(path) < 20_000
    assert contents_or_codes(walk(path)) == ["archive_bomb", "good"]
    small = write_zip(tmp_path / "small.zip", {"blank": b" " * 900_000})
    assert contents_or_codes(walk(small)) == [" " * 900_000]


def test_oversized_entry_is_refused_despite_claimed_size(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a": os.urandom(4000).hex(), "b": "good"})
    assert contents_or_codes(walk(path, Limits(max_file_bytes=7999))) == ["too_large", "good"]
    data = bytearray(path.read_bytes())
    struct.pack_into("<L", data, data.index(b"PK\x01\x02") + 24, 10)  # the size unpacked, as claimed in the directory
    path.write_bytes(data)
    assert contents_or_codes(walk(path, Limits(max_file_bytes=7999))) == ["too_large", "good"]


def test_stored_entry_over_limit_is_refused(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {"a": bytes(8000)}, zipfile.ZIP_STORED)
    assert contents_or_codes(walk(path, Limits(max_file_bytes=7999))) == ["too_large"]


def test_total_unpacked_size_is_limited(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {str(number): "x" * 1000 for number in range(10)})
    assert contents_or_codes(walk(path, Limits(max_total_bytes=3500))) == ["x" * 1000] * 4 + ["archive_bomb"]


def test_refused_entries_count_towards_total_size(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {str(number): bytes(4 * 2**20) for number in range(20)})
    items = walk(path, Limits(max_total_bytes=10 * 2**20))
    assert set(contents_or_codes(items)) == {"archive_bomb"}
    assert len(items) < 12


def test_number_of_entries_is_limited(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "z.zip", {str(number): "x" for number in range(10)})
    assert contents_or_codes(walk(path, Limits(max_files=3))) == ["x"] * 3 + ["archive_bomb"]


def test_finding_holds_no_file_name(tmp_path: Path) -> None:
    path = write_zip(tmp_path / "Ola Nordmann.zip", {"../Ola Nordmann.xml": "x"})
    [item] = walk(path)
    assert item.rejection == Finding(
        Severity.REFUSED, "archive_path", 1, 0, "", "The entry's path leads out of the ZIP archive."
    )
