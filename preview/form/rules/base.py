"""What every deviation rule has, what it looks at, and what it finds (`domain.md` 7)."""

from collections.abc import Iterator
from typing import ClassVar, Literal, TypeAlias

import msgspec

from preview.core.periods import Period
from preview.form.entries import Field, Values
from preview.model.resources import Value

Severity = Literal["error", "warning", "notice"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "notice")

Params: TypeAlias = dict[str, int | float | str]
"""What a message asks for: numbers as they are, days as ISO text, periods as their ids."""


class ReportMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What the rules ask about besides values: the period, and the source as the snapshot read it.

    `uttrekk` is the ISO day (Europe/Oslo) of the source's extract time, None where there is no source; `ufullstendig` is that of
    `sources.Choice`; `kilde_endret` is `sources.system_changed`; `findings` counts the findings of the source.
    """

    period_id: str
    extract_day: str | None
    incomplete: bool = False
    system_changed: bool = False
    findings: int = 0

    @property
    def provisional(self) -> bool:
        """Whether the data were extracted before the period's last day, so that they do not hold the whole period."""
        return self.extract_day is not None and self.extract_day < Period.parse(self.period_id).last_day.isoformat()


class Deviation(msgspec.Struct, frozen=True):
    """A rule that found something, in the row of `field_key`.

    `message` is a key of the texts, `params` what that text asks for. `current_keys` and `prior_keys` say of which fields the message
    gives the value, so that it can be held back with them (`deviations.without_hidden`).
    """

    rule_id: str
    severity: Severity
    field_key: str
    message: str
    params: Params
    current_keys: tuple[str, ...] = ()
    prior_keys: tuple[str, ...] = ()

    @property
    def tag(self) -> str:
        """Key of the short text, at most 13 characters."""
        return f"deviation.{self.rule_id}.tag"

    @property
    def action(self) -> str:
        """Key of the sentence that says what to do."""
        return f"deviation.{self.rule_id}.action"


class RuleContext(msgspec.Struct, frozen=True):
    """What the rules look at. `fields` are in form order; `prior` is empty where there is no prior snapshot."""

    fields: tuple[Field, ...]
    current: Values
    prior: Values
    metadata: ReportMetadata

    def field(self, number: int) -> Field:
        """The field with that number in the form."""
        return self.fields[number - 1]

    def now(self, field: Field) -> Value:
        """Its current value."""
        return self.current.get(field.key)

    def before(self, field: Field) -> Value:
        """Its value in the prior period."""
        return self.prior.get(field.key)

    @property
    def prior_period(self) -> str:
        """The id of the prior period."""
        return str(Period.parse(self.metadata.period_id).prior)


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="kind"):
    """A kind of rule is a subclass with its limits and `find`. `variants` are the endings of its messages' keys."""

    variants: ClassVar[tuple[str, ...]] = ("message",)

    rule_id: str
    severity: Severity

    def find(self, context: RuleContext) -> Iterator[Deviation]:
        """Every place where the rule finds something."""
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
        """A deviation in the row of `field`, whose message gives the values of `current` and `prior`."""
        keys = tuple(other.key for other in current), tuple(other.key for other in prior)
        return Deviation(self.rule_id, self.severity, field.key, f"deviation.{self.rule_id}.{variant}", params, *keys)


class FieldRule(Rule, frozen=True, kw_only=True):
    """A rule about one field, `field` being its number."""

    field: int
