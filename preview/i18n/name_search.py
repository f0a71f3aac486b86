"""Sorting and searching of names of services, wherever they are listed.

services/search.js searches the same texts in the browser.
"""

import unicodedata

# The letters that follow z in Norwegian, mapped to characters that follow it in Unicode.
_NORWEGIAN_ORDER = str.maketrans({"æ": "{", "ä": "{", "ø": "|", "ö": "|", "å": "}"})
# Letters that Unicode does not decompose, as they are typed on keyboards without them.
_PLAIN_LETTERS = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ŋ": "n", "ŧ": "t"})


def collation_key(text: str) -> str:
    """Return a key that sorts as the Norwegian alphabet: æ, ø and å last, other diacritics ignored."""
    return _without_diacritics(unicodedata.normalize("NFC", text.casefold()).translate(_NORWEGIAN_ORDER))


def search_text(name: str, kommuner: str, *numbers: str) -> str:
    """Return the text that search terms must occur in, in lower case.

    Args:
        name: The name of the service.
        kommuner: Numbers and names of its municipalities.
        *numbers: The numbers and ids that it is known by.

    Returns:
        The names, the names as they are typed on keyboards without their letters, and the numbers.
    """
    names = unicodedata.normalize("NFC", f"{name} {kommuner}".strip().lower())
    plain = _without_diacritics(names).translate(_PLAIN_LETTERS)
    return " ".join(dict.fromkeys((names, plain, *numbers)))


def matches_search(text: str, query: str) -> bool:
    """Return whether all terms of a query, which white space separates, occur in a `search_text`."""
    return all(term in text for term in unicodedata.normalize("NFC", query.lower()).split())


def _without_diacritics(text: str) -> str:
    return "".join(letter for letter in unicodedata.normalize("NFD", text) if not unicodedata.combining(letter))
