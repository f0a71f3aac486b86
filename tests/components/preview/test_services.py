"""The list in which another service is chosen."""

from components.services.service_list import present_services
from preview.i18n.name_search import matches_search
from preview.reports.organizations import OrganizationOption


def test_services_sort_and_are_searched_as_in_the_overview() -> None:
    names = ["Ås", "Øksnes", "Zulu", "Tromsø", "Ævle", "Alta"]
    options = [OrganizationOption(f"org-{i}", name, f"{i:09}", None, "5422 Balsfjord") for i, name in enumerate(names)]
    services = present_services(options)
    assert [service.organization_name for service in services] == ["Alta", "Tromsø", "Zulu", "Ævle", "Øksnes", "Ås"]
    tromso = services[1]
    for query in ("tromso", "balsfjord", "000000003", "org-3"):
        assert matches_search(tromso.search_text, query)
