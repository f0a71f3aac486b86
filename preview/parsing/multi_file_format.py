"""Several files as one, in the spool: a mark, then each file with its length before it (`spool_file.py` writes them).

Not a ZIP: a file whose length is not known yet can be written down as it comes, a ZIP among them stays one, and nothing grows with
their number.
"""

import os
import struct
from collections.abc import Iterator

from preview.model.findings import FileRejected, FindingCode

MAGIC = b"\x89bufdir-preview pack\n"
LENGTH_PREFIX = struct.Struct(">Q")


def is_multi_file(descriptor: int) -> bool:
    """Whether the open file begins as one."""
    return os.pread(descriptor, len(MAGIC), 0) == MAGIC


def iter_members(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and length of each file in it, in order. Raises `Refused` where it is cut off."""
    offset = len(MAGIC)
    while offset < size:
        prefix = os.pread(descriptor, LENGTH_PREFIX.size, offset)
        if len(prefix) < LENGTH_PREFIX.size or (length := LENGTH_PREFIX.unpack(prefix)[0]) > size - offset - LENGTH_PREFIX.size:
            raise FileRejected(FindingCode.UNREADABLE_FILE)
        offset += LENGTH_PREFIX.size
        yield offset, length
        offset += length
