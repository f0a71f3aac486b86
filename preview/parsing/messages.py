"""What the parser process and its client send each other. No parser is imported here: the server needs none."""

from datetime import datetime

import msgspec

from preview.model.case_records import AnnualFile, CaseFolder, OrganizationListing, SupplementaryFigure
from preview.model.findings import Finding
from preview.model.limits import Limits

MIXED = "mixed"
"""Format of a delivery whose files have different formats."""


class Batch(msgspec.Struct):
    """Some consecutive files of a delivery. No file is split: the year of a 15F file is replaced as a whole (rule 2.3).

    Attributes:
        format: Format of the files up to here: a `FileFormat`, `MIXED`, or None if none was recognised.
        files: Number of files up to here.
        refused_files: Number of refused files up to here.
        bytes_read: Bytes of the delivery up to here.
        total_bytes: Bytes of the whole delivery.
        unpacked_bytes: Bytes of the files up to here, unpacked.
        lines: Number of lines of CSV files up to here, those that are left out included.
        folders: Cases of v4 files.
        annual_files: 15F files.
        figures: Supplementary figures.
        listings: Lines of organisations files.
        findings: Findings of these files.
    """

    format: str | None = None
    files: int = 0
    refused_files: int = 0
    bytes_read: int = 0
    total_bytes: int = 0
    unpacked_bytes: int = 0
    lines: int = 0
    folders: list[CaseFolder] = []
    annual_files: list[AnnualFile] = []
    figures: list[SupplementaryFigure] = []
    listings: list[OrganizationListing] = []
    findings: list[Finding] = []

    @property
    def progress(self) -> float:
        """The part of the delivery that is parsed, 0 to 1."""
        return self.bytes_read / self.total_bytes if self.total_bytes else 1.0

    @property
    def case_count(self) -> int:
        """Number of cases in the batch."""
        return len(self.folders) + sum(
            len(part.individer) for annual_file in self.annual_files for part in annual_file.parts
        )

    @property
    def line_count(self) -> int:
        """Number of figures or of listings in the batch, whichever are more."""
        return max(len(self.figures), len(self.listings))


class InitMessage(msgspec.Struct, frozen=True):
    """The first message: what is the same for all deliveries.

    Attributes:
        key: The store's key for pseudonyms.
        limits: Limits of a delivery and of the process.
        fields: Fields that supplementary figures may be given for; None allows any.
    """

    key: bytes
    limits: Limits
    fields: list[str] | None

    @property
    def field_keys(self) -> frozenset[str] | None:
        """The `fields` as a set."""
        return None if self.fields is None else frozenset(self.fields)


class ParseRequest(msgspec.Struct, frozen=True):
    """Request to parse the delivery at an absolute path; `now` is the present instant."""

    path: str
    now: datetime


class ParseReply(msgspec.Struct, frozen=True, omit_defaults=True):
    """One of the replies to a request: each batch, then one reply without a batch.

    Attributes:
        batch: The next batch; None in the last reply.
        not_found: Whether there is nothing at the path.
        error: Description of an unexpected error; empty if there is none.
    """

    batch: Batch | None = None
    not_found: bool = False
    error: str = ""


encode = msgspec.msgpack.Encoder().encode
decode_reply = msgspec.msgpack.Decoder(ParseReply).decode
