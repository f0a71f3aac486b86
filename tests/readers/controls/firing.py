"""Which controls fire on a case, for tests of each."""

from typing import Any

from tests.folders import OLD_PLAN, plan
from tests.readers.reading import controls

NOTHING: list[tuple[str, str, str]] = []


def fired(**case: Any) -> list[tuple[str, str, str]]:
    """Severity, id and element of each; `case` is what `tests.folders.folder` takes. It has an old plan, so that something is in it."""
    return controls(**{"planer": [plan(*OLD_PLAN)], **case})
