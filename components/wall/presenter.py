"""View models of the wall: key figures, alarms, and rows of services or of one service's fields, in one language.

Rows of services are those of the overview, so that numbers, states and order agree with it.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.overview.filters import ALL, CROSS_CUTTING, STATES, OverviewFilters
from components.overview.presenter import OverviewRowView
from components.preview.report_view import ReportView, RowView

MAX_ALARM_NAMES = 4
"""The most names in an alarm; the others are counted."""

_ORDER = OverviewFilters()
"""The filters that the overview opens with: all services, in the order of their status."""
_SEVERITY_RANKS = {"error": "3", "warning": "2", "notice": "1"}
_NOT_FLAGGED = "0"


class FigureView(NamedTuple):
    """A key figure: the name of its icon's state, what it counts, and the number."""

    name: str
    label: str
    value: str


class AlarmView(NamedTuple):
    """What needs someone at once: a state, and the names of what is in it; `more` says how many are not named."""

    name: str
    label: str
    names: tuple[str, ...]
    more: str


class FieldRowView(NamedTuple):
    """A key field of one service.

    Attributes:
        row: The row of the preview.
        rank: The sort key of its severity; the higher, the more attention the field needs.
        position: The sort key of its place in the form.
        version: A text that changes when the row says something else.
    """

    row: RowView
    rank: str
    position: str
    version: str


def services_in_order(rows: Iterable[OverviewRowView]) -> list[OverviewRowView]:
    """Return the rows in the order in which the overview opens: failed first, then with errors."""
    return _ORDER.sort_rows(rows)


def service_figures(rows: Sequence[OverviewRowView], t: Translator) -> list[FigureView]:
    """Return the numbers of the overview's tiles."""
    return [
        FigureView(
            show,
            t(f"review.state.{show}" if show in STATES else f"overview.figure.{show}"),
            str(_ORDER.count_matches(show, rows)),
        )
        for show in (ALL, *STATES, *CROSS_CUTTING)
    ]


def service_alarms(ordered: Sequence[OverviewRowView], t: Translator) -> list[AlarmView]:
    """Return the services whose aggregation failed, and the others whose report has errors."""
    failed = [row.name for row in ordered if "failed" in row.flags]
    with_errors = [row.name for row in ordered if "has_errors" in row.flags and "failed" not in row.flags]
    found = [("failed", t("overview.figure.failed"), failed), ("has_errors", t("review.state.has_errors"), with_errors)]
    return [_alarm(name, label, names, t) for name, label, names in found if names]


def key_fields(report: ReportView) -> list[FieldRowView]:
    """Return the fields of a report that are no part of another one, and all others with an error or a warning.

    The severest deviations come first, then the order of the form.
    """
    fields = [
        FieldRowView(row, rank := _rank(row), f"{row.number:03}", _version(row, rank))
        for row in report.rows
        if not row.is_part or {"error", "warning"} & set(row.flags)
    ]
    return sorted(sorted(fields, key=lambda field: field.position), key=lambda field: field.rank, reverse=True)


def field_alarms(ordered: Sequence[FieldRowView], t: Translator) -> list[AlarmView]:
    """Return the fields with an error."""
    names = [field.row.label for field in ordered if field.rank == _SEVERITY_RANKS["error"]]
    return [_alarm("has_errors", t("overview.deviation.error"), names, t)] if names else []


def report_figures(report: ReportView, t: Translator) -> list[FigureView]:
    """Return how complete a report is, and how many of its fields have a deviation of each severity."""
    snapshot = report.preview.snapshot if report.is_complete else None
    filled = f"{snapshot.populated}/{len(report.rows)}" if snapshot else value_formatting.ABSENT
    return [
        FigureView("filled", t("overview.column.filled"), filled),
        *(
            FigureView(
                name,
                t(f"overview.deviation.{name}"),
                str(report.count_matching(name)) if snapshot else value_formatting.ABSENT,
            )
            for name in ("missing", "error", "warning", "notice")
        ),
    ]


def _alarm(name: str, label: str, names: Sequence[str], t: Translator) -> AlarmView:
    rest = len(names) - MAX_ALARM_NAMES
    return AlarmView(name, label, tuple(names[:MAX_ALARM_NAMES]), t("wall.more", n=rest) if rest > 0 else "")


def _rank(row: RowView) -> str:
    return max((_SEVERITY_RANKS[flag] for flag in row.flags if flag in _SEVERITY_RANKS), default=_NOT_FLAGGED)


def _version(row: RowView, rank: str) -> str:
    tags = "|".join(deviation.tag for deviation in row.deviations)
    return f"{row.current.text}|{row.compared.text}|{row.change}|{rank}|{tags}"
