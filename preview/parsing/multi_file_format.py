"""Reads the spool's format for a delivery of several files: a magic number, then each file after its length.

`ingest/spool_file.py` writes it. Unlike in a ZIP archive, a file can be written while it is received, before its
length is known; an archive among the files stays one; and neither side needs memory for a directory.
"""

import os
import struct
from collections.abc import Iterator

from preview.model.findings import FileRejected, FindingCode

MAGIC = b"\x89bufdir-preview pack\n"
LENGTH_PREFIX = struct.Struct(">Q")


def is_multi_file(descriptor: int) -> bool:
    """Return whether an open file has this format."""
    return os.pread(descriptor, len(MAGIC), 0) == MAGIC


def iter_members(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the offset and the length of each file, in order.

    Args:
        descriptor: File descriptor, open for reading.
        size: Size of the whole, in bytes.

    Raises:
        FileRejected: If it is cut off.
    """
    offset = len(MAGIC)
    while offset < size:
        prefix = os.pread(descriptor, LENGTH_PREFIX.size, offset)
        if (
            len(prefix) < LENGTH_PREFIX.size
            or (length := LENGTH_PREFIX.unpack(prefix)[0]) > size - offset - LENGTH_PREFIX.size
        ):
            raise FileRejected(FindingCode.UNREADABLE_FILE)
        offset += LENGTH_PREFIX.size
        yield offset, length
        offset += length
