"""Entries of the form: sections, fields and auxiliary values of `fields/*.toml` (rule 6.3, docs/domain.md)."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from preview.model.resources import Value

Unit = Literal["antall", "prosent", "årsverk"]
SourceKind = Literal["v4", "15f", "figur"]

Values: TypeAlias = Mapping[str, Value]
"""Values by key of a field or an auxiliary."""


class LocalizedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in bokmål, nynorsk and English."""

    nb: str
    nn: str
    en: str


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A section of the form. Sections are in the order of their fields' numbers."""

    section_id: str
    titles: LocalizedText


class Auxiliary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A value that is computed with the fields but is no field; rules of `rules.toml` use it."""

    key: str
    sources: tuple[SourceKind, ...]
    sql: str
    supplied_if: str | None = None


class ShareParts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The counts that a share is computed from, so that the share of several reports together can be (rule T2).

    Attributes:
        whole: Key of the field or auxiliary that is the denominator.
        rest: Key of the one that counts what of the whole is not in the numerator: the numerator is `whole` - `rest`.
    """

    whole: str
    rest: str


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A field of the form.

    Attributes:
        number: Its number in form order, from 1.
        field_key: Its key in the API.
        section_id: Its section.
        unit: Unit of its value.
        counts_persons: Whether it counts persons, so that small values can be withheld (rule 8).
        accumulates: Whether it grows during the period, so that it is low in a provisional report (rule 7.1).
        labels: Its name.
        definitions: What it counts.
        legal_basis: The provision that it reports on, in Norwegian.
        sources: The formats that can supply it; `figur` for a supplementary figure.
        part_of: Number of the field under which it is shown.
        subset_of: Number of a field that it cannot exceed (rule `delmengde`).
        components: Numbers of the fields whose sum it is (rule `sum_undersokelser`, and suppression).
        sql: One SELECT of one number, or for `prosent` of two, part and whole. None for a supplementary figure.
        not_applicable: Why a share has no value where there is nothing to count (rule 7.4); None for other fields.
        supplied_if: A SELECT of 1 or 0: whether a source can supply the field (rule 2.5). None if each one can.
        share: What a share is computed from; None for other fields.
    """

    number: int
    field_key: str
    section_id: str
    unit: Unit
    counts_persons: bool
    accumulates: bool
    labels: LocalizedText
    definitions: LocalizedText
    legal_basis: str
    sources: tuple[SourceKind, ...]
    part_of: int | None = None
    subset_of: int | None = None
    components: tuple[int, ...] = ()
    sql: str | None = None
    not_applicable: LocalizedText | None = None
    supplied_if: str | None = None
    share: ShareParts | None = None

    @property
    def key(self) -> str:
        """The field key, under the name that auxiliaries have too."""
        return self.field_key

    @property
    def computed(self) -> bool:
        """Whether it is computed from cases; supplementary figures for such a field are left out (rule 6.1)."""
        return self.sql is not None
