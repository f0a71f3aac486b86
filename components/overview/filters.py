"""The filters and the sort order of the overview, as its URL holds them.

The server applies them to the first HTML and to exports, overview.js to the open page; both use the keys of
`OverviewRowView`.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple
from urllib.parse import urlencode

from components.overview.presenter import OverviewRowView
from preview.form.catalogue import Catalogue
from preview.i18n.name_search import matches_search
from preview.reports.decision_state import DECISION_STATES
from preview.totals.counties import Counties
from preview.views.overview_columns import DEFAULT_SORT, column_choice

STATES: Sequence[str] = DECISION_STATES
"""The values of `show` of which each organization has exactly one."""
CROSS_CUTTING = ("stale", "failed")
"""The values of `show` that are independent of the state."""
DEVIATIONS = ("error", "warning", "notice", "missing", "none")
"""The values of `deviation`."""
ALL = "all"


class OverviewFilters(NamedTuple):
    """What the overview shows, and in which order.

    Attributes:
        period_id: The period of all rows; None for the reporting period.
        q: Search terms, separated by white space, all of which must occur.
        show: `all`, one of `STATES`, or one of `CROSS_CUTTING`.
        deviation: `all`, or one of `DEVIATIONS`.
        case_system: The name of a case system, or empty for all.
        county: The number of a county, or empty for all.
        columns: The columns of the table (`ColumnChoice.choice_id`): empty for the status, else the id of a section.
        since: The moment from which changes count (`activity.moments`), as the address names it; empty for none.
        sort: A column, with a leading `-` for descending order.
    """

    period_id: str | None = None
    q: str = ""
    show: str = ALL
    deviation: str = ALL
    case_system: str = ""
    county: str = ""
    columns: str = ""
    since: str = ""
    sort: str = DEFAULT_SORT

    @classmethod
    def from_query(cls, arguments: Mapping[str, str], catalogue: Catalogue) -> "OverviewFilters":
        """Return the filters that query parameters ask for.

        Unknown values of `show`, `deviation`, `columns` and `sort` are ignored. The period is taken as it is:
        `OverviewUpdater.read` validates it.
        """
        given = {name: arguments[name] for name in cls._fields if arguments.get(name)}
        choice = column_choice(catalogue, given.get("columns"), given.get("since", ""))
        is_known: dict[str, bool] = {
            "show": given.get("show") in (*STATES, *CROSS_CUTTING),
            "deviation": given.get("deviation") in DEVIATIONS,
            "columns": given.get("columns") == choice.choice_id,
            "sort": choice.has_sort(given.get("sort", "")),
        }
        return cls(**{name: value for name, value in given.items() if is_known.get(name, True)})

    def in_year(self, year: int) -> "OverviewFilters":
        """Return the filters for the counties of a year: the county, or what became of it; without one, all."""
        county = Counties.load().counterpart(self.county, year)
        return self._replace(county=county.number if county else "")

    @property
    def sort_column(self) -> str:
        """The column that the rows are sorted by."""
        return self.sort.removeprefix("-")

    @property
    def sort_direction(self) -> str:
        """The direction as a value of `aria-sort`."""
        return "descending" if self.sort.startswith("-") else "ascending"

    def matches(self, row: OverviewRowView) -> bool:
        """Return whether a row passes all filters."""
        return (
            matches_search(row.search_text, self.q)
            and self.show in (ALL, *row.flags)
            and self.deviation in (ALL, *row.flags)
            and self.case_system in ("", row.entry.case_system)
            and self.county in ("", row.entry.county)
        )

    def count_matches(self, show: str, rows: Iterable[OverviewRowView]) -> int:
        """Return the number of rows that would pass with another `show` and the other filters as they are."""
        filters = self._replace(show=show)
        return sum(filters.matches(row) for row in rows)

    def visible(self, rows: Iterable[OverviewRowView]) -> list[OverviewRowView]:
        """Return the rows that pass, sorted."""
        return [row for row in self.sort_rows(rows) if self.matches(row)]

    @property
    def query_string(self) -> str:
        """The query parameters of all values that differ from the defaults, URL-encoded."""
        return urlencode(self.query_without())

    def query_without(self, *left_out: str) -> dict[str, str]:
        """Return the query parameters of all values that differ from the defaults, but those that are left out."""
        given = self._asdict().items()
        return {name: value for name, value in given if value != self._field_defaults[name] and name not in left_out}

    def sort_rows(self, rows: Iterable[OverviewRowView]) -> list[OverviewRowView]:
        """Return the rows sorted by the column, then by name; rows without a value come last in both directions."""
        by_name = sorted(rows, key=lambda row: (row.sort_keys["name"], row.entry.organization_id))
        with_key = [row for row in by_name if row.sort_keys[self.sort_column]]
        # `reverse` keeps the order of equals.
        with_key.sort(key=lambda row: row.sort_keys[self.sort_column], reverse=self.sort_direction == "descending")
        return [*with_key, *(row for row in by_name if not row.sort_keys[self.sort_column])]
