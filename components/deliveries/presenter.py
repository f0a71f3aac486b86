"""View model of a delivery's entry in the drawer, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import SYSTEM_ACTORS
from preview.core.clock import local_date, parse_timestamp, today
from preview.core.ids import parse_delivery_id
from preview.ingest.deliveries import DeliveryView, FindingCount
from preview.model.resources import DeliverySummary

_MAX_NAMED_ORGANIZATIONS = 3
# The text of the number of cases, by format; deliveries of CSV lists have none.
_CASE_COUNT_KEYS = {"v4": "deliver.folders", "mixed": "deliver.folders", "15f": "deliver.cases"}
_MAX_STORED_FINDINGS = 1000
# A finding that refused a file has the icon of an error; the other severities have their own.
_SEVERITY_ICONS: Mapping[str, str] = {"refused": "error"}


@dataclass(frozen=True)
class FindingView:
    """A finding, or several of one code that are counted together.

    Attributes:
        icon: The name of the icon.
        severity: The name of the severity.
        message: What was found.
        action: What to do about it.
        location: The line of a single finding, the number of several, else empty.
        file: The ordinal of a single finding's file in a delivery of several files, else 0.
    """

    icon: str
    severity: str
    message: str
    action: str
    location: str
    file: int


@dataclass(frozen=True)
class DeliveryEntryView:
    """An entry of the drawer.

    Attributes:
        number: The number in the delivery's id, which orders entries.
        metadata: Size, format, number of files, time of receipt and actor.
        counts: The numbers of cases and findings so far.
        changes: The numbers of new, changed and removed cases; empty until the delivery is imported.
        outcome: The end of the sentence that a screen reader speaks when the delivery is finished; empty before.
        share: The progress in per cent, 0 to 100.
        organizations: Ids and names of the first organizations.
        more_organizations: The number of the remaining organizations, as a text.
        has_more_findings: Whether more findings were made than are stored.
        is_full: Whether the delivery is a full extract.
        has_refused: Whether the delivery or a file of it was refused.
    """

    delivery_id: str
    number: int
    status: str
    status_text: str
    metadata: tuple[str, ...]
    counts: str
    changes: str
    outcome: str
    share: int
    share_text: str
    organizations: tuple[tuple[str, str], ...]
    more_organizations: str
    findings: tuple[FindingView, ...]
    finding_text: str
    has_more_findings: bool
    is_full: bool
    has_refused: bool


def present_delivery(view: DeliveryView, t: Translator) -> DeliveryEntryView:
    """Return the entry of a delivery in the language of the texts."""
    summary, language = view.summary, t.language
    counts = _outcome_counts(summary, t)
    is_finished = summary.delivery_status in ("taken", "refused")
    return DeliveryEntryView(
        delivery_id=summary.delivery_id,
        number=parse_delivery_id(summary.delivery_id) or 0,
        status=summary.delivery_status,
        status_text=t(f"deliver.status.{summary.delivery_status}"),
        metadata=_metadata(summary, t),
        counts=counts,
        changes=_changes(summary, t),
        outcome=t(f"deliver.outcome.{summary.delivery_status}", counts=counts) if is_finished else "",
        share=round(100 * summary.completed),
        share_text=value_formatting.share(summary.completed, language),
        organizations=tuple(view.organizations[:_MAX_NAMED_ORGANIZATIONS]),
        more_organizations=_more_organizations(len(view.organizations) - _MAX_NAMED_ORGANIZATIONS, t),
        findings=tuple(_present_finding(finding, summary.files, t) for finding in view.findings),
        finding_text=t.plural("deliver.findings", summary.finding_count),
        has_more_findings=summary.finding_count > _MAX_STORED_FINDINGS,
        is_full=summary.full,
        has_refused=summary.delivery_status == "refused" or summary.refused_files > 0,
    )


def _metadata(summary: DeliverySummary, t: Translator) -> tuple[str, ...]:
    parts = [value_formatting.size(summary.size_bytes, t.language)]
    if summary.format:
        parts.append(t(f"deliver.format.{summary.format}"))
    if summary.files > 1:
        parts.append(t.plural("deliver.files", summary.files))
    actor = t(f"deliver.channel.{summary.actor}") if summary.actor in SYSTEM_ACTORS else summary.actor
    parts += [_received_at(summary.received_at, t), t("deliver.by", actor=actor)]
    return tuple(parts)


def _received_at(at: str, t: Translator) -> str:
    day, clock = local_date(parse_timestamp(at)), value_formatting.clock_time(at, t.language)
    return clock if day == today() else f"{value_formatting.short_day(day, t.language, with_year=True)} {clock}"


def _outcome_counts(summary: DeliverySummary, t: Translator) -> str:
    """Return the numbers that matter in the delivery's status: cases, findings or both."""
    key = _CASE_COUNT_KEYS.get(summary.format or "")
    cases = [t.plural(key, summary.new_cases + summary.changed_cases + summary.unchanged_cases)] if key else []
    findings = [
        t.plural("deliver.findings", summary.finding_count) if summary.finding_count else t("deliver.findings.none")
    ]
    return ", ".join({"taken": cases + findings, "refused": findings}.get(summary.delivery_status, cases))


def _changes(summary: DeliverySummary, t: Translator) -> str:
    """Return the numbers of changes, without those that are zero."""
    if summary.delivery_status != "taken":
        return ""
    counts = (
        ("deliver.new", summary.new_cases),
        ("deliver.changed", summary.changed_cases),
        ("deliver.removed", summary.removed_cases),
        ("deliver.refused_files", summary.refused_files),
    )
    return ", ".join(t.plural(key, count) for key, count in counts if count)


def _more_organizations(remaining: int, t: Translator) -> str:
    return t.plural("deliver.more_organizations", remaining) if remaining > 0 else ""


def _present_finding(finding: FindingCount, files: int, t: Translator) -> FindingView:
    is_single = finding.count == 1
    location = (
        (t("deliver.line", n=finding.line) if finding.line else "")
        if is_single
        else t.plural("deliver.places", finding.count)
    )
    severity = t("deliver.status.refused") if finding.severity == "refused" else t(f"severity.{finding.severity}")
    return FindingView(
        icon=_SEVERITY_ICONS.get(finding.severity, finding.severity),
        severity=severity,
        message=t(f"finding.{finding.code}.message"),
        action=t(f"finding.{finding.code}.action"),
        location=location,
        file=finding.file if is_single and files > 1 else 0,
    )
