"""Rules about the source of a report (domain 7, docs/domain.md)."""

from collections.abc import Iterator
from typing import ClassVar

from preview.core.periods import Period
from preview.form.rules.base import Deviation, FieldRule, RuleContext


class Inactive(FieldRule, frozen=True, tag="inactive"):
    """The value is 0 although the data cover the whole period, or as many days as those of the compared one."""

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        field = context.field(self.field)
        if context.now(field) == 0 and context.is_change_judged(field):
            yield self.deviation(field, {"period": context.elapsed_period}, current=(field,))


class Provisional(FieldRule, frozen=True, tag="provisional"):
    """The data were extracted before the period's end."""

    about_report: ClassVar[bool] = True

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        metadata = context.metadata
        if metadata.provisional and metadata.extract_day is not None:
            last = Period.parse(metadata.period_id).last_day.isoformat()
            yield self.deviation(context.field(self.field), {"uttrekk": metadata.extract_day, "last": last})


class Incomplete(FieldRule, frozen=True, tag="incomplete"):
    """The source began after the period: cases closed before can be missing (rule 5.3)."""

    about_report: ClassVar[bool] = True

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field."""
        if context.metadata.incomplete:
            yield self.deviation(context.field(self.field), {"period": context.metadata.period_id})


class SourceHasFindings(FieldRule, frozen=True, tag="findings"):
    """The source has findings."""

    about_report: ClassVar[bool] = True
    variants: ClassVar[tuple[str, ...]] = ("message", "one")

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield a deviation in the row of the field, with the number of findings."""
        count = context.metadata.findings
        if count > 0:
            yield self.deviation(
                context.field(self.field), {"count": count}, variant="one" if count == 1 else "message"
            )
