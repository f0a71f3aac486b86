"""Soft hyphens in long Norwegian compounds, for narrow column heads: not every browser can hyphenate the language."""

import re

SOFT_HYPHEN = "\u00ad"

_PARTS = re.compile(r"\b(akutt|hjelpe|omsorgs|plan|tilsyns|under)(over)?(?=\w{4})", re.IGNORECASE)
"""What the compounds in the names of fields begin with."""


def soft_hyphens(text: str) -> str:
    """Return a text in which long words can be broken with a hyphen, between the parts that they are made of."""
    return _PARTS.sub(lambda match: "".join(f"{part}{SOFT_HYPHEN}" for part in match.groups() if part), text)
