"""Lines of an overview made by hand, as they are on 25 March 2026."""

from datetime import date
from typing import Any

import msgspec

from components.layout.preferences import Words
from components.overview.presenter import ShownLine, word
from preview.core.languages import Language
from preview.i18n.catalog import Texts
from preview.views.overview import OverviewLine

TODAY = date(2026, 3, 25)
READY = OverviewLine(
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
    errors=1,
    warnings=6,
    notices=0,
    completed=None,
)
EMPTY: dict[str, Any] = {
    "snapshot_id": None,
    "period_id": None,
    "status": None,
    "cache_valid": False,
    "aggregated_at": None,
    "populated": 0,
    "errors": 0,
    "warnings": 0,
}


def shown(texts: Texts, language: Language = "nb", asked_period: str | None = "2024", **changed: Any) -> ShownLine:
    """What `word` makes of READY with these changes, in a form of 34 fields."""
    return word(msgspec.structs.replace(READY, **changed), 34, Words(texts, language), asked_period, TODAY)
