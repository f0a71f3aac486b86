"""What the address of the page of a field asks for."""

import re
from collections.abc import Mapping
from typing import NamedTuple, get_args
from urllib.parse import urlencode

from components.form.totals_head import PlaceQuery
from components.layout.preferences import RequestPreferences
from preview.totals.field_list import SortKey

MAX_CHOSEN = 8
"""The most services whose history is shown: so many kinds of lines are easy to distinguish."""

DEFAULT_SORT: SortKey = "-value"
_SAME_ORDERS: Mapping[str, SortKey] = {"rank": "-value", "-rank": "value"}
"""The table has no heading for the rank, whose order is that of the values."""
_FIELD_KEY = re.compile(r"/field/([^/]+)")


class FieldQuery(NamedTuple):
    """What a page's address asks for.

    Attributes:
        field_key: The field; empty for an address without one.
        place: The period and the county.
        sort: The order of the table.
        chosen: Ids of the services whose history is shown, at most `MAX_CHOSEN`.
    """

    field_key: str
    place: PlaceQuery
    sort: SortKey = DEFAULT_SORT
    chosen: tuple[str, ...] = ()

    @classmethod
    def from_preferences(cls, preferences: RequestPreferences) -> "FieldQuery":
        """Return the query of a request; an order that does not exist is ignored.

        `choose` is the service whose button was pressed on a page without scripts.
        """
        arguments = preferences.arguments
        found = _FIELD_KEY.search(preferences.path)
        sorts: dict[str, SortKey] = {**{sort: sort for sort in get_args(SortKey)}, **_SAME_ORDERS}
        chosen = toggled(ids_from(arguments.get("org", "")), arguments.get("choose", ""))
        return cls(
            found[1] if found else "",
            PlaceQuery.from_arguments(arguments),
            sorts.get(arguments.get("sort", ""), DEFAULT_SORT),
            chosen,
        )

    @property
    def query_string(self) -> str:
        """The query parameters of all values that differ from the defaults, URL-encoded; commas stay readable."""
        parameters = {
            "period_id": self.place.period_id,
            "county": self.place.county,
            "sort": self.sort if self.sort != DEFAULT_SORT else None,
            "org": ",".join(self.chosen),
        }
        return urlencode({name: value for name, value in parameters.items() if value}, safe=",")


def ids_from(text: str) -> tuple[str, ...]:
    """Return the ids of a list that commas separate, each once, at most `MAX_CHOSEN`."""
    return tuple(dict.fromkeys(part for part in text.split(",") if part))[:MAX_CHOSEN]


def toggled(chosen: tuple[str, ...], organization_id: str) -> tuple[str, ...]:
    """Return the chosen services with one more, or without one that was chosen; unchanged if there is no room."""
    if not organization_id:
        return chosen
    if organization_id in chosen:
        return tuple(each for each in chosen if each != organization_id)
    return (*chosen, organization_id)[:MAX_CHOSEN]
