"""Rules that ask what the report's source is good for (`domain.md` 7)."""

from collections.abc import Iterator
from typing import ClassVar

from preview.core.periods import Period
from preview.form.rules.base import Deviation, FieldRule, Reading


class Inactive(FieldRule, frozen=True, tag="inactive"):
    """The field is 0 though the data cover the whole period."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row."""
        field = reading.field(self.field)
        if reading.now(field) == 0 and not reading.facts.provisional:
            yield self.found(field, {"period": reading.facts.period_id}, current=(field,))


class Provisional(FieldRule, frozen=True, tag="provisional"):
    """The data were extracted before the period's end."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row."""
        facts = reading.facts
        if facts.provisional and facts.uttrekk is not None:
            last = Period.parse(facts.period_id).last.isoformat()
            yield self.found(reading.field(self.field), {"uttrekk": facts.uttrekk, "last": last})


class Incomplete(FieldRule, frozen=True, tag="incomplete"):
    """The source began after the period: cases closed before may be missing (`domain.md` 5.3)."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row."""
        if reading.facts.ufullstendig:
            yield self.found(reading.field(self.field), {"period": reading.facts.period_id})


class Findings(FieldRule, frozen=True, tag="findings"):
    """The source has findings."""

    variants: ClassVar[tuple[str, ...]] = ("message", "one")

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row, with their count."""
        count = reading.facts.findings
        if count > 0:
            yield self.found(reading.field(self.field), {"count": count}, variant="one" if count == 1 else "message")
