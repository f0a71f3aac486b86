"""Reads a ZIP that is not trusted: entry by entry, in the order of its directory, in memory that does not grow with it.

The standard library's `zipfile` first makes an object of every entry (700 bytes each: 170 MB for 250,000 folders), so the
directory is followed here as it lies on disk. What an entry claims of its size is never believed, its bytes are counted.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from preview.model.findings import Code, Refused
from preview.model.limits import MIB, Limits

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # an entry; an archive without any

_END, _END64, _LOCATOR64 = struct.Struct("<4s4H2LH"), struct.Struct("<4sQ2H2L4Q"), struct.Struct("<4sLQL")
_ENTRY, _LOCAL = struct.Struct("<4s6H3L5H2L"), struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x41  # flags: encrypted, strongly encrypted
_FULL, _FULL64 = 0xFFFFFFFF, 0x0001
_CHUNK = 256 * 1024
_LONGEST_LINE = _ENTRY.size + 3 * 0xFFFF
_OTHER_ARCHIVES = (*MAGIC, b"PK\x07\x08", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")


class Entry(NamedTuple):
    """A line of the directory. `name` is raw and only looked at, never passed on; `packed` counts bytes in the archive."""

    name: bytes
    flags: int
    method: int
    checksum: int
    packed: int
    offset: int
    mode: int


class ZipFile:
    """Over the `size` bytes of an open file from `start`. Raises `Refused` where the end of them is not that of a ZIP."""

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self.unpacked = 0  # bytes so far, those of refused entries too
        self._descriptor = descriptor
        self._base, self._start, self._end = _find_directory(descriptor, start, start + size)

    def entries(self) -> Iterator[Entry]:
        """In the order of the directory. Raises `Refused` where the directory is damaged."""
        at = self._start
        window, window_at = b"", at
        while at < self._end:
            if at + _LONGEST_LINE > window_at + len(window) < self._end:
                window, window_at = os.pread(self._descriptor, min(MIB, self._end - at), at), at
            entry, length = _entry(window, at - window_at)
            yield entry
            at += length

    def content(self, entry: Entry, limits: Limits) -> bytes:
        """The bytes of an entry, at most `max_file_bytes`. Raises `Refused` for what is not to be read."""
        _check(entry)
        at = self._base + entry.offset
        header = os.pread(self._descriptor, _LOCAL.size, at)
        if len(header) < _LOCAL.size or header[:4] != MAGIC[0]:
            raise Refused(Code.ARCHIVE_ENTRY)
        name_length, extra_length = _LOCAL.unpack(header)[-2:]
        data = self._unpacked(entry, at + _LOCAL.size + name_length + extra_length, limits)
        if zlib.crc32(data) != entry.checksum:
            raise Refused(Code.ARCHIVE_ENTRY)
        if data.startswith(_OTHER_ARCHIVES):
            raise Refused(Code.ARCHIVE_NESTED)
        return data

    def _unpacked(self, entry: Entry, at: int, limits: Limits) -> bytes:
        stored = entry.method == _STORED
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces: list[bytes] = []
        left, total = entry.packed, 0
        while left and not inflate.eof:
            packed = os.pread(self._descriptor, min(_CHUNK, left), at)
            if not packed:
                raise Refused(Code.ARCHIVE_ENTRY)
            at, left = at + len(packed), left - len(packed)
            try:
                piece = packed if stored else inflate.decompress(packed, limits.max_file_bytes + 1 - total)
            except zlib.error:
                raise Refused(Code.ARCHIVE_ENTRY) from None
            total += len(piece)
            self.unpacked += len(piece)
            pieces.append(piece)
            if total > max(MIB, limits.max_ratio * (entry.packed - left)):
                raise Refused(Code.ARCHIVE_BOMB)
            if total > limits.max_file_bytes:
                raise Refused(Code.TOO_LARGE)
        if not (stored or inflate.eof):
            raise Refused(Code.ARCHIVE_ENTRY)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _check(entry: Entry) -> None:
    name = entry.name.replace(b"\\", b"/")
    if name.startswith(b"/") or name[1:2] == b":" or b".." in name.split(b"/") or b"\x00" in name:
        raise Refused(Code.ARCHIVE_PATH)
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Refused(Code.ARCHIVE_LINK)
    if entry.flags & _ENCRYPTED:
        raise Refused(Code.ARCHIVE_ENCRYPTED)
    if entry.method not in (_STORED, _DEFLATED):
        raise Refused(Code.ARCHIVE_METHOD)


def _entry(window: bytes, at: int) -> tuple[Entry, int]:
    """The entry there, and the length of its line."""
    if at + _ENTRY.size > len(window):
        raise Refused(Code.ARCHIVE_UNREADABLE)
    fields = _ENTRY.unpack_from(window, at)
    flags, method, checksum, packed, size = fields[3], fields[4], *fields[7:10]
    name_length, extra_length, comment_length = fields[10:13]
    mode, offset = fields[15] >> 16, fields[16]
    extra_at = at + _ENTRY.size + name_length
    length = _ENTRY.size + name_length + extra_length + comment_length
    if fields[0] != b"PK\x01\x02" or at + length > len(window):
        raise Refused(Code.ARCHIVE_UNREADABLE)
    if _FULL in (packed, size, offset):
        packed, offset = _wide(window[extra_at : extra_at + extra_length], size, packed, offset)
    return Entry(window[at + _ENTRY.size : extra_at], flags, method, checksum, packed, offset, mode), length


def _wide(extra: bytes, size: int, packed: int, offset: int) -> tuple[int, int]:
    """The 64-bit fields, which stand in this order, each where its own field is full."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == _FULL64:
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra, at + 4))
            _, packed, offset = (next(numbers, value) if value == _FULL else value for value in (size, packed, offset))
            break
        at += 4 + length
    return packed, offset


def _find_directory(descriptor: int, first: int, last: int) -> tuple[int, int, int]:
    """The place from which offsets count, and the first and the last place of the directory."""
    tail_at = max(first, last - _END.size - 0xFFFF)
    tail = os.pread(descriptor, last - tail_at, tail_at)
    found = tail.rfind(MAGIC[1])
    if found < 0 or found + _END.size > len(tail):
        raise Refused(Code.ARCHIVE_UNREADABLE)
    end = tail_at + found
    length, offset = _END.unpack_from(tail, found)[5:7]
    locator_at = end - _LOCATOR64.size
    if locator_at >= first:
        locator = os.pread(descriptor, _LOCATOR64.size, locator_at)
        if locator[:4] == b"PK\x06\x07":
            end = locator_at - _END64.size
            wide = os.pread(descriptor, _END64.size, max(end, first))
            if end < first or wide[:4] != b"PK\x06\x06":
                raise Refused(Code.ARCHIVE_UNREADABLE)
            length, offset = _END64.unpack(wide)[8:10]
    base = end - length - offset
    if base < first:
        raise Refused(Code.ARCHIVE_UNREADABLE)
    return base, base + offset, end
