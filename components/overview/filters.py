"""What a person has chosen to see of the overview, as the URL says it. The browser does the same by the same keys (overview.js)."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from urllib.parse import urlencode

from components.overview.presenter import ShownLine

STATES = ("ready", "processing", "waiting", "failed", "silent")
"""Exclusive: each organisation has one."""
ACROSS = ("stale", "error")
"""What cuts across the states."""
DEVIATIONS = ("error", "warning", "notice", "missing", "none")
COLUMNS = ("name", "status", "filled", "deviations", "validity", "aggregated", "system")
DESCENDING = frozenset({"status", "deviations", "validity", "aggregated"})
"""The columns that sort downwards at the first click: what needs somebody, and the newest, first."""
ALL = "all"


class Choice(NamedTuple):
    """`show` is `all`, a state or what cuts across; `deviation` `all` or one of DEVIATIONS; `sort` a column, after `-` downwards."""

    period_id: str | None = None
    q: str = ""
    show: str = ALL
    deviation: str = ALL
    case_system: str = ""
    sort: str = "-status"

    @classmethod
    def of(cls, arguments: Mapping[str, str]) -> "Choice":
        """From query parameters. What is not known is as if it were not asked for, but the period: that is for its reader to judge."""
        known: dict[str, Iterable[str]] = {
            "show": (*STATES, *ACROSS),
            "deviation": DEVIATIONS,
            "sort": (*COLUMNS, *(f"-{column}" for column in COLUMNS)),
        }
        given = {name: arguments[name] for name in cls._fields if arguments.get(name)}
        return cls(**{name: value for name, value in given.items() if name not in known or value in known[name]})

    @property
    def column(self) -> str:
        """By which it is sorted."""
        return self.sort.removeprefix("-")

    @property
    def direction(self) -> str:
        """As `aria-sort` says it."""
        return "descending" if self.sort.startswith("-") else "ascending"

    def passes(self, shown: ShownLine) -> bool:
        """Whether the row is to be seen."""
        return (
            all(word in shown.search for word in self.q.lower().split())
            and self.show in (ALL, *shown.flags)
            and self.deviation in (ALL, *shown.flags)
            and self.case_system in ("", shown.line.case_system)
        )

    def leaves(self, show: str, lines: Iterable[ShownLine]) -> int:
        """How many rows that state would leave, beside all else that is chosen."""
        chosen = self._replace(show=show)
        return sum(chosen.passes(shown) for shown in lines)

    def shown(self, lines: Iterable[ShownLine]) -> list[ShownLine]:
        """Those that pass, in their order."""
        return [shown for shown in self.ordered(lines) if self.passes(shown)]

    @property
    def query(self) -> str:
        """What differs from an address that asks for nothing, as part of one."""
        return urlencode({name: value for name, value in self._asdict().items() if value != self._field_defaults[name]})

    def ordered(self, lines: Iterable[ShownLine]) -> list[ShownLine]:
        """By the column, then by name; those with nothing in it last, whichever way."""
        by_name = sorted(lines, key=lambda shown: (shown.keys["name"], shown.line.organization_id))
        having = [shown for shown in by_name if shown.keys[self.column]]
        # `reverse` keeps the order of equals.
        having.sort(key=lambda shown: shown.keys[self.column], reverse=self.direction == "descending")
        return [*having, *(shown for shown in by_name if not shown.keys[self.column])]
