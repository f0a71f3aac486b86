"""Reads untrusted ZIP archives entry by entry, in the order of their directory (rule 3.6, docs/domain.md).

Memory use is constant. The standard library's `zipfile` first creates an object for every entry (700 bytes each: 170 MB
for 250,000 files); here the directory is read from disk piece by piece. The size that an entry declares is not trusted:
the unpacked bytes are counted.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from preview.model.findings import FileRejected, FindingCode
from preview.model.limits import MIB, Limits

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")  # first bytes of an archive with entries, and of an empty one

_END_RECORD = struct.Struct("<4s4H2LH")
_ZIP64_END_RECORD = struct.Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")
_CENTRAL_HEADER = struct.Struct("<4s6H3L5H2L")
_LOCAL_HEADER = struct.Struct("<4s5H3L2H")
_STORED, _DEFLATED = 0, 8
_ENCRYPTED_FLAGS = 0x41  # bit 0: encrypted, bit 6: strong encryption
_ZIP64_SENTINEL, _ZIP64_EXTRA_ID = 0xFFFFFFFF, 0x0001
_CHUNK = 256 * 1024
_MAX_CENTRAL_ENTRY_BYTES = _CENTRAL_HEADER.size + 3 * 0xFFFF
_ARCHIVE_MAGICS = (*MAGIC, b"PK\x07\x08", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")


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


class SafeZipReader:
    """Reads the archive in a range of an open file.

    Attributes:
        unpacked_bytes: Number of bytes unpacked so far, also of refused entries.

    Args:
        descriptor: File descriptor, open for reading.
        start: Offset of the archive.
        size: Its size in bytes.

    Raises:
        FileRejected: If the range does not end like a ZIP archive.
    """

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self.unpacked_bytes = 0
        self._descriptor = descriptor
        self._base, self._start, self._end = _find_directory(descriptor, start, start + size)

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

    def read_entry(self, entry: ZipEntry, limits: Limits) -> bytes:
        """Return the unpacked bytes of an entry.

        Raises:
            FileRejected: If the entry is damaged, exceeds the limits or is not allowed (rule 3.6).
        """
        _check_entry(entry)
        offset = self._base + entry.offset
        header = os.pread(self._descriptor, _LOCAL_HEADER.size, offset)
        if len(header) < _LOCAL_HEADER.size or header[:4] != MAGIC[0]:
            raise FileRejected(FindingCode.ARCHIVE_ENTRY)
        name_length, extra_length = _LOCAL_HEADER.unpack(header)[-2:]
        data = self._unpack(entry, offset + _LOCAL_HEADER.size + name_length + extra_length, limits)
        if zlib.crc32(data) != entry.checksum:
            raise FileRejected(FindingCode.ARCHIVE_ENTRY)
        if data.startswith(_ARCHIVE_MAGICS):
            raise FileRejected(FindingCode.ARCHIVE_NESTED)
        return data

    def _unpack(self, entry: ZipEntry, offset: int, limits: Limits) -> bytes:
        stored = entry.method == _STORED
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        pieces: list[bytes] = []
        remaining, total = entry.compressed_size, 0
        while remaining and not inflate.eof:
            packed = os.pread(self._descriptor, min(_CHUNK, remaining), offset)
            if not packed:
                raise FileRejected(FindingCode.ARCHIVE_ENTRY)
            offset, remaining = offset + len(packed), remaining - len(packed)
            try:
                piece = packed if stored else inflate.decompress(packed, limits.max_file_bytes + 1 - total)
            except zlib.error:
                raise FileRejected(FindingCode.ARCHIVE_ENTRY) from None
            total += len(piece)
            self.unpacked_bytes += len(piece)
            pieces.append(piece)
            if total > max(MIB, limits.max_ratio * (entry.compressed_size - remaining)):
                raise FileRejected(FindingCode.ARCHIVE_BOMB)
            if total > limits.max_file_bytes:
                raise FileRejected(FindingCode.TOO_LARGE)
        if not (stored or inflate.eof):
            raise FileRejected(FindingCode.ARCHIVE_ENTRY)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def _check_entry(entry: ZipEntry) -> None:
    name = entry.name.replace(b"\\", b"/")
    if name.startswith(b"/") or name[1:2] == b":" or b".." in name.split(b"/") or b"\x00" in name:
        raise FileRejected(FindingCode.ARCHIVE_PATH)
    if stat.S_IFMT(entry.mode) not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise FileRejected(FindingCode.ARCHIVE_LINK)
    if entry.flags & _ENCRYPTED_FLAGS:
        raise FileRejected(FindingCode.ARCHIVE_ENCRYPTED)
    if entry.method not in (_STORED, _DEFLATED):
        raise FileRejected(FindingCode.ARCHIVE_METHOD)


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
            numbers = iter(struct.unpack_from(f"<{length // 8}Q", extra, position + 4))
            _, packed, offset = (
                next(numbers, value) if value == _ZIP64_SENTINEL else value for value in (size, packed, offset)
            )
            break
        position += 4 + length
    return packed, offset


def _find_directory(descriptor: int, first: int, last: int) -> tuple[int, int, int]:
    """Return the offset that the archive's own offsets are relative to, and start and end of its directory."""
    tail_at = max(first, last - _END_RECORD.size - 0xFFFF)
    tail = os.pread(descriptor, last - tail_at, tail_at)
    end_index = tail.rfind(MAGIC[1])
    if end_index < 0 or end_index + _END_RECORD.size > len(tail):
        raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
    end = tail_at + end_index
    length, offset = _END_RECORD.unpack_from(tail, end_index)[5:7]
    locator_at = end - _ZIP64_LOCATOR.size
    if locator_at >= first:
        locator = os.pread(descriptor, _ZIP64_LOCATOR.size, locator_at)
        if locator[:4] == b"PK\x06\x07":
            end = locator_at - _ZIP64_END_RECORD.size
            zip64_record = os.pread(descriptor, _ZIP64_END_RECORD.size, max(end, first))
            if end < first or zip64_record[:4] != b"PK\x06\x06":
                raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
            length, offset = _ZIP64_END_RECORD.unpack(zip64_record)[8:10]
    base = end - length - offset
    if base < first:
        raise FileRejected(FindingCode.ARCHIVE_UNREADABLE)
    return base, base + offset, end
