"""Adds to an exported report what has changed in it since a moment: from what to what, when, by which deliveries."""

from dataclasses import replace

from preview.core.languages import Language
from preview.i18n.catalog import MessageCatalog
from preview.views.export_cover import local_time
from preview.views.export_tables import typed_value, value_cell
from preview.views.preview import FieldRow, Preview
from preview.views.spreadsheet import Cell, Column, Table

_WIDTHS = {"before": 14, "after": 14, "at": 17, "deliveries": 24}


def with_changes(table: Table, preview: Preview, moment: str, texts: MessageCatalog, language: Language) -> Table:
    """Return the table of a report with columns of its changes; they are empty for a field that has not changed.

    Args:
        table: What `preview_table` returns; the last column of each row is the field's key.
        preview: The report.
        moment: The moment in words, which the first of the columns names.
        texts: The texts of headers and signs.
        language: Language of the table.
    """
    rows = {row.field_key: row for row in preview.rows}
    headers = {name: texts.get(language, f"changes.export.{name}") for name in _WIDTHS}
    headers["before"] += f" ({moment})"
    return replace(
        table,
        columns=[*table.columns, *(Column(headers[name], width) for name, width in _WIDTHS.items())],
        rows=[[*cells, *_cells(rows[str(cells[-1])], preview, texts, language)] for cells in table.rows],
    )


def _cells(row: FieldRow, preview: Preview, texts: MessageCatalog, language: Language) -> list[Cell]:
    then = preview.changes.before.get(row.field_key)
    if then is None:
        return [None] * len(_WIDTHS)
    last = preview.changes.last.get(row.field_key)
    before = texts.get(language, "absence.sign.withheld") if then.is_withheld else typed_value(then.value, row.unit)
    return [
        before,
        value_cell(row.value, row.state, row.unit, texts, language),
        local_time(last.at) if last else None,
        " ".join(last.delivery_ids) if last and last.delivery_ids else None,
    ]
