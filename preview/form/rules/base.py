"""Base classes of deviation rules, their input and their result (domain 7, docs/domain.md)."""

from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

import msgspec

from preview.core.periods import Period
from preview.form.entries import Field, Values
from preview.form.value_state import value_state
from preview.model.resources import Value

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")

Params: TypeAlias = dict[str, int | float | str]
"""Parameters of a message: numbers, days as ISO text, ids of periods."""


class ReportMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Input of the rules besides values: the period, and the source as the snapshot was aggregated from it.

    Attributes:
        period_id: The period.
        compared_period_id: The period that the report is compared with; None for the prior one.
        compared_until: Last day of the compared period that counts, as ISO text, where the report is compared with the
            same days of the prior period (rule 7.3); None if all of it counts.
        extract_day: Day (Europe/Oslo) of the source's extract time as ISO text; None without a source.
        incomplete: As of `sources.SourceSelection`.
        system_changed: Result of `sources.has_system_changed`.
        findings: Number of faults in the files of the source.
    """

    period_id: str
    compared_period_id: str | None = None
    compared_until: str | None = None
    extract_day: str | None
    incomplete: bool = False
    system_changed: bool = False
    findings: int = 0

    @property
    def provisional(self) -> bool:
        """Whether the data were extracted before the last day of the period, so that they do not cover all of it."""
        return self.extract_day is not None and Period.parse(self.period_id).is_provisional(self.extract_day)


class Deviation(msgspec.Struct, frozen=True):
    """A deviation that a rule has found.

    Attributes:
        rule_id: The rule.
        severity: Severity of the rule.
        field_key: Field in whose row it is shown.
        message: Key of the message's text.
        params: Parameters of the message.
        current_keys: Fields whose current value is in the message (`deviations.redact_hidden`).
        prior_keys: Fields whose compared value is in the message.
        about_report: Whether it is about the whole report; `field_key` is only where it is shown.
    """

    rule_id: str
    severity: Severity
    field_key: str
    message: str
    params: Params
    current_keys: tuple[str, ...] = ()
    prior_keys: tuple[str, ...] = ()
    about_report: bool = False

    @property
    def tag(self) -> str:
        """Key of the short text, which has at most 13 characters."""
        return f"deviation.{self.rule_id}.tag"

    @property
    def action(self) -> str:
        """Key of the sentence that says what to do."""
        return f"deviation.{self.rule_id}.action"


class RuleContext(msgspec.Struct, frozen=True):
    """Input of the rules.

    Attributes:
        fields: The fields in form order.
        current: Values of the report; the key of a field that nothing supplies is absent.
        prior: Values of the report that it is compared with; empty without one.
        metadata: Periods and source of the report.
    """

    fields: tuple[Field, ...]
    current: Values
    prior: Values
    metadata: ReportMetadata

    def field(self, number: int) -> Field:
        """Return the field with a number."""
        return self.fields[number - 1]

    def now(self, field: Field) -> Value:
        """Return the current value of a field."""
        return self.current.get(field.key)

    def before(self, field: Field) -> Value:
        """Return the value of a field in the compared period."""
        return self.prior.get(field.key)

    def is_missing(self, field: Field) -> bool:
        """Return whether no source or figure gave the value of a field; one with nothing to count is not missing."""
        return value_state(field.key, self.current) == "missing"

    def is_change_judged(self, field: Field) -> bool:
        """Return whether the field's change from the prior period says anything (rules 7.1 and 7.3)."""
        metadata = self.metadata
        return not (metadata.provisional and field.accumulates) or metadata.compared_until is not None

    @property
    def prior_period(self) -> str:
        """The compared period as a message's parameter: the prior one unless the report's page compares with another.

        It is its id, and if it is cut off at a day, a slash and that day.
        """
        metadata = self.metadata
        period_id = metadata.compared_period_id or str(Period.parse(metadata.period_id).prior)
        return f"{period_id}/{metadata.compared_until}" if metadata.compared_until else period_id

    @property
    def elapsed_period(self) -> str:
        """The period of the report as a message's parameter, up to the day of its data if it is provisional."""
        metadata = self.metadata
        return f"{metadata.period_id}/{metadata.extract_day}" if metadata.provisional else metadata.period_id


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """Base class of the kinds of rules.

    `variants` are the last parts of the keys of its messages; `about_report` says whether it is about the whole report.
    """

    variants: ClassVar[tuple[str, ...]] = ("message",)
    about_report: ClassVar[bool] = False

    rule_id: str
    severity: Severity

    @property
    def limits(self) -> dict[str, int]:
        """The limits by name; empty for a rule without any."""
        values = msgspec.structs.asdict(self)
        return {name: value for name, value in values.items() if isinstance(value, int) and name != "field"}

    def applies_to(self, field: Field) -> bool:
        """Return whether the rule can find a deviation in the row of a field."""
        return True

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Yield the deviations of a report."""
        raise NotImplementedError

    def deviation(
        self,
        field: Field,
        params: Params,
        *,
        variant: str = "message",
        current: tuple[Field, ...] = (),
        prior: tuple[Field, ...] = (),
    ) -> Deviation:
        """Return a deviation.

        Args:
            field: Field in whose row it is shown.
            params: Parameters of the message.
            variant: Last part of the message's key.
            current: Fields whose current value is in the message.
            prior: Fields whose prior value is in the message.
        """
        keys = tuple(other.key for other in current), tuple(other.key for other in prior)
        return Deviation(
            self.rule_id,
            self.severity,
            field.key,
            f"deviation.{self.rule_id}.{variant}",
            params,
            *keys,
            self.about_report,
        )


class FieldRule(Rule, frozen=True, kw_only=True):
    """Base class of rules about one field, of which `field` is the number."""

    field: int

    def applies_to(self, field: Field) -> bool:
        """Return whether it is the rule's field."""
        return field.number == self.field
