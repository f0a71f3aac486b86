"""Which source a period's values come from, and what it is called (`domain.md` 1.11, 5.3). Pure."""

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
    """What is held of one organisation in one format. `year` is that of a 15F file, 0 for v4.

    Instants are `clock.instant_text`: `forste_uttrekk` and `siste_uttrekk` over all files read, None before the first;
    `siste_fulle` the latest full delivery's, None without one. `fagsystem` is the case system's name, empty for 15F.
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
    """`ufullstendig`: the source began after the period, so that cases closed before may be missing."""

    source: Source
    incomplete: bool


def extract_day(source: Source) -> date | None:
    """The day in Norway of the source's extract time (1.11, 2.3); None before its first file."""
    if source.format == "15f":
        return date(source.year, 12, 31)
    return _local_day(source.last_extract_at)


def select_source(sources: Iterable[Source], period: Period) -> SourceSelection | None:
    """The source of the period among those of one organisation (5.3); None where none has data for it.

    The v4 source if its data begin no later than the period's last day and reach its first; else the 15F file of that year; else the
    v4 source where its data reach the period's first day, as `ufullstendig`.
    """
    candidates = list(sources)
    v4 = next((source for source in candidates if source.format == "v4" and _covers_day(source, period.first_day)), None)
    if v4 is not None and (first := _local_day(v4.first_extract_at)) is not None and first <= period.last_day:
        return SourceSelection(v4, incomplete=False)
    annual_file = next((source for source in candidates if source.format == "15f" and source.year == period.year), None)
    if annual_file is not None:
        return SourceSelection(annual_file, incomplete=False)
    return None if v4 is None else SourceSelection(v4, incomplete=True)


def data_source(source: Source) -> str:
    """`kostra-15f`, or `fagsystem-` and the slug of the case system's name (1.11); `fagsystem-ukjent` where the name has no letter."""
    if source.format == "15f":
        return KOSTRA_15F_DATA_SOURCE
    name = unicodedata.normalize("NFC", source.case_system).lower().translate(_LETTERS)
    return "fagsystem-" + (re.sub(r"[^a-z0-9]+", "-", name).strip("-") or "ukjent")


def has_system_changed(source: Source, prior_data_source: str | None, prior_extract_at: str | None) -> bool:
    """Whether another case system delivers than the one of the prior period's snapshot, and no full delivery since (rule `kilde_endret`).

    `prior_data_source` is that of the prior snapshot's computed fields; `prior_uttrekk` its source's extract time as it was read
    (`clock.instant_text`). Only a full delivery of a later extract time tells which cases the new system holds. Between v4 and 15F no case
    is carried over, so that is no such change.
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
