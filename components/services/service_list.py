"""View models of the list in which another service is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from preview.i18n.name_search import collation_key, search_text
from preview.reports.organizations import OrganizationOption
from preview.views.comparison import SAME_DAY


@dataclass(frozen=True)
class ServiceView:
    """A service of the list.

    Attributes:
        preview_query: The query string of its preview.
        search_text: What search terms must occur in.
    """

    organization_id: str
    organization_name: str
    number: str
    preview_query: str
    search_text: str


def present_services(
    options: Iterable[OrganizationOption], period_id: str | None = None, compare: str | None = None
) -> list[ServiceView]:
    """Return the services, sorted and searched as those of the overview.

    Args:
        options: The services.
        period_id: The period that the page shows. The previews of the services that have it show it too.
        compare: The comparison that was asked for, likewise: a period, or `SAME_DAY`; None for the default.
    """
    ordered = sorted(options, key=lambda option: (collation_key(option.organization_name), option.organization_id))
    return [
        ServiceView(
            option.organization_id,
            option.organization_name,
            option.number,
            _preview_query(option, period_id, compare),
            search_text(option.organization_name, option.kommuner, option.number, option.organization_id),
        )
        for option in ordered
    ]


def _preview_query(option: OrganizationOption, period_id: str | None, compare: str | None) -> str:
    query = {"organization_id": option.organization_id}
    if period_id is not None and period_id in option.periods:
        query["period_id"] = period_id
        if compare == SAME_DAY or (compare is not None and compare in option.periods):
            query["compare"] = compare
    return urlencode(query)
