"""Plural forms: which text of a countable thing belongs to a number."""


def plural_key(key: str, n: int) -> str:
    """Return the key of the text for a number: `KEY.one` for one, else `KEY.other`.

    Bokmål, nynorsk and English have the same two forms (CLDR: `one` and `other`).
    """
    return f"{key}.{'one' if n == 1 else 'other'}"
