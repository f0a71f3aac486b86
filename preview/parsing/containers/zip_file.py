"""Reads untrusted ZIP archives entry by entry, in the order of their directory (rule 3.6, docs/domain.md).

Memory use is constant. The standard library's `zipfile` first creates an object for every entry (700 bytes each: 170 MB
for 250,000 files); here the directory is read from disk piece by piece. The size that an entry declares is not trusted:
the unpacked bytes are counted.
"""

import os
import stat
import zlib
from collections.abc import Iterator

from preview.model.findings import FileRejected, FindingCode
from preview.model.limits import MIB, Limits
from preview.parsing.containers.zip_directory import LOCAL_HEADER, LOCAL_MAGIC, MAGIC, ZipDirectory, ZipEntry

_STORED, _DEFLATED = 0, 8
_ENCRYPTED_FLAGS = 0x41  # bit 0: encrypted, bit 6: strong encryption
_CHUNK = 256 * 1024
_ARCHIVE_MAGICS = (*MAGIC, b"PK\x07\x08", b"\x1f\x8b", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"BZh", b"\xfd7zXZ\x00")


class SafeZipReader:
    """Reads the archive in a range of an open file.

    Attributes:
        unpacked_bytes: Number of bytes unpacked so far, also of refused entries.

    Args:
        descriptor: File descriptor, open for reading.
        start: Offset of the archive.
        size: Its size in bytes.

    Raises:
        FileRejected: If the range is not exactly one whole ZIP archive, or if entries of it share bytes.
    """

    def __init__(self, descriptor: int, start: int, size: int) -> None:
        self.unpacked_bytes = 0
        self._descriptor = descriptor
        self._start = start
        self._directory = ZipDirectory(descriptor, start, start + size)

    def entries(self) -> Iterator[ZipEntry]:
        """Yield the entries in the order of the directory."""
        return self._directory.entries()

    def read_entry(self, entry: ZipEntry, limits: Limits) -> bytes:
        """Return the unpacked bytes of an entry.

        Raises:
            FileRejected: If the entry is damaged, exceeds the limits or is not allowed (rule 3.6).
        """
        _check_entry(entry)
        offset = self._start + entry.offset
        header = os.pread(self._descriptor, LOCAL_HEADER.size, offset)
        if len(header) < LOCAL_HEADER.size or not header.startswith(LOCAL_MAGIC):
            raise FileRejected(FindingCode.ARCHIVE_ENTRY)
        name_length, extra_length = LOCAL_HEADER.unpack(header)[-2:]
        data = self._unpack(entry, offset + LOCAL_HEADER.size + name_length + extra_length, limits)
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
