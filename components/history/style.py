"""What the browser says about the look of charts: the theme's colours and its font size. Anything else is replaced."""

import math
import re
from collections.abc import Sequence
from typing import Any

_DEFAULT_REM, _REM_LIMITS = 16.0, (8.0, 64.0)
_COLOR = re.compile(r"(rgba?|oklch|color)\([0-9a-z%., /-]{3,60}\)\Z")


def parse_colors(colors: Any, names: Sequence[str]) -> dict[str, str]:
    """Return the theme's colours as the browser resolved them; black in place of what is no CSS colour.

    Args:
        colors: A message's value, expected to be an object with the names.
        names: The names of the colours.
    """
    named_colors = colors if isinstance(colors, dict) else {}
    return {
        name: text if isinstance(text := named_colors.get(name), str) and _COLOR.match(text) else "black"
        for name in names
    }


def parse_rem(size: Any) -> float:
    """Return the browser's font size in pixels, within limits; the usual one in place of what is no number."""
    is_number = isinstance(size, int | float) and not isinstance(size, bool) and math.isfinite(size)
    low, high = _REM_LIMITS
    return min(high, max(low, float(size))) if is_number else _DEFAULT_REM
