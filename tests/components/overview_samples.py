"""Sample rows of the overview, as of 25 March 2026."""

from datetime import date
from typing import Any

import msgspec

from components.layout.preferences import Translator
from components.overview.presenter import OverviewRowView, present_row
from preview.core.languages import Language
from preview.i18n.catalog import MessageCatalog
from preview.views.overview import OverviewEntry
from preview.views.overview_columns import STATUS_COLUMNS, ServiceLine

TODAY = date(2026, 3, 25)
READY = OverviewEntry(
    organization_id="org-0301-15",
    organization_name="Barnevernstjenesten Oslo Sør",
    number="958935420-15",
    listed=True,
    state="ready",
    case_system="CIS",
    snapshot_id="snap-001",
    period_id="2024",
    status="current",
    cache_valid=True,
    aggregated_at="2026-03-25T13:52:00Z",
    populated=32,
    missing=2,
    errors=1,
    warnings=6,
    notices=0,
    completed=None,
    decision="has_errors",
    etag='"seen"',
    latest_period="2024",
)
NO_VALUES: dict[str, Any] = {
    "snapshot_id": None,
    "period_id": None,
    "status": None,
    "cache_valid": False,
    "aggregated_at": None,
    "populated": 0,
    "missing": 0,
    "errors": 0,
    "warnings": 0,
    "decision": "not_delivered",
    "etag": None,
    "latest_period": None,
}


def make_row(
    texts: MessageCatalog, language: Language = "nb", shown_period: str = "2024", **changed: Any
) -> OverviewRowView:
    """Return the row of `READY` with changes, for a form of 34 fields."""
    line = ServiceLine(msgspec.structs.replace(READY, **changed))
    return present_row(line, STATUS_COLUMNS, 34, Translator(texts, language), shown_period, TODAY)
