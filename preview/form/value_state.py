"""Why a field has no value (rule 7.4, docs/domain.md). Everything that shows, counts or exports values asks here."""

from collections.abc import Set as AbstractSet
from typing import Literal

from preview.form.entries import Values

ValueState = Literal["present", "missing", "not_applicable", "withheld", "no_report"]
"""State of a field of a report:

- `present`: there is a value
- `missing`: no source or figure gave it
- `not_applicable`: a share with nothing to count
- `withheld`: there is a value that must not be shown (rule 8)
- `no_report`: there is no report, or it has never completed
"""


def value_state(key: str, values: Values, hidden: AbstractSet[str] = frozenset()) -> ValueState:
    """Return the state of a field of a completed report.

    Args:
        key: Key of the field.
        values: The report's values by key. The key of a field that no source or figure supplies is absent
            (`aggregation.aggregate`); a share with nothing to count is there and None.
        hidden: Keys of the withheld values (`suppression.suppressed_fields`).
    """
    if key not in values:
        return "missing"
    if key in hidden:
        return "withheld"
    return "not_applicable" if values[key] is None else "present"
