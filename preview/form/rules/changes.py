"""Rules that compare a report with that of another period, usually the prior one (domain 7, docs/domain.md)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import ClassVar

from preview.form.entries import Field
from preview.form.numbers import rounded_percent_change, to_decimal
from preview.form.rules.base import Deviation, FieldRule, Params, Rule, RuleContext


class LargeChange(Rule, frozen=True, tag="change"):
    """A large change from the prior value. A change from 0 has no percentage; rule `fra_null` is about those.

    Attributes:
        least: Smallest change of a number that is large.
        per_cent: Smallest change of a number, in percent of the prior value, that is large.
        points: Smallest change of a share, in percentage points, that is large.
    """

    variants: ClassVar[tuple[str, ...]] = ("more", "fewer", "share_up", "share_down")

    least: int
    per_cent: int
    points: int

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each field with a large change."""
        for field in context.fields:
            now, before = context.now(field), context.before(field)
            if now is None or before is None or not context.is_change_judged(field):
                continue
            base = to_decimal(before)
            change = to_decimal(now) - base
            is_share = field.unit == "prosent"
            result = self._share_change(change) if is_share else self._number_change(change, base, field)
            if result is not None:
                variant, limits = result
                params: Params = {"value": now, "prior": before, "prior_period": context.prior_period, **limits}
                yield self.deviation(field, params, variant=variant, current=(field,), prior=(field,))

    def margin(self, context: RuleContext, field: Field) -> float | None:
        """Return by how much a value must differ from the compared one to be a large change, in the field's unit.

        None if the change is not judged, or the compared value is absent or, for a number, 0.
        """
        before = context.before(field)
        if before is None or not context.is_change_judged(field):
            return None
        if field.unit == "prosent":
            return float(self.points)
        return max(float(self.least), self.per_cent * abs(float(before)) / 100) if before else None

    def _share_change(self, change: Decimal) -> tuple[str, Params] | None:
        if abs(change) < self.points:
            return None
        return "share_up" if change > 0 else "share_down", {"change": float(abs(change)), "points": self.points}

    def _number_change(self, change: Decimal, base: Decimal, field: Field) -> tuple[str, Params] | None:
        size = abs(change)
        if base == 0 or size < self.least or 100 * size < self.per_cent * abs(base):
            return None
        displayed_size = float(size) if field.unit == "årsverk" else int(size)
        limits: Params = {
            "change": displayed_size,
            "relative": rounded_percent_change(change, base),
            "least": self.least,
            "limit": self.per_cent,
        }
        return "more" if change > 0 else "fewer", limits


class FromZero(Rule, frozen=True, tag="from_zero"):
    """The prior value is 0 and the current one at least `least`."""

    variants: ClassVar[tuple[str, ...]] = ("message", "share")

    least: int

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each such field."""
        for field in context.fields:
            now = context.now(field)
            if context.is_change_judged(field) and context.before(field) == 0 and now is not None and now >= self.least:
                params: Params = {
                    "value": now,
                    "period": context.metadata.period_id,
                    "prior_period": context.prior_period,
                }
                yield self.deviation(field, params, variant=_variant_for_unit(field), current=(field,), prior=(field,))


class ToZero(Rule, frozen=True, tag="to_zero"):
    """The current value is 0 and the prior one at least `least`."""

    variants: ClassVar[tuple[str, ...]] = ("message", "share")

    least: int

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each such field."""
        for field in context.fields:
            before = context.before(field)
            if (
                context.is_change_judged(field)
                and context.now(field) == 0
                and before is not None
                and before >= self.least
            ):
                params: Params = {
                    "prior": before,
                    "period": context.metadata.period_id,
                    "prior_period": context.prior_period,
                }
                yield self.deviation(field, params, variant=_variant_for_unit(field), current=(field,), prior=(field,))


class Missing(Rule, frozen=True, tag="missing"):
    """No source or figure gave the value, but the prior period has one."""

    variants: ClassVar[tuple[str, ...]] = ("message", "share")

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of each such field."""
        for field in context.fields:
            before = context.before(field)
            if context.is_missing(field) and before is not None:
                params: Params = {"prior": before, "prior_period": context.prior_period}
                yield self.deviation(field, params, variant=_variant_for_unit(field), prior=(field,))


class SystemChanged(FieldRule, frozen=True, tag="system_changed"):
    """The case system is not that of the prior period, and there was no full delivery since."""

    about_report: ClassVar[bool] = True

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        if context.metadata.system_changed:
            yield self.deviation(context.field(self.field), {"prior_period": context.prior_period})


def _variant_for_unit(field: Field) -> str:
    return "share" if field.unit == "prosent" else "message"
