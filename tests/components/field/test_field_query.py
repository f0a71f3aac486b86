"""What the address of the page of a field asks for, and how a choice of services changes it."""

import pytest

from components.field.query import MAX_CHOSEN, FieldQuery, ids_from, toggled
from components.form.totals_head import PlaceQuery
from components.layout.preferences import RequestPreferences


def query(path: str, **arguments: str) -> FieldQuery:
    """Return the query of an address."""
    return FieldQuery.from_preferences(RequestPreferences("nb", "light", arguments, path))


def test_address_gives_field_place_order_and_choice() -> None:
    found = query(
        "/bufdir/field/antall_flyttinger", period_id="2024", county="18", sort="-change", org="org-2,org-1,org-2"
    )
    assert found == FieldQuery("antall_flyttinger", PlaceQuery("2024", "18"), "-change", ("org-2", "org-1"))
    assert found.query_string == "period_id=2024&county=18&sort=-change&org=org-2,org-1"
    assert query("/field/antall_flyttinger/ws", sort="name") == FieldQuery("antall_flyttinger", PlaceQuery())
    assert [query("/field/x", sort=sort).sort for sort in ("rank", "-rank")] == ["-value", "value"]
    assert query("/field").field_key == ""
    assert query("/field/x").query_string == ""


def test_button_of_a_page_without_scripts_toggles_a_service() -> None:
    assert query("/field/x", org="a,b", choose="b").chosen == ("a",)
    assert query("/field/x", org="a", choose="b").chosen == ("a", "b")


@pytest.mark.parametrize("count", [MAX_CHOSEN, MAX_CHOSEN + 3])
def test_no_more_services_are_chosen_than_lines_differ(count: int) -> None:
    many = tuple(f"org-{number}" for number in range(count))
    assert ids_from(",".join(many)) == many[:MAX_CHOSEN]
    assert toggled(many[:MAX_CHOSEN], "org-99") == many[:MAX_CHOSEN]
    assert toggled(many[:MAX_CHOSEN], many[0]) == many[1:MAX_CHOSEN]
