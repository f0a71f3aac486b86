"""Names of services sort and are found the same way in every list."""

import pytest

from preview.i18n.name_search import collation_key, matches_search, search_text

TROMSO = search_text("Barnevernstjenesten Tromsø", "5501 Tromsø 5422 Balsfjord", "999955011", "org-5501")


def test_names_sort_by_norwegian_alphabet() -> None:
    names = ["Alta", "Kárášjohka", "Karmøy", "Zulu", "Ævle", "Øksnes", "Ås"]
    assert sorted(set(names), key=collation_key) == names


@pytest.mark.parametrize("query", ["", "Tromsø", "tromso", "barnevern TROMSO", "balsfjord", "5422", "9999", "org-5501"])
def test_service_is_found(query: str) -> None:
    assert matches_search(TROMSO, query)


@pytest.mark.parametrize("query", ["troms oslo", "as", "1804"])
def test_service_is_not_found(query: str) -> None:
    assert not matches_search(TROMSO, query)


def test_decomposed_letters_are_found() -> None:
    """macOS sends some texts with letters and their marks apart."""
    assert matches_search(search_text("A\u030as", "", "1"), "\u00e5s")
    assert matches_search(search_text("Kárášjohka", "", "1"), "ka\u0301ra\u0301s\u030cjohka")
    assert matches_search(search_text("Kárášjohka", "", "1"), "karasjohka")
