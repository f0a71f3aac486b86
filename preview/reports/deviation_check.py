"""A snapshot beside its prior: what the deviation rules find in it (`domain.md` 7), from what both read. Pure."""

from collections.abc import Mapping

import msgspec

from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.deviations import evaluate, without_hidden
from preview.form.rules.base import Deviation, Facts
from preview.form.sources import Source, system_changed
from preview.form.suppression import hidden
from preview.model.resources import Value


class ReadFacts(msgspec.Struct, frozen=True):
    """What an aggregation read, kept with its snapshot for the deviation rules (`domain.md` 7).

    `uttrekk` is the source's newest DatoUttrekk as `clock.instant_text` (the end of the year of a 15F file), `extract_day` the day of it.
    """

    data_source: str
    fagsystem: str
    uttrekk: str | None
    siste_fulle: str | None
    extract_day: str
    ufullstendig: bool
    funn: int
    case_count: int


class Side(msgspec.Struct, frozen=True):
    """One snapshot's values and data sources by key, auxiliaries too; all empty where none has completed. `hidden` are not to be shown."""

    values: dict[str, Value]
    sources: dict[str, str | None]
    hidden: frozenset[str]
    facts: ReadFacts | None

    @classmethod
    def of(cls, catalogue: Catalogue, suppress: bool, values: Mapping[str, tuple[Value, str | None]], facts: str | None) -> "Side":
        """From a snapshot's rows; `facts` is its JSON of `ReadFacts`, None where it has never completed."""
        plain = {key: value for key, (value, _) in values.items()}
        return cls(
            plain,
            {key: source for key, (_, source) in values.items()},
            hidden(catalogue, plain) if suppress else frozenset(),
            msgspec.json.decode(facts, type=ReadFacts) if facts is not None else None,
        )

    def shown(self, key: str) -> Value:
        """The value as it may be seen."""
        return None if key in self.hidden else self.values.get(key)


NOTHING = Side({}, {}, frozenset(), None)
"""The side of a snapshot that is not there."""


def judge(catalogue: Catalogue, period: Period, side: Side, prior: Side) -> list[Deviation]:
    """The deviations of a snapshot of that period, none of whose messages gives a hidden value; none of one that has never completed."""
    if side.facts is None:
        return []
    facts = Facts(
        period_id=str(period),
        uttrekk=side.facts.extract_day,
        ufullstendig=side.facts.ufullstendig,
        kilde_endret=prior.facts is not None and system_changed(_source(side.facts), prior.facts.data_source, prior.facts.uttrekk),
        findings=side.facts.funn,
    )
    found = evaluate(catalogue, side.values, prior.values if prior.facts is not None else None, facts)
    return without_hidden(found, side.hidden, prior.hidden)


def rows_by_severity(deviations: list[Deviation]) -> dict[str, int]:
    """How many rows of the form have a deviation of each severity: the numbers on the preview's filters."""
    return {
        severity: len({each.field_key for each in deviations if each.severity == severity}) for severity in ("error", "warning", "notice")
    }


def _source(facts: ReadFacts) -> Source:
    """The source as the snapshot read it."""
    return Source(
        kilde=0,
        format="15f" if facts.data_source == "kostra-15f" else "v4",
        year=0,
        versjon=0,
        forste_uttrekk=None,
        siste_uttrekk=facts.uttrekk,
        siste_fulle=facts.siste_fulle,
        fagsystem=facts.fagsystem,
    )
