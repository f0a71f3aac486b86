"""Formats what commands print on a terminal."""

from preview.form.catalogue import Catalogue
from preview.model.resources import SnapshotDocument


def format_report(catalogue: Catalogue, document: SnapshotDocument) -> str:
    """Return the document as a table for the terminal: number, label, value and prior value of each field."""
    prior = document.prior_period.period_id if document.prior_period else "-"
    lines = [
        f"{document.organization_name} ({document.organization_id})",
        f"{'':47}{document.period_id:>10}{prior:>10}",
    ]
    for section in document.sections:
        lines.append(section.section_title)
        for field_value in section.fields:
            field = catalogue.field(field_value.field_key)
            values = [
                ("-" if value is None else str(value)) for value in (field_value.value, field_value.prior_period_value)
            ]
            lines.append(f"  {field.number:>2} {field.labels.nb:42}{values[0]:>10}{values[1]:>10}")
    return "\n".join(lines)


def replace_unprintable(text: str) -> str:
    """Replace unprintable characters: text from a file must not control the terminal."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)
