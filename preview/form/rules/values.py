"""Rules that ask whether the values of one report fit each other (`domain.md` 7)."""

from collections.abc import Iterator

from preview.form.numbers import share
from preview.form.rules.base import Deviation, FieldRule, Params, Reading, Rule


class Sum(FieldRule, frozen=True, tag="sum"):
    """The parts of the field (`made_up_of`) do not add up to it."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the row of the whole. Says nothing where a value is missing."""
        whole = reading.field(self.field)
        parts = tuple(reading.field(number) for number in whole.made_up_of)
        total, values = reading.now(whole), [reading.now(part) for part in parts]
        known = [value for value in values if value is not None]
        if total is None or len(known) < len(parts) or sum(known) == total:
            return
        named: Params = {f"part_{place}": value for place, value in enumerate(known, 1)}
        yield self.found(whole, {**named, "sum": sum(known), "whole": total}, current=(whole, *parts))


class Subset(Rule, frozen=True, tag="subset"):
    """A field is above the whole that it is a part of (`subset_of`)."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the row of the part."""
        for field in reading.fields:
            if field.subset_of is None:
                continue
            whole = reading.field(field.subset_of)
            part, limit = reading.now(field), reading.now(whole)
            if part is not None and limit is not None and part > limit:
                yield self.found(field, {"value": part, "whole": limit, "number": whole.number}, current=(field, whole))


class NoShare(Rule, frozen=True, tag="no_share"):
    """A share outside 0 to 100."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the row of each such share."""
        for field in reading.fields:
            value = reading.now(field)
            if field.unit == "prosent" and value is not None and not 0 <= value <= 100:
                yield self.found(field, {"value": value}, current=(field,))


class Negative(Rule, frozen=True, tag="negative"):
    """A number below 0. Shares have a rule of their own."""

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the row of each such number."""
        for field in reading.fields:
            value = reading.now(field)
            if field.unit != "prosent" and value is not None and value < 0:
                yield self.found(field, {"value": value}, current=(field,))


class Below(FieldRule, frozen=True, tag="below"):
    """The field is under `limit`."""

    limit: int

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row."""
        field = reading.field(self.field)
        value = reading.now(field)
        if value is not None and value < self.limit:
            yield self.found(field, {"value": value, "limit": self.limit}, current=(field,))


class LargePart(FieldRule, frozen=True, tag="large_part"):
    """The field is over `per_cent` of `whole` (the key of a field or an auxiliary)."""

    whole: str
    per_cent: int

    def find(self, reading: Reading) -> Iterator[Deviation]:
        """In the field's row."""
        field = reading.field(self.field)
        part, whole = reading.now(field), reading.current.get(self.whole)
        if part is None or not whole or 100 * part <= self.per_cent * whole:
            return
        params: Params = {"value": part, "whole": whole, "share": share(int(part), int(whole)) or 0.0, "limit": self.per_cent}
        yield self.found(field, params, current=(field,))
