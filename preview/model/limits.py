"""Limits of a delivery."""

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:  # the parser process does not need the settings: without them it starts faster
    from preview.core.settings import Settings

MIB = 2**20
MAX_CASES = 100_000
"""Maximum number of cases in one file, which is parsed and imported as a whole. All of Norway has about 55,000 (rule 9,
docs/domain.md)."""


class Limits(msgspec.Struct, frozen=True):
    """Limits of the parser.

    Attributes:
        max_file_bytes: Size of one file, unpacked.
        max_total_bytes: Size of all that the ZIP archives of a delivery unpack to.
        max_files: Number of files in a delivery.
        max_ratio: Unpacked size over packed size of an entry of a ZIP archive.
        batch_folders: Number of cases in a batch.
        memory_bytes: Address space of the parser process.
    """

    max_file_bytes: int = 16 * MIB
    max_total_bytes: int = 8192 * MIB
    max_files: int = 1_000_000
    max_ratio: int = 200
    batch_folders: int = 200
    memory_bytes: int = 1024 * MIB

    @classmethod
    def from_settings(cls, settings: "Settings") -> "Limits":
        """Return the limits of the settings."""
        return cls(max_file_bytes=settings.max_file_bytes, memory_bytes=settings.reader_memory_bytes)
