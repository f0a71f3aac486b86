"""Selects the source of a period's values and names it (rules 1.11 and 5.3, docs/domain.md)."""

import re
import unicodedata
from collections.abc import Iterable
from datetime import date
from typing import Literal

import msgspec

from preview.core.clock import local_date, parse_timestamp
from preview.core.periods import Period
from preview.model.file_format import KOSTRA_15F_DATA_SOURCE

_LETTERS = str.maketrans({"æ": "ae", "ø": "o", "å": "a"})


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What is stored of one organisation in one format. Instants are texts of `clock.sortable_timestamp`.

    Attributes:
        source_id: Number of the source.
        format: Its format.
        year: Year of a 15F file, 0 for v4.
        version: Rises with each change (rule 1.12).
        first_extract_at: Oldest extract time of all files; None before the first file.
        last_extract_at: Newest extract time of all files; None before the first file.
        last_full_at: Extract time of the newest full delivery; None without one.
        case_system: Name of the case system; empty for 15F.
    """

    source_id: int
    format: Literal["v4", "15f"]
    year: int
    version: int
    first_extract_at: str | None
    last_extract_at: str | None
    last_full_at: str | None
    case_system: str


class SourceSelection(msgspec.Struct, frozen=True):
    """A selected source. `incomplete`: it began after the period, so that cases closed before can be missing."""

    source: Source
    incomplete: bool


def extract_day(source: Source) -> date | None:
    """Return the day in Norway of a source's extract time (rules 1.11 and 2.3), or None before its first file."""
    if source.format == "15f":
        return date(source.year, 12, 31)
    return _local_day(source.last_extract_at)


def select_source(sources: Iterable[Source], period: Period) -> SourceSelection | None:
    """Select the source of a period (rule 5.3).

    Args:
        sources: The sources of one organisation.
        period: The period.

    Returns:
        The v4 source, if it began before the period ended and reaches its first day; else the 15F file of the year;
        else the v4 source, if it reaches the first day, as incomplete; else None.
    """
    candidates = list(sources)
    v4 = next(
        (source for source in candidates if source.format == "v4" and _covers_day(source, period.first_day)), None
    )
    if v4 is not None and (first := _local_day(v4.first_extract_at)) is not None and first <= period.last_day:
        return SourceSelection(v4, incomplete=False)
    annual_file = next((source for source in candidates if source.format == "15f" and source.year == period.year), None)
    if annual_file is not None:
        return SourceSelection(annual_file, incomplete=False)
    return None if v4 is None else SourceSelection(v4, incomplete=True)


def data_source(source: Source) -> str:
    """Return the `data_source` of values: `kostra-15f`, or `fagsystem-` and a slug of the case system (rule 1.11)."""
    if source.format == "15f":
        return KOSTRA_15F_DATA_SOURCE
    name = unicodedata.normalize("NFC", source.case_system).lower().translate(_LETTERS)
    return "fagsystem-" + (re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "ukjent")


def has_system_changed(source: Source, prior_data_source: str | None, prior_extract_at: str | None) -> bool:
    """Return whether the case system differs from that of the prior snapshot, without a full delivery since.

    Only a full delivery with a later extract time shows which cases the new system holds (rule `kilde_endret`). A
    change between v4 and 15F is no change of system, as no case is carried over.

    Args:
        source: The source of the snapshot.
        prior_data_source: `data_source` of the prior snapshot's computed fields.
        prior_extract_at: Extract time of the prior snapshot's source when it was aggregated.
    """
    if source.format != "v4" or prior_data_source is None or not prior_data_source.startswith("fagsystem-"):
        return False
    if data_source(source) == prior_data_source:
        return False
    return source.last_full_at is None or (prior_extract_at is not None and source.last_full_at <= prior_extract_at)


def _local_day(instant: str | None) -> date | None:
    return None if instant is None else local_date(parse_timestamp(instant))


def _covers_day(source: Source, day: date) -> bool:
    last_day = _local_day(source.last_extract_at)
    return last_day is not None and last_day >= day
