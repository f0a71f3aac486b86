"""What a person has chosen to see of the overview, as the URL says it. The browser does the same by the same keys (overview.js)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from components.overview.presenter import OverviewRowView

STATES = ("ready", "processing", "waiting", "failed", "silent")
"""Exclusive: each organisation has one."""
CROSS_CUTTING = ("stale", "error")
"""What cuts across the states."""
DEVIATIONS = ("error", "warning", "notice", "missing", "none")
COLUMNS = ("name", "status", "filled", "deviations", "validity", "aggregated", "system")
DESCENDING = frozenset({"status", "deviations", "validity", "aggregated"})
"""The columns that sort downwards at the first click: what needs somebody, and the newest, first."""
ALL = "all"


class OverviewFilters(NamedTuple):
    """`show` is `all`, a state or what cuts across; `deviation` `all` or one of DEVIATIONS; `sort` a column, after `-` downwards."""

    period_id: str | None = None
    q: str = ""
    show: str = ALL
    deviation: str = ALL
    case_system: str = ""
    sort: str = "-status"

    @classmethod
    def from_query(cls, arguments: Mapping[str, str]) -> "OverviewFilters":
        """From query parameters. What is not known is as if it were not asked for, but the period: that is for its reader to judge."""
        allowed: dict[str, Iterable[str]] = {
            "show": (*STATES, *CROSS_CUTTING),
            "deviation": DEVIATIONS,
            "sort": (*COLUMNS, *(f"-{column}" for column in COLUMNS)),
        }
        given = {name: arguments[name] for name in cls._fields if arguments.get(name)}
        return cls(**{name: value for name, value in given.items() if name not in allowed or value in allowed[name]})

    @property
    def sort_column(self) -> str:
        """By which it is sorted."""
        return self.sort.removeprefix("-")

    @property
    def sort_direction(self) -> str:
        """As `aria-sort` says it."""
        return "descending" if self.sort.startswith("-") else "ascending"

    def matches(self, row: OverviewRowView) -> bool:
        """Whether the row is to be seen."""
        return (
            all(term in row.search_text for term in self.q.lower().split())
            and self.show in (ALL, *row.flags)
            and self.deviation in (ALL, *row.flags)
            and self.case_system in ("", row.entry.case_system)
        )

    def count_matches(self, show: str, rows: Iterable[OverviewRowView]) -> int:
        """How many rows that state would leave, beside all else that is chosen."""
        filters = self._replace(show=show)
        return sum(filters.matches(row) for row in rows)

    def visible(self, rows: Iterable[OverviewRowView]) -> list[OverviewRowView]:
        """Those that pass, in their order."""
        return [row for row in self.sort_rows(rows) if self.matches(row)]

    @property
    def query_string(self) -> str:
        """What differs from an address that asks for nothing, as part of one."""
        return urlencode({name: value for name, value in self._asdict().items() if value != self._field_defaults[name]})

    def sort_rows(self, rows: Iterable[OverviewRowView]) -> list[OverviewRowView]:
        """By the column, then by name; those with nothing in it last, whichever way."""
        by_name = sorted(rows, key=lambda shown: (shown.sort_keys["name"], shown.entry.organization_id))
        with_key = [shown for shown in by_name if shown.sort_keys[self.sort_column]]
        # `reverse` keeps the order of equals.
        with_key.sort(key=lambda shown: shown.sort_keys[self.sort_column], reverse=self.sort_direction == "descending")
        return [*with_key, *(shown for shown in by_name if not shown.sort_keys[self.sort_column])]
