"""What the deliveries page shows, as its URL holds it: the parameters have the names of `DeliverySearch`."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple, get_args
from urllib.parse import urlencode

import msgspec

from components.app_bar.period_frame import valid_period
from preview.storage.searches.deliveries import SeverityFilter
from preview.views.deliveries import DeliverySearch, DeliveryStatus

STATUSES: tuple[DeliveryStatus, ...] = get_args(DeliveryStatus)
SEVERITIES: tuple[SeverityFilter, ...] = get_args(SeverityFilter)
_CODE = re.compile(r"[a-z0-9_]{1,80}")
_HELD = re.compile(r"v4|[12][0-9]{3}")
_PAGE = re.compile(r"[1-9][0-9]{0,8}")
_MAX_TEXT_LENGTH = 200
_DEFAULTS = DeliverySearch()


class DeliveryListQuery(NamedTuple):
    """The query of the page.

    Attributes:
        search: What is searched for.
        period_id: The period that all links keep; None for the reporting period.
    """

    search: DeliverySearch
    period_id: str | None = None

    @classmethod
    def from_arguments(cls, arguments: Mapping[str, str]) -> "DeliveryListQuery":
        """Return what query parameters ask for.

        Unknown values of `status` and `severity`, and what is no code, page or period, are ignored.
        """
        texts = {name: arguments.get(name, "")[:_MAX_TEXT_LENGTH] for name in ("q", "organization_id", "delivery_id")}
        code, held, page = (arguments.get(name, "") for name in ("code", "held", "page"))
        search = DeliverySearch(
            **texts,
            status=next((status for status in STATUSES if status == arguments.get("status")), None),
            severity=next((severity for severity in SEVERITIES if severity == arguments.get("severity")), None),
            code=code if _CODE.fullmatch(code) else "",
            held=held if _HELD.fullmatch(held) else "",
            page=int(page) if _PAGE.fullmatch(page) else 1,
        )
        return cls(search, valid_period(arguments.get("period_id")))

    @property
    def period_query(self) -> str:
        """The query string with which links keep the period; empty for the reporting period."""
        return urlencode({"period_id": self.period_id}) if self.period_id else ""

    def query_string(self, **changed: Any) -> str:
        """Return the parameters, with changed values of the search, URL-encoded and without those that are as usual."""
        values = msgspec.structs.asdict(msgspec.structs.replace(self.search, **changed))
        given = {name: value for name, value in values.items() if value != getattr(_DEFAULTS, name)}
        return urlencode(given | ({"period_id": self.period_id} if self.period_id else {}))
