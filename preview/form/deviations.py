"""What a person should look at in a report (`domain.md` 7): the rules of the catalogue, run over its values."""

from collections.abc import Set as AbstractSet

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.entries import Values
from preview.form.rules.base import SEVERITIES, Deviation, ReportMetadata, RuleContext

HIDDEN_MESSAGE = "deviation.hidden"
"""Key of the message that stands for one whose numbers are hidden."""


def evaluate(catalogue: Catalogue, current: Values, prior: Values | None, metadata: ReportMetadata) -> list[Deviation]:
    """The deviations of a report in form order, within a row worst first, then as the rules stand.

    `current` holds fields, figures and auxiliaries by key; `prior` those of the prior period's snapshot, None without one. A key that
    is missing is a value that is null. What concerns the whole report (`ingen_aktivitet`, `kilde_endret`, `forelopig`, `ufullstendig`,
    `funn`) shows in the row of no. 1; `sum_undersokelser` in the row of the whole, `delmengde` in that of the part.
    """
    context = RuleContext(catalogue.fields, current, prior or {}, metadata)
    deviations = [deviation for rule in catalogue.rules for deviation in rule.find(context)]
    return sorted(deviations, key=lambda deviation: (catalogue.field(deviation.field_key).number, SEVERITIES.index(deviation.severity)))


def redact_hidden(deviations: list[Deviation], hidden: AbstractSet[str], prior_hidden: AbstractSet[str]) -> list[Deviation]:
    """The same deviations, none of whose messages gives a value that is hidden (`domain.md` 8).

    `hidden` and `prior_hidden` are `suppression.hidden` of the snapshot and of the prior one.
    """

    def reveals(deviation: Deviation) -> bool:
        return not hidden.isdisjoint(deviation.current_keys) or not prior_hidden.isdisjoint(deviation.prior_keys)

    return [
        msgspec.structs.replace(deviation, message=HIDDEN_MESSAGE, params={}) if reveals(deviation) else deviation
        for deviation in deviations
    ]
