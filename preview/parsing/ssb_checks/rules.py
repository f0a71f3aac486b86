"""The controls as data: what the source calls each, how severe it is there and here, and since when it holds."""

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
"""What is kept as it is warns, as `domain.md` 10 has it for the controls that are findings already: a date outside its Sak, say."""


class Check(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One heading of the source. Where it is evaluated, `element` is the path that its finding names and `asks` the sentence.

    `milder` is the source's severity in the lesser of two cases. Where it is not evaluated, `finding` is the code that tells the same,
    or `why` says what stands in the way.
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
    """A control as it is evaluated. `severity` is ours, `lesser` that of the milder case and of what was migrated from KOSTRA.

    `since` is the first day of DatoUttrekk on which it holds, as text.
    """

    code: str
    severity: Severity
    lenient_severity: Severity
    since: str
    element: str
    detail: str


def _evaluated_check(name: str, check: Check) -> EvaluatedCheck:
    # Errors of data migrated from KOSTRA are warnings (the source's chapter on migration).
    lenient = check.lenient_severity or ("WARNING" if check.severity == "ERROR" else check.severity)
    return EvaluatedCheck(
        CHECK_PREFIX + name, SEVERITY_MAP[check.severity], SEVERITY_MAP[lenient], check.since.isoformat(), check.element, check.message
    )


CHECKS = msgspec.convert(tomllib.loads((Path(__file__).parent / "checks.toml").read_text(encoding="utf-8")), dict[str, Check])
"""By id, in the order of the source; a heading that asks for two things has two."""

EVALUATED_CHECKS = {name: _evaluated_check(name, control) for name, control in CHECKS.items() if control.message}
"""Those that are evaluated, by id."""
