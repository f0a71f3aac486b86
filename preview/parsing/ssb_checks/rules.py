"""The controls as data: what the source calls each, how severe it is there and here, and since when it holds."""

import tomllib
from datetime import date
from pathlib import Path
from typing import Literal

import msgspec

from preview.model.findings import Severity

SourceSeverity = Literal["FATAL", "ERROR", "WARNING", "INFO"]

OURS: dict[SourceSeverity, Severity] = {
    "FATAL": Severity.REFUSED,
    "ERROR": Severity.WARNING,
    "WARNING": Severity.NOTICE,
    "INFO": Severity.NOTICE,
}
"""What is kept as it is warns, as `domain.md` 10 has it for the controls that are findings already: a date outside its Sak, say."""

CODE = "kontroll_"
"""Every finding of a control has a code that begins so."""


class Control(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One heading of the source. Where it is evaluated, `element` is the path that its finding names and `asks` the sentence.

    `milder` is the source's severity in the lesser of two cases. Where it is not evaluated, `finding` is the code that tells the same,
    or `why` says what stands in the way.
    """

    name: str
    severity: SourceSeverity
    milder: SourceSeverity | None = None
    since: date = date.min
    element: str = ""
    asks: str = ""
    finding: str = ""
    why: str = ""


class Rule(msgspec.Struct, frozen=True):
    """A control as it is evaluated. `severity` is ours, `lesser` that of the milder case and of what was migrated from KOSTRA.

    `since` is the first day of DatoUttrekk on which it holds, as text.
    """

    code: str
    severity: Severity
    lesser: Severity
    since: str
    element: str
    detail: str


def _rule(name: str, control: Control) -> Rule:
    # Errors of data migrated from KOSTRA are warnings (the source's chapter on migration).
    lesser = control.milder or ("WARNING" if control.severity == "ERROR" else control.severity)
    return Rule(CODE + name, OURS[control.severity], OURS[lesser], control.since.isoformat(), control.element, control.asks)


CONTROLS = msgspec.convert(tomllib.loads((Path(__file__).parent / "checks.toml").read_text(encoding="utf-8")), dict[str, Control])
"""By id, in the order of the source; a heading that asks for two things has two."""

RULES = {name: _rule(name, control) for name, control in CONTROLS.items() if control.asks}
"""Those that are evaluated, by id."""
