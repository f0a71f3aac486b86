"""Which checks fire on a case."""

from typing import Any

from tests.builders.case_xml import OLD_PLAN, plan
from tests.preview.parsing.parser_helpers import check_findings

NO_FINDINGS: list[tuple[str, str, str]] = []


def fired_checks(**case: Any) -> list[tuple[str, str, str]]:
    """Return severity, check and element of each finding of a check.

    `case` has the arguments of `case_xml.folder`; an old plan is added, so that the case is not empty.
    """
    return check_findings(**{"planer": [plan(*OLD_PLAN)], **case})
