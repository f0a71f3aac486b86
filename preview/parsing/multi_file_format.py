"""Several files as one, in the spool: a mark, then each file with its length before it (`spool_file.py` writes them).

Not a ZIP: a file whose length is not known yet can be written down as it comes, a ZIP among them stays one, and nothing grows with
their number.
"""

import os
import struct
from collections.abc import Iterator

from preview.model.findings import Code, Refused

MARK = b"\x89bufdir-preview pack\n"
LENGTH = struct.Struct(">Q")


def is_pack(descriptor: int) -> bool:
    """Whether the open file begins as one."""
    return os.pread(descriptor, len(MARK), 0) == MARK


def places(descriptor: int, size: int) -> Iterator[tuple[int, int]]:
    """Start and length of each file in it, in order. Raises `Refused` where it is cut off."""
    at = len(MARK)
    while at < size:
        head = os.pread(descriptor, LENGTH.size, at)
        if len(head) < LENGTH.size or (length := LENGTH.unpack(head)[0]) > size - at - LENGTH.size:
            raise Refused(Code.UNREADABLE_FILE)
        at += LENGTH.size
        yield at, length
        at += length
