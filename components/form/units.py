"""The units of fields in words."""

from collections.abc import Mapping

from components.layout.preferences import Translator
from preview.form.entries import Field, Unit

_KEYS: Mapping[Unit, str] = {
    "antall": "definitions.unit.number",
    "prosent": "definitions.unit.per_cent",
    "årsverk": "definitions.unit.full_time",
}


def unit_name(field: Field, t: Translator) -> str:
    """Return the unit of a field."""
    return t(_KEYS[field.unit])


def unit_text(field: Field, t: Translator) -> str:
    """Return the unit of a field, and whether it counts persons."""
    name = unit_name(field, t)
    return t("definitions.of_persons", unit=name) if field.counts_persons else name
