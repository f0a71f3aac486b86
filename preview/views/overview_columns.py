"""The columns of the overview, declared once: the page, its order, the exports and the print all take them from here.

A choice of columns is the status of each report, or the fields of one section. A new column is an entry of a list here,
a macro for its cells (`components/overview/cells.html`) and a text for its heading (`overview.column.KEY`).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from preview.form.catalogue import Catalogue
from preview.form.entries import Field
from preview.form.numbers import to_decimal
from preview.i18n.name_search import collation_key
from preview.model.resources import Value
from preview.model.reviews import DecisionState
from preview.reports.decision_state import DECISION_STATES
from preview.totals.service_numbers import ServiceNumber
from preview.views.overview import OverviewEntry

DEFAULT_SORT = "-status"
"""The order of every choice of columns if the address names none."""

Part = Literal["value", "change"]
"""What a column shows of a field: its value, or the change against the prior period."""


class ServiceLine(NamedTuple):
    """What the columns read of a service: its entry, and its numbers in the order of the choice's fields."""

    entry: OverviewEntry
    numbers: tuple[ServiceNumber, ...] = ()


class OverviewColumn(NamedTuple):
    """A column.

    Attributes:
        key: Its name in the address (`sort`), in classes and in attributes of rows.
        sort_key: Returns a text that sorts by code points; empty if the service has no value in the column.
        starts_descending: Whether the first click sorts in descending order: what needs attention, or is newest or
            largest, comes first.
        exports: The columns of exported files that say the same (`overview_table`); those of a field follow from it.
        field: The field that it shows; None for other columns.
        part: What it shows of the field.
        place: Place of the field among the fields of the choice.
    """

    key: str
    sort_key: Callable[[ServiceLine], str]
    starts_descending: bool = False
    exports: tuple[str, ...] = ()
    field: Field | None = None
    part: Part | None = None
    place: int = 0


class ColumnChoice(NamedTuple):
    """A choice of columns.

    Attributes:
        choice_id: Its value in the address (`columns`): the id of a section; empty for the status.
        columns: The columns.
        fields: The fields that they show.
        since: The moment since which one of them counts changes, as the address names it; empty for none.
    """

    choice_id: str
    columns: tuple[OverviewColumn, ...]
    fields: tuple[Field, ...] = ()
    since: str = ""

    def sort_keys(self, line: ServiceLine) -> Mapping[str, str]:
        """Return the sort keys of a service by column."""
        return {column.key: column.sort_key(line) for column in self.columns}

    def has_sort(self, sort: str) -> bool:
        """Return whether a column, with a leading `-` for descending order, is one of these."""
        return any(column.key == sort.removeprefix("-") for column in self.columns)


def has_values(entry: OverviewEntry) -> bool:
    """Return whether a report has values."""
    return entry.aggregated_at is not None


def is_stale(entry: OverviewEntry) -> bool:
    """Return whether the values of a report are not those of its source any more."""
    return has_values(entry) and not entry.cache_valid


def number_key(value: Value) -> str:
    """Return a sort key of a number with at most one decimal, also a negative one; empty for None."""
    return "" if value is None else f"{int(to_decimal(value) * 10) + _KEY_OFFSET:0{_KEY_DIGITS}}"


_KEY_OFFSET, _KEY_DIGITS = 10**9, 10

# The order of the column "status": the higher, the more attention a report needs.
_FAILED, _STALE, _UNDER_WAY = "9", "7", "2"
_RANK_BY_DECISION: Mapping[DecisionState, str] = {
    "has_errors": "8",
    "changed": "6",
    "warnings_waiting": "5",
    "ready": "4",
    "provisional": "3",
    "not_delivered": "1",
    "approved": "0",
}


def _rank(line: ServiceLine) -> str:
    entry = line.entry
    if entry.state == "failed":
        return _FAILED
    rank = _RANK_BY_DECISION[entry.decision]
    if is_stale(entry):
        return max(rank, _STALE)
    if entry.decision == "not_delivered" and entry.state in ("processing", "waiting"):
        return _UNDER_WAY
    return rank


def _deviations(line: ServiceLine) -> str:
    entry = line.entry
    return f"{entry.errors:03}{entry.warnings:03}{entry.notices:03}" if has_values(entry) else ""


_NAME = OverviewColumn(
    "name",
    lambda line: collation_key(line.entry.organization_name),
    exports=("name", "number", "id", "county", "period"),
)
_STATUS = OverviewColumn("status", _rank, starts_descending=True, exports=("state",))

_CHANGED = OverviewColumn(
    "changed",
    lambda line: number_key(line.entry.changed),
    starts_descending=True,
    exports=("changed",),
)

STATUS_COLUMNS = ColumnChoice(
    "",
    (
        _NAME,
        OverviewColumn(
            "review",
            lambda line: str(DECISION_STATES.index(line.entry.decision)),
            exports=("review", "data_until", "approved_by", "approved_at", "open_comments"),
        ),
        _STATUS,
        OverviewColumn(
            "filled",
            lambda line: f"{line.entry.populated:03}" if has_values(line.entry) else "",
            exports=("filled", "fields", "missing"),
        ),
        OverviewColumn("deviations", _deviations, starts_descending=True, exports=("errors", "warnings", "notices")),
        OverviewColumn(
            "aggregated",
            lambda line: line.entry.aggregated_at or "",
            starts_descending=True,
            exports=("validity", "aggregated"),
        ),
        OverviewColumn("system", lambda line: collation_key(line.entry.case_system), exports=("system",)),
    ),
)
"""The columns of the overview if the address chooses none."""


def column_choice(catalogue: Catalogue, choice_id: str | None, since: str = "") -> ColumnChoice:
    """Return a choice of columns; the status if there is no such choice.

    Args:
        catalogue: The form.
        choice_id: The choice, `ColumnChoice.choice_id`.
        since: The moment whose changes one more column counts, empty for none. It stands beside the status, and in the
            columns of the status in the place of the case system.
    """
    fields = catalogue.fields_in_section(choice_id) if choice_id else ()
    choice = _section_columns(choice_id, fields) if choice_id and fields else STATUS_COLUMNS
    return _with_changes(choice, since) if since else choice


@lru_cache
def _with_changes(choice: ColumnChoice, since: str) -> ColumnChoice:
    columns = [column for column in choice.columns if column.key != "system"]
    place = [column.key for column in columns].index("status" if choice.fields else "deviations") + 1
    return choice._replace(columns=(*columns[:place], _CHANGED, *columns[place:]), since=since)


@lru_cache
def _section_columns(section_id: str, fields: tuple[Field, ...]) -> ColumnChoice:
    status = _STATUS._replace(exports=("review", "data_until"))
    numbers = [column for place, field in enumerate(fields) for column in _number_columns(place, field)]
    return ColumnChoice(section_id, (_NAME, status, *numbers), fields)


def _number_columns(place: int, field: Field) -> Sequence[OverviewColumn]:
    def value_key(line: ServiceLine) -> str:
        return number_key(line.numbers[place].value) if line.numbers else ""

    def change_key(line: ServiceLine) -> str:
        return number_key(line.numbers[place].change) if line.numbers else ""

    return (
        OverviewColumn(field.key, value_key, starts_descending=True, field=field, part="value", place=place),
        OverviewColumn(
            f"{field.key}_change", change_key, starts_descending=True, field=field, part="change", place=place
        ),
    )
