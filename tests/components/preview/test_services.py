"""The list in which another service is chosen."""

from components.services.service_list import present_services
from preview.i18n.name_search import matches_search
from preview.reports.organizations import OrganizationOption


def test_services_sort_and_are_searched_as_in_the_overview() -> None:
    names = ["Ås", "Øksnes", "Zulu", "Tromsø", "Ævle", "Alta"]
    options = [
        OrganizationOption(f"org-{i}", name, f"{i:09}", kommuner="5422 Balsfjord") for i, name in enumerate(names)
    ]
    services = present_services(options)
    assert [service.organization_name for service in services] == ["Alta", "Tromsø", "Zulu", "Ævle", "Øksnes", "Ås"]
    tromso = services[1]
    for query in ("tromso", "balsfjord", "000000003", "org-3"):
        assert matches_search(tromso.search_text, query)


def test_services_keep_period_and_comparison_and_name_missing_report() -> None:
    options = [
        OrganizationOption("org-1", "A", "999999991", frozenset({"2024", "2022"})),
        OrganizationOption("org-2", "B", "999999992", frozenset({"2023"})),
    ]
    services = present_services(options, "2024", "2022", "no report")
    assert [service.preview_query for service in services] == [
        "organization_id=org-1&period_id=2024&compare=2022",
        "organization_id=org-2&period_id=2024&compare=2022",
    ]
    assert present_services(options, "2024", "same-day")[1].preview_query.endswith("&compare=same-day")
    assert [service.note for service in services] == ["", "no report"]
    assert present_services(options, "2024")[1].preview_query == "organization_id=org-2&period_id=2024"
