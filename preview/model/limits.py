"""How much a delivery may ask of us."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # the reader's process needs no settings, and is lighter without
    from preview.core.settings import Settings

MIB = 2**20
MAX_CASES = 100_000
"""In one file, which is handed on and taken whole; the whole country has about 55,000 (`domain.md` 9)."""


class Limits(msgspec.Struct, frozen=True):
    """All in bytes but `max_ratio`, `max_files` and `batch_folders`.

    `max_total_bytes` and `max_files` hold for what a ZIP unpacks to, `max_ratio` for its entries (unpacked over packed).
    `memory_bytes` is the address space of the reader's process.
    """

    max_file_bytes: int = 16 * MIB
    max_total_bytes: int = 8192 * MIB
    max_files: int = 1_000_000
    max_ratio: int = 200
    batch_folders: int = 200
    memory_bytes: int = 1024 * MIB

    @classmethod
    def from_settings(cls, settings: "Settings") -> "Limits":
        """As set."""
        return cls(max_file_bytes=settings.max_file_bytes, memory_bytes=settings.reader_memory_bytes)
