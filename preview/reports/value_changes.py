"""Audit rows of values that change: from what, to what, and whether domain 8 withholds them (rule A1, docs/api.md)."""

from collections.abc import Mapping

import msgspec

from preview.form.catalogue import Catalogue
from preview.form.suppression import suppressed_fields
from preview.model.resources import Value
from preview.storage.audit import AuditRow

StoredValues = Mapping[str, tuple[Value, str | None]]
"""(value, data source) by field key, auxiliary values too."""


def value_rows(catalogue: Catalogue, action: AuditRow, before: StoredValues, after: StoredValues) -> list[AuditRow]:
    """Return an audit row for each value that differs, in form order.

    Whether a value is withheld follows from the other values of its snapshot, so it is stored with the value: from the
    trail alone it could not be determined later.

    Args:
        catalogue: The form.
        action: The row of the action, with the name that its values have in the trail.
        before: All values before it.
        after: All values after it.
    """
    old = {key: value for key, (value, _) in before.items()}
    new = {key: value for key, (value, _) in after.items()}
    changed = [entry.key for entry in catalogue.entries if old.get(entry.key) != new.get(entry.key)]
    if not changed:
        return []
    withheld_before, withheld_after = suppressed_fields(catalogue, old), suppressed_fields(catalogue, new)
    return [
        msgspec.structs.replace(
            action,
            field_key=key,
            value_before=old.get(key),
            value_after=new.get(key),
            withheld_before=int(key in withheld_before),
            withheld_after=int(key in withheld_after),
        )
        for key in changed
    ]
