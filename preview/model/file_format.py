"""Formats of the files that a delivery can hold."""

from enum import StrEnum

KOSTRA_15F_DATA_SOURCE = "kostra-15f"
"""`data_source` of values that were aggregated from a KOSTRA 15F file (rule 1.11, docs/domain.md)."""


class FileFormat(StrEnum):
    """The format of one file. The API shows it as the `format` of a delivery (docs/api.md, Deliveries)."""

    V4 = "v4"
    KOSTRA_15F = "15f"
    FIGURES = "figures"
    ORGANIZATIONS = "organizations"
