"""Writes tables of what the code declares into the documentation, each at its mark: settings, events, problems,
findings, checks and benchmarks.
"""

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from datetime import date
from pathlib import Path

import msgspec

from api_handlers.problem_details import STATUS_BY_ERROR
from benchmarks.registry import BENCHMARKS
from preview.core.setting_declarations import SETTINGS
from preview.events import log as event_log
from preview.events.log import Event
from preview.i18n.catalog import MessageCatalog
from preview.model.findings import FindingCode
from preview.parsing.ssb_checks.rules import CHECKS, EVALUATED_CHECKS, Check

MARK = re.compile(r"(<!-- table: ([a-z]+), written by make fix -->\n).*?(<!-- end of table -->)", re.DOTALL)


def settings_table() -> str:
    """Return the table of settings: name, default, allowed values, description."""
    rows = (
        (
            f"`{setting.name}`",
            f"`{setting.to_toml(setting.default)}`" if setting.default not in (None, (), "") else "none",
            setting.meta.title or "",
            setting.meta.description or "",
        )
        for setting in SETTINGS
    )
    return _table(("setting", "default", "allowed values", "what it does"), rows)


def event_types() -> list[type[Event]]:
    """Return every event type, in the order of declaration."""
    return [
        kind
        for kind in vars(event_log).values()
        if inspect.isclass(kind) and issubclass(kind, Event) and kind is not Event
    ]


def events_table() -> str:
    """Return the table of event types: name, whether it has an id, the keys of its data, description."""
    rows = (
        (
            f"`{kind.__struct_config__.tag}`",
            "yes" if kind.durable else "no",
            ", ".join(f"`{key}`" for key in ("event", *(field.encode_name for field in msgspec.structs.fields(kind)))),
            first_sentence(kind),
        )
        for kind in event_types()
    )
    return _table(("event", "has an id", "keys", "what happened"), rows)


def problems_table() -> str:
    """Return the table of errors that a client can get: status, class, cause."""
    return _table(
        ("status", "error", "when"),
        ((str(status.value), f"`{kind.__name__}`", first_sentence(kind)) for kind, status in STATUS_BY_ERROR.items()),
    )


def checks_table() -> str:
    """Return every check of Statistics Norway's Kravspesifikasjon: its severity there, since when, and its finding
    here.
    """
    rows = (
        (
            check.name,
            check.severity if check.lenient_severity is None else f"{check.severity}, {check.lenient_severity}",
            "" if check.since == date.min else check.since.isoformat(),
            *_check_outcome(name, check),
        )
        for name, check in CHECKS.items()
    )
    return _table(
        ("check", "severity there", "since", "finding", "severity", "at", "message, or why it is not evaluated"), rows
    )


def _check_outcome(name: str, check: Check) -> tuple[str, str, str, str]:
    """Return code, severity, element and message of the check's finding, or why the check is not evaluated."""
    if check.not_evaluated_reason:
        return "", "", "", check.not_evaluated_reason
    if check.finding:
        code = FindingCode(check.finding)
        return f"`{code.value}`", code.severity.value, "", code.detail
    rule = EVALUATED_CHECKS[name]
    severity = (
        rule.severity.value
        if check.lenient_severity is None
        else f"{rule.severity.value}, {rule.lenient_severity.value}"
    )
    return f"`{rule.code}`", severity, f"`{rule.element}`", rule.detail


def findings_table() -> str:
    """Return the table of finding codes: code, severity, message, action."""
    texts = MessageCatalog.load()
    rows = (
        (f"`{code.value}`", code.severity.value, code.detail, texts.get("en", f"finding.{code.value}.action"))
        for code in FindingCode
    )
    return _table(("code", "severity", "message", "what to do"), rows)


def benchmarks_table() -> str:
    """Return the table of benchmarks: name, what is measured, what it is compared with."""
    rows = (
        (
            f"`{benchmark.name}`",
            benchmark.measures,
            benchmark.baseline,
            "no" if benchmark.short_arguments is None else "yes",
        )
        for benchmark in BENCHMARKS
    )
    return _table(("name", "what is measured", "baseline", "in the short mode"), rows)


TABLES: dict[str, Callable[[], str]] = {
    "settings": settings_table,
    "events": events_table,
    "problems": problems_table,
    "findings": findings_table,
    "checks": checks_table,
    "benchmarks": benchmarks_table,
}


def first_sentence(kind: type) -> str:
    """Return the first paragraph of a class's own docstring as one line, or an empty string if it has none."""
    return " ".join(inspect.cleandoc(kind.__dict__.get("__doc__") or "").split("\n\n")[0].split())


def replace_tables(text: str) -> str:
    """Return the text with each marked table replaced.

    Raises:
        KeyError: A mark names no table.
    """
    return MARK.sub(lambda match: f"{match[1]}{TABLES[match[2]]()}\n{match[3]}", text)


def _table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [header, ("---",) * len(header), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines)


def main() -> int:
    """Update the given files and return the exit code."""
    for name in sys.argv[1:]:
        path = Path(name)
        path.write_text(replace_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
