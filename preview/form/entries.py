"""What the form is made of (`domain.md` 6.3). Entries are data, read from `fields/*.toml` by `catalogue.py`."""

from collections.abc import Mapping
from typing import Literal, TypeAlias

import msgspec

from preview.model.resources import Value

Unit = Literal["antall", "prosent", "årsverk"]
SourceKind = Literal["v4", "15f", "figur"]

Values: TypeAlias = Mapping[str, Value]
"""By field key, and by key of an auxiliary. Counts are int; `prosent` and `årsverk` float with one decimal."""


class LocalizedText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One text in bokmål, nynorsk and English."""

    nb: str
    nn: str
    en: str


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of the form; sections stand in the order of their fields' numbers."""

    section_id: str
    titles: LocalizedText


class Auxiliary(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A count that is worked out with the fields and is none: the rules of `rules.toml` ask for it."""

    key: str
    sources: tuple[SourceKind, ...]
    sql: str
    supplied_if: str | None = None


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A field of the form.

    `sql` is one SELECT: one number, or for `prosent` two, the part and the whole. None where the value comes as a supplementary
    figure (`sources` is then `figur`). `supplied_if`, where there is one, is a SELECT of 1 or 0: whether this very source can supply
    the field (`domain.md` 2.5). Parameters of both: `sql.PARAMETERS`.

    Numbers of other fields: `part_of`, the whole it is shown under; `subset_of`, the whole it cannot exceed (rule `delmengde`);
    `made_up_of`, the parts that together are all of it (rule `sum_undersokelser`, and what suppression reckons with).
    """

    number: int
    field_key: str
    section_id: str
    unit: Unit
    counts_persons: bool
    labels: LocalizedText
    definitions: LocalizedText
    legal_basis: str
    sources: tuple[SourceKind, ...]
    part_of: int | None = None
    subset_of: int | None = None
    components: tuple[int, ...] = ()
    sql: str | None = None
    supplied_if: str | None = None

    @property
    def key(self) -> str:
        """The field key, by the name that fields and auxiliaries share."""
        return self.field_key

    @property
    def computed(self) -> bool:
        """Whether it is worked out from cases; a supplementary figure for such a field is refused (`domain.md` 6.1)."""
        return self.sql is not None
