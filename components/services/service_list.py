"""View models of the list in which another service is chosen, and how lists name services."""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlencode

from components.layout.preferences import Translator
from preview.i18n.name_search import collation_key, search_text
from preview.reports.organizations import OrganizationOption


@dataclass(frozen=True)
class ServiceView:
    """A service of the list.

    Attributes:
        preview_query: The query string of its preview.
        search_text: What search terms must occur in.
        note: What stands beside the service, empty for nothing.
    """

    organization_id: str
    organization_name: str
    number: str
    preview_query: str
    search_text: str
    note: str


def present_services(
    options: Iterable[OrganizationOption],
    period_id: str | None = None,
    compare: str | None = None,
    no_report_note: str = "",
    since: str = "",
) -> list[ServiceView]:
    """Return the services, sorted and searched as those of the overview.

    Args:
        options: The services.
        period_id: The period that the page shows, which the previews of all services show too.
        compare: The comparison that was asked for, likewise: a period, or `SAME_DAY`; None for the default.
        no_report_note: What stands beside a service that has no report of the period.
        since: The moment from which changes count, likewise; empty for the default.
    """
    chosen = {
        name: value
        for name, value in (("period_id", period_id), ("compare", compare), ("since", since or None))
        if value is not None
    }
    ordered = sorted(options, key=lambda option: (collation_key(option.organization_name), option.organization_id))
    return [
        ServiceView(
            option.organization_id,
            option.organization_name,
            option.number,
            urlencode({"organization_id": option.organization_id, **chosen}),
            search_text(option.organization_name, option.kommuner, option.number, option.organization_id),
            "" if period_id is None or period_id in option.periods else no_report_note,
        )
        for option in ordered
    ]


def split_name(organization_name: str, t: Translator) -> tuple[str, str]:
    """Return the words that the names of most services begin with, empty if this one does not, and the rest of it."""
    name = organization_name.removeprefix(f"{t('overview.kind')} ")
    return "" if name == organization_name else t("overview.kind"), name
