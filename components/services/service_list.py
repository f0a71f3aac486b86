"""View models of the list in which another service is chosen."""

from collections.abc import Iterable
from dataclasses import dataclass

from preview.i18n.name_search import collation_key, search_text
from preview.reports.organizations import OrganizationOption


@dataclass(frozen=True)
class ServiceView:
    """A service of the list; `search_text` is what search terms must occur in."""

    organization_id: str
    organization_name: str
    number: str
    search_text: str


def present_services(options: Iterable[OrganizationOption]) -> list[ServiceView]:
    """Return the services, sorted and searched as those of the overview."""
    ordered = sorted(options, key=lambda option: (collation_key(option.organization_name), option.organization_id))
    return [
        ServiceView(
            option.organization_id,
            option.organization_name,
            option.number,
            search_text(option.organization_name, option.kommuner, option.number, option.organization_id),
        )
        for option in ordered
    ]
