"""View model of what a field counts and how it is computed."""

from dataclasses import dataclass

from components.form.units import unit_text
from components.layout.preferences import Translator
from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.views.deviation_rules import deviation_rules


@dataclass(frozen=True)
class DefinitionView:
    """What a field counts.

    Attributes:
        text: Its definition.
        unit: The unit in words, and whether persons are counted.
        law: The legal basis; empty where none is known.
        sql: The query; None for a supplementary figure.
        rules: Id and tag of each rule that is about it.
    """

    text: str
    unit: str
    law: str
    sql: str | None
    rules: tuple[tuple[str, str], ...]


def present_definition(field: Field, catalogue: Catalogue, t: Translator) -> DefinitionView:
    """Return the definition of a field in the language of the texts."""
    return DefinitionView(
        text=getattr(field.definitions, t.language),
        unit=unit_text(field, t),
        law=field.legal_basis,
        sql=field.sql.strip() if field.sql else None,
        rules=tuple(
            (rule.rule, getattr(rule.tags, t.language))
            for rule in deviation_rules(catalogue, t.catalog)
            if field.key in rule.field_keys and not rule.about_report
        ),
    )
