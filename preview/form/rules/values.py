"""Rules that compare the values of one report (domain 7, docs/domain.md)."""

from collections.abc import Iterator

from preview.form.entries import Field
from preview.form.numbers import percentage
from preview.form.rules.base import Deviation, FieldRule, Params, Rule, RuleContext


class SumMismatch(FieldRule, frozen=True, tag="sum"):
    """The sum of a field's components differs from its value."""

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the whole, if no value is missing."""
        whole = context.field(self.field)
        parts = tuple(context.field(number) for number in whole.components)
        total, values = context.now(whole), [context.now(part) for part in parts]
        known = [value for value in values if value is not None]
        if total is None or len(known) < len(parts) or sum(known) == total:
            return
        part_params: Params = {f"part_{index}": value for index, value in enumerate(known, 1)}
        yield self.deviation(whole, {**part_params, "sum": sum(known), "whole": total}, current=(whole, *parts))


class SubsetExceedsWhole(Rule, frozen=True, tag="subset"):
    """A value is above that of the whole that it is a part of (`subset_of`)."""

    def applies_to(self, field: Field) -> bool:
        """Return whether the field is a part of another one."""
        return field.subset_of is not None

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each part that is above its whole."""
        for field in context.fields:
            if field.subset_of is None:
                continue
            whole = context.field(field.subset_of)
            part, limit = context.now(field), context.now(whole)
            if part is not None and limit is not None and part > limit:
                yield self.deviation(
                    field, {"value": part, "whole": limit, "number": whole.number}, current=(field, whole)
                )


class PercentageOutOfRange(Rule, frozen=True, tag="no_share"):
    """A share is outside 0 to 100."""

    def applies_to(self, field: Field) -> bool:
        """Return whether the field is a share."""
        return field.unit == "prosent"

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each such share."""
        for field in context.fields:
            value = context.now(field)
            if self.applies_to(field) and value is not None and not 0 <= value <= 100:
                yield self.deviation(field, {"value": value}, current=(field,))


class Negative(Rule, frozen=True, tag="negative"):
    """A number that is no share is below 0."""

    def applies_to(self, field: Field) -> bool:
        """Return whether the field is no share."""
        return field.unit != "prosent"

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each such number."""
        for field in context.fields:
            value = context.now(field)
            if self.applies_to(field) and value is not None and value < 0:
                yield self.deviation(field, {"value": value}, current=(field,))


class BelowThreshold(FieldRule, frozen=True, tag="below"):
    """The value is below `limit`."""

    limit: int

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        field = context.field(self.field)
        value = context.now(field)
        if value is not None and value < self.limit:
            yield self.deviation(field, {"value": value, "limit": self.limit}, current=(field,))


class ShareAboveThreshold(FieldRule, frozen=True, tag="large_part"):
    """The value is above `per_cent` percent of `whole`, the key of a field or an auxiliary."""

    whole: str
    per_cent: int

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        field = context.field(self.field)
        part, whole = context.now(field), context.current.get(self.whole)
        if part is None or not whole or 100 * part <= self.per_cent * whole:
            return
        share = percentage(int(part), int(whole)) or 0.0
        params: Params = {"value": part, "whole": whole, "share": share, "limit": self.per_cent}
        yield self.deviation(field, params, current=(field,))
