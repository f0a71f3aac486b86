"""Which controls fire on a case, for tests of each."""

from typing import Any

from tests.builders.case_xml import OLD_PLAN, plan
from tests.preview.parsing.parser_helpers import check_findings

NO_FINDINGS: list[tuple[str, str, str]] = []


def fired_checks(**case: Any) -> list[tuple[str, str, str]]:
    """Severity, id and element of each; `case` is what `tests.builders.case_xml.folder` takes. It has an old plan, so that something is in it."""
    return check_findings(**{"planer": [plan(*OLD_PLAN)], **case})
