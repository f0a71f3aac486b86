"""A delivery in one language: what its entry in the drawer says."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Words
from components.preview.actions import DOORS
from preview.core.clock import oslo_day, parse_instant, today
from preview.ingest.deliveries import DeliveryView, FindingCount
from preview.model.resources import DeliverySummary

_NAMED = 3
# What a delivery of a format counts; a list counts nothing.
_COUNTED = {"v4": "deliver.folders", "mixed": "deliver.folders", "15f": "deliver.cases"}
_KEPT_FINDINGS = 1000
# The shape that stands for a severity: what refused a file is an error to the eye.
_SHAPES: Mapping[str, str] = {"refused": "error"}


@dataclass(frozen=True)
class ShownFinding:
    """What was found and what to do about it. `place` is where or how often; `file` its file's ordinal where that is one of several, else 0."""

    shape: str
    severity: str
    message: str
    action: str
    place: str
    file: int


@dataclass(frozen=True)
class ShownDelivery:
    """An entry. `about` are size, format, time and door; `counts` what became of it; `told` the same as the end of a spoken sentence."""

    delivery_id: str
    number: int
    status: str
    status_text: str
    about: tuple[str, ...]
    counts: str
    detail: str
    told: str
    share: int
    share_text: str
    organizations: tuple[tuple[str, str], ...]
    more_organizations: str
    findings: tuple[ShownFinding, ...]
    finding_text: str
    has_more_findings: bool
    is_full: bool
    has_refused: bool


def word(view: DeliveryView, words: Words) -> ShownDelivery:
    """The delivery in the language of the words."""
    summary, language = view.summary, words.language
    counts = _counts(summary, words)
    ended = summary.delivery_status in ("taken", "refused")
    return ShownDelivery(
        delivery_id=summary.delivery_id,
        number=int(summary.delivery_id.removeprefix("dlv-")),
        status=summary.delivery_status,
        status_text=words(f"deliver.status.{summary.delivery_status}"),
        about=_about(summary, words),
        counts=counts,
        detail=_detail(summary, words),
        told=words(f"deliver.outcome.{summary.delivery_status}", counts=counts) if ended else "",
        share=round(100 * summary.completed),
        share_text=value_formatting.part(summary.completed, language),
        organizations=tuple(view.organizations[:_NAMED]),
        more_organizations=_more(len(view.organizations) - _NAMED, words),
        findings=tuple(_finding(each, summary.files, words) for each in view.findings),
        finding_text=words.count("deliver.findings", summary.finding_count),
        has_more_findings=summary.finding_count > _KEPT_FINDINGS,
        is_full=summary.full,
        has_refused=summary.delivery_status == "refused" or summary.refused_files > 0,
    )


def _about(summary: DeliverySummary, words: Words) -> tuple[str, ...]:
    parts = [value_formatting.size(summary.size_bytes, words.language)]
    if summary.format:
        parts.append(words(f"deliver.format.{summary.format}"))
    if summary.files > 1:
        parts.append(words.count("deliver.files", summary.files))
    actor = words(f"deliver.door.{summary.actor}") if summary.actor in DOORS else summary.actor
    parts += [_instant(summary.received_at, words), words("deliver.by", actor=actor)]
    return tuple(parts)


def _instant(at: str, words: Words) -> str:
    day, clock = oslo_day(parse_instant(at)), value_formatting.clock_time(at, words.language)
    return clock if day == today() else f"{value_formatting.short_day(day, words.language, with_year=True)} {clock}"


def _counts(summary: DeliverySummary, words: Words) -> str:
    """How many folders or cases so far, and what was found."""
    key = _COUNTED.get(summary.format or "")
    cases = [words.count(key, summary.new_cases + summary.changed_cases + summary.unchanged_cases)] if key else []
    found = [words.count("deliver.findings", summary.finding_count) if summary.finding_count else words("deliver.findings.none")]
    return ", ".join({"taken": cases + found, "refused": found}.get(summary.delivery_status, cases))


def _detail(summary: DeliverySummary, words: Words) -> str:
    """What changed, of what changed at all."""
    if summary.delivery_status != "taken":
        return ""
    told = (
        ("deliver.new", summary.new_cases),
        ("deliver.changed", summary.changed_cases),
        ("deliver.removed", summary.removed_cases),
        ("deliver.refused_files", summary.refused_files),
    )
    return ", ".join(words.count(key, size) for key, size in told if size)


def _more(left: int, words: Words) -> str:
    return words.count("deliver.more_organizations", left) if left > 0 else ""


def _finding(found: FindingCount, files: int, words: Words) -> ShownFinding:
    alone = found.count == 1
    place = (words("deliver.line", n=found.line) if found.line else "") if alone else words.count("deliver.places", found.count)
    severity = words("deliver.status.refused") if found.severity == "refused" else words(f"severity.{found.severity}")
    return ShownFinding(
        shape=_SHAPES.get(found.severity, found.severity),
        severity=severity,
        message=words(f"finding.{found.code}.message"),
        action=words(f"finding.{found.code}.action"),
        place=place,
        file=found.file if alone and files > 1 else 0,
    )
