"""Loads the checks: names, severities in the source and here, and first day of validity."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from preview.model.findings import CHECK_PREFIX, Severity

SourceSeverity = Literal["FATAL", "ERROR", "WARNING", "INFO"]

SEVERITY_MAP: dict[SourceSeverity, Severity] = {
    "FATAL": Severity.REFUSED,
    "ERROR": Severity.WARNING,
    "WARNING": Severity.NOTICE,
    "INFO": Severity.NOTICE,
}
"""Severity here by severity in the source. An ERROR is a warning here, as nothing is left out for it (rule 10)."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An entry of `checks.toml`: one heading of the source.

    Attributes:
        name: The heading.
        severity: Its severity in the source.
        lenient_severity: The severity in the source in the less severe of two cases.
        since: First day of DatoUttrekk on which it applies.
        element: Path that its finding names, if it is evaluated.
        message: Sentence of its finding, if it is evaluated.
        finding: Code of another finding that covers it, if it is not evaluated.
        not_evaluated_reason: Why it is not evaluated, if no other finding covers it.
    """

    name: str
    severity: SourceSeverity
    lenient_severity: SourceSeverity | None = None
    since: date = date.min
    element: str = ""
    message: str = ""
    finding: str = ""
    not_evaluated_reason: str = ""


class EvaluatedCheck(msgspec.Struct, frozen=True):
    """A check that is evaluated.

    Attributes:
        code: Code of its finding.
        severity: Severity of its finding.
        lenient_severity: Severity in the less severe case, and of data that were migrated from KOSTRA.
        since: First day of DatoUttrekk on which it applies, as ISO text.
        element: Path that its finding names.
        detail: Sentence of its finding.
    """

    code: str
    severity: Severity
    lenient_severity: Severity
    since: str
    element: str
    detail: str


def _evaluated_check(name: str, check: Check) -> EvaluatedCheck:
    # The source's chapter on migration makes errors in data migrated from KOSTRA warnings.
    lenient = check.lenient_severity or ("WARNING" if check.severity == "ERROR" else check.severity)
    return EvaluatedCheck(
        CHECK_PREFIX + name,
        SEVERITY_MAP[check.severity],
        SEVERITY_MAP[lenient],
        check.since.isoformat(),
        check.element,
        check.message,
    )


_CHECKS_FILE = Path(__file__).parent / "checks.toml"

CHECKS = msgspec.convert(tomllib.loads(_CHECKS_FILE.read_text(encoding="utf-8")), dict[str, Check])
"""All checks by id, in the order of the source. A heading with two conditions has two entries."""

EVALUATED_CHECKS = {name: _evaluated_check(name, check) for name, check in CHECKS.items() if check.message}
"""The checks that are evaluated, by id."""
