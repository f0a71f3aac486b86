"""Finds and checks the directory of an untrusted ZIP archive (rule 3.6, docs/domain.md).

An archive is read only when it is whole and the only one: it begins where the file begins, its entries begin there too
and share no byte, and its directory begins where they end. So the rest of an archive that was cut is never taken for an
archive that lies in it, and no byte is unpacked twice. Memory use is small: 16 bytes per entry.
"""

import os
import struct
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from preview.model.findings import FileRejected, FindingCode
from preview.model.limits import MIB

LOCAL_MAGIC, END_MAGIC = b"PK\x03\x04", b"PK\x05\x06"
MAGIC = (LOCAL_MAGIC, END_MAGIC)
"""First bytes of an archive with entries, and of an empty one."""

LOCAL_HEADER = struct.Struct("<4s5H3L2H")

_END_RECORD = struct.Struct("<4s4H2LH")
_ZIP64_END_RECORD = struct.Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_ZIP64_SENTINEL, _ZIP64_EXTRA_ID = 0xFFFFFFFF, 0x0001
_MAX_CENTRAL_ENTRY_BYTES = _CENTRAL_HEADER.size + 3 * 0xFFFF
_MAX_ENTRIES = 4_000_000
_DESCRIPTOR_FLAG = 0x8  # bit 3: sizes and checksum follow the packed bytes
_DESCRIPTOR_SIZES = (12, 16, 20, 24)  # with 32 or 64 bits per size, without or with a signature
_MAX_COMMENT_BYTES = 0xFFFF


class ZipEntry(NamedTuple):
    """A header of the directory.

    Attributes:
        name: Path of the entry, undecoded.
        flags: General purpose bit flags.
        method: Compression method.
        checksum: CRC-32 of the unpacked bytes.
        compressed_size: Size in the archive, in bytes.
        offset: Offset of the local header, from the start of the archive.
        mode: File mode of Unix; 0 if there is none.
    """

    name: bytes
    flags: int
    method: int
    checksum: int
    compressed_size: int
    offset: int
    mode: int


class ZipDirectory:
    """The directory of the archive in a range of an open file.

    Args:
        descriptor: File descriptor, open for reading.
        first: Offset of the archive.
        last: Offset of the end of the range. What stands behind the archive is ignored unless it is another archive.

    Raises:
        FileRejected: If the range does not hold exactly one whole archive, or if entries of it share bytes.
    """

    def __init__(self, descriptor: int, first: int, last: int) -> None:
        self._descriptor = descriptor
        self._first = first
        self._start, self._end = _find_directory(descriptor, first, last)
        self._check_layout()

    def entries(self) -> Iterator[ZipEntry]:
        """Yield the entries in the order of the directory.

        Raises:
            FileRejected: If the directory is damaged.
        """
        offset = self._start
        window, window_offset = b"", offset
        while offset < self._end:
            if offset + _MAX_CENTRAL_ENTRY_BYTES > window_offset + len(window) < self._end:
                window, window_offset = os.pread(self._descriptor, min(MIB, self._end - offset), offset), offset
            entry, length = _parse_central_entry(window, offset - window_offset)
            yield entry
            offset += length

    def _check_layout(self) -> None:
        """Raise `FileRejected` unless the entries lie one after the other from the archive's start to the directory."""
        starts, ends = array("Q"), array("Q")
        has_descriptor = False
        for entry in self.entries():
            if len(starts) >= _MAX_ENTRIES:
                raise FileRejected(FindingCode.ARCHIVE_BOMB)
            start = self._first + entry.offset
            end = start + self._header_size(entry, start) + entry.compressed_size
            if end > self._start:
                raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
            starts.append(start)
            ends.append(end)
            has_descriptor = has_descriptor or bool(entry.flags & _DESCRIPTOR_FLAG)
        position = self._first
        for start, end in _in_order(starts, ends):
            if start < position:
                raise FileRejected(FindingCode.ARCHIVE_OVERLAP)
            self._check_gap(position, start)
            position = end
        remainder = self._start - position
        if remainder and not (has_descriptor and remainder in _DESCRIPTOR_SIZES):
            raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)

    def _header_size(self, entry: ZipEntry, start: int) -> int:
        """Return the size of the header before the packed bytes; the least possible one if the header is damaged."""
        header = os.pread(self._descriptor, LOCAL_HEADER.size, start)
        if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_MAGIC):
            return LOCAL_HEADER.size + len(entry.name)
        name_length, extra_length = LOCAL_HEADER.unpack(header)[-2:]
        return LOCAL_HEADER.size + name_length + extra_length

    def _check_gap(self, start: int, end: int) -> None:
        """Raise `FileRejected` if something stands before the first entry, or an entry that the directory lacks in a
        gap.
        """
        if start == end:
            return
        gap = os.pread(self._descriptor, min(end - start, _DESCRIPTOR_SIZES[-1] + len(LOCAL_MAGIC)), start)
        if start == self._first or LOCAL_MAGIC in gap:
            raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)


def _in_order(starts: "array[int]", ends: "array[int]") -> Iterator[tuple[int, int]]:
    """Yield start and end of the entries by start. Most archives list them so, and need no memory for sorting."""
    if all(starts[index] <= starts[index + 1] for index in range(len(starts) - 1)):
        return zip(starts, ends, strict=True)
    return ((starts[index], ends[index]) for index in sorted(range(len(starts)), key=starts.__getitem__))


def _find_directory(descriptor: int, first: int, last: int) -> tuple[int, int]:
    """Return start and end of the directory of the archive that begins at `first`."""
    padded_end = _without_zeros(descriptor, first, last)
    tail_at = max(first, padded_end - _END_RECORD.size - _MAX_COMMENT_BYTES)
    tail = os.pread(descriptor, min(last, padded_end + _END_RECORD.size) - tail_at, tail_at)
    found: list[tuple[int, int]] = []
    index = tail.find(END_MAGIC)
    while index >= 0:
        if (directory := _directory_of(descriptor, first, tail_at + index, last)) is not None:
            found.append(directory)
            comment_length = _END_RECORD.unpack_from(tail, index)[7]
            if LOCAL_MAGIC in tail[index + _END_RECORD.size + comment_length :]:
                raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
        index = tail.find(END_MAGIC, index + 1)
    if len(found) != 1:
        raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
    return found[0]


def _without_zeros(descriptor: int, first: int, last: int) -> int:
    """Return the offset behind the last byte that is not 0: archives are padded to whole blocks on some media."""
    while last > first:
        window_at = max(first, last - MIB)
        window = os.pread(descriptor, last - window_at, window_at).rstrip(b"\x00")
        last = window_at + len(window)
        if window:
            break
    return last


def _directory_of(descriptor: int, first: int, end_at: int, last: int) -> tuple[int, int] | None:
    """Return start and end of the directory by the end record at an offset; None if it is not that of this archive."""
    record = os.pread(descriptor, min(_END_RECORD.size, last - end_at), end_at)
    if len(record) < _END_RECORD.size:
        return None
    length, offset, comment_length = _END_RECORD.unpack(record)[5:8]
    end = end_at
    locator_at = end_at - _ZIP64_LOCATOR.size
    if locator_at - _ZIP64_END_RECORD.size >= first:
        locator = os.pread(descriptor, _ZIP64_LOCATOR.size, locator_at)
        if locator.startswith(b"PK\x06\x07"):
            end = locator_at - _ZIP64_END_RECORD.size
            zip64_record = os.pread(descriptor, _ZIP64_END_RECORD.size, end)
            if not zip64_record.startswith(b"PK\x06\x06"):
                return None
            length, offset = _ZIP64_END_RECORD.unpack(zip64_record)[8:10]
    belongs = first + offset + length == end and end_at + _END_RECORD.size + comment_length <= last
    return (first + offset, end) if belongs else None


def _parse_central_entry(window: bytes, at: int) -> tuple[ZipEntry, int]:
    """Return the entry at an offset of the window, and the length of its header."""
    if at + _CENTRAL_HEADER.size > len(window):
        raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
    fields = _CENTRAL_HEADER.unpack_from(window, at)
    flags, method, checksum, packed, size = fields[3], fields[4], *fields[7:10]
    name_length, extra_length, comment_length = fields[10:13]
    mode, offset = fields[15] >> 16, fields[16]
    extra_at = at + _CENTRAL_HEADER.size + name_length
    length = _CENTRAL_HEADER.size + name_length + extra_length + comment_length
    if fields[0] != b"PK\x01\x02" or at + length > len(window):
        raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
    if _ZIP64_SENTINEL in (packed, size, offset):
        packed, offset = _read_zip64_extra(window[extra_at : extra_at + extra_length], size, packed, offset)
    return ZipEntry(window[at + _CENTRAL_HEADER.size : extra_at], flags, method, checksum, packed, offset, mode), length


def _read_zip64_extra(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """Return compressed size and offset. The extra field holds, in this order, the numbers that exceed 32 bits."""
    position = 0
    while position + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, position)
        if kind == _ZIP64_EXTRA_ID:
            numbers = iter(struct.unpack_from(f"<{min(length, len(extra) - position - 4) // 8}Q", extra, position + 4))
            _, packed, offset = (
                next(numbers, value) if value == _ZIP64_SENTINEL else value for value in (size, packed, offset)
            )
            break
        position += 4 + length
    return packed, offset
