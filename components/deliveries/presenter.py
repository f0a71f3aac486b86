"""View model of a delivery's entry in the drawer, in one language."""

from collections.abc import Mapping
from dataclasses import dataclass

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import by_actor
from preview.core.clock import local_date, parse_timestamp, today
from preview.core.ids import parse_delivery_id
from preview.i18n import formatting
from preview.i18n.plurals import plural_key
from preview.ingest.delivery_view import DeliveryView, FindingCount, FindingPlace
from preview.model.file_format import FileFormat
from preview.model.findings import Severity
from preview.model.resources import DeliverySummary

_MAX_NAMED_ORGANIZATIONS = 3
# The text of the number of cases, by format; deliveries of CSV lists have none.
_CASE_COUNT_KEYS = {"v4": "deliver.folders", "mixed": "deliver.folders", "15f": "deliver.cases"}
# The kinds of delivery that have no extract of their own, and are named by the day of receipt.
_DATED_KINDS = frozenset({"figures", "organizations", "mixed"})
_MAX_STORED_FINDINGS = 1000
# A finding that refused a file has the icon of an error; the other severities have their own.
_SEVERITY_ICONS: Mapping[str, str] = {"refused": "error"}


@dataclass(frozen=True)
class FindingView:
    """A finding, or several of one code that are counted together.

    Attributes:
        code: The finding code.
        icon: The name of the icon.
        severity: The name of the severity.
        message: What was found.
        action: What to do about it.
        location: The line of a single finding, the number of several, else empty.
        file: The ordinal of a single finding's file in a delivery of several files, else 0.
        places: File, line and element of the first ones, where the delivery is shown with them.
        more_places: The number of the remaining ones, as a text.
        more_query: The query of the deliveries page that shows them.
    """

    code: str
    icon: str
    severity: str
    message: str
    action: str
    location: str
    file: int
    places: tuple[str, ...] = ()
    more_places: str = ""
    more_query: str = ""


@dataclass(frozen=True)
class DeliveryEntryView:
    """An entry of the drawer.

    Attributes:
        title: What was delivered: the case system and day of an extract, or the kind of the delivery.
        number: The number in the delivery's id, which orders entries.
        severity: The worst that happened to it: `refused`, `error`, `warning` or `notice`; empty if all of it was
            imported and nothing was found, and until it is imported.
        metadata: Size, format, number of files, time of receipt and actor.
        status_text: The status; once it is imported, how much of it was.
        counts: The numbers of cases and lines, and of findings by severity, so far.
        changes: The numbers of new, changed and removed cases; empty until the delivery is imported.
        outcome: The end of the sentence that a screen reader speaks when the delivery is finished; empty before.
        share: The progress in per cent, 0 to 100.
        organizations: Ids and names of the first organizations.
        more_organizations: The number of the remaining organizations, as a text.
        has_more_findings: Whether more findings were made than are stored.
        is_full: Whether the delivery is a full extract.
        opens_findings: Whether the findings are shown at once: something was refused, left out or wrong.
    """

    delivery_id: str
    title: str
    number: int
    severity: str
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
    opens_findings: bool


def present_delivery(view: DeliveryView, t: Translator) -> DeliveryEntryView:
    """Return the entry of a delivery in the language of the texts."""
    summary, language = view.summary, t.language
    is_finished = summary.delivery_status in ("taken", "refused")
    severity = view.severity if is_finished else None
    status_text, counts = _status_text(view, t), _counts(view, t)
    return DeliveryEntryView(
        delivery_id=summary.delivery_id,
        title=_title(view, t),
        number=parse_delivery_id(summary.delivery_id) or 0,
        severity=severity or "",
        status=summary.delivery_status,
        status_text=status_text,
        metadata=_metadata(summary, t),
        counts=counts,
        changes=_changes(summary, t),
        outcome=_outcome(summary, status_text, counts, t) if is_finished else "",
        share=round(100 * summary.completed),
        share_text=value_formatting.share(summary.completed, language),
        organizations=tuple(view.organizations[:_MAX_NAMED_ORGANIZATIONS]),
        more_organizations=_more_organizations(len(view.organizations) - _MAX_NAMED_ORGANIZATIONS, t),
        findings=tuple(_present_finding(finding, summary.files, t) for finding in view.findings),
        finding_text=t.plural("deliver.findings", summary.finding_count),
        has_more_findings=summary.finding_count > _MAX_STORED_FINDINGS,
        is_full=summary.full,
        opens_findings=severity in (Severity.REFUSED, Severity.ERROR),
    )


def _title(view: DeliveryView, t: Translator) -> str:
    """Return what was delivered: by the extract if there is one, else by kind and day of receipt."""
    summary = view.summary
    received_day = local_date(parse_timestamp(summary.received_at)).isoformat()
    if summary.format == FileFormat.V4 and view.extract_day:
        day = formatting.day(t.language, view.extract_day)
        if not view.case_system:
            return t("deliver.title.extract_any", day=day)
        return t("deliver.title.extract", system=view.case_system, day=day)
    if summary.format == FileFormat.KOSTRA_15F and view.extract_day:
        return t("deliver.title.annual", year=view.extract_day[:4])
    kind = summary.format if summary.format in _DATED_KINDS else "unknown"
    return t(f"deliver.title.{kind}", day=formatting.day(t.language, received_day))


def _metadata(summary: DeliverySummary, t: Translator) -> tuple[str, ...]:
    parts = [value_formatting.size(summary.size_bytes, t.language)]
    if summary.format:
        parts.append(t(f"deliver.format.{summary.format}"))
    if summary.files > 1:
        parts.append(t.plural("deliver.files", summary.files))
    parts += [_received_at(summary.received_at, t), by_actor(summary.actor, t)]
    return tuple(parts)


def _received_at(at: str, t: Translator) -> str:
    day, clock = local_date(parse_timestamp(at)), value_formatting.clock_time(at, t.language)
    return clock if day == today() else f"{value_formatting.short_day(day, t.language, with_year=True)} {clock}"


def _status_text(view: DeliveryView, t: Translator) -> str:
    """Return the status; of a delivery that is imported in part or not at all, how much of it is."""
    summary = view.summary
    if summary.delivery_status != "taken":
        return t(f"deliver.status.{summary.delivery_status}")
    if view.is_empty and not view.lines:
        return t("deliver.imported.no_lines")
    if summary.refused_files:
        return _part("deliver.imported.files", summary.files - summary.refused_files, summary.files, t)
    if view.lines and view.imported_lines < view.lines:
        return _part(plural_key("deliver.imported.lines", view.lines), view.imported_lines, view.lines, t)
    return t("deliver.status.taken")


def _part(key: str, imported: int, total: int, t: Translator) -> str:
    n, of = (formatting.number(t.language, count) for count in (imported, total))
    return t(key, n=n, total=of)


def _counts(view: DeliveryView, t: Translator) -> str:
    """Return the numbers that matter in the delivery's status: of cases and lines, of findings, or of both."""
    summary = view.summary
    key = _CASE_COUNT_KEYS.get(summary.format or "")
    cases = [t.plural(key, summary.new_cases + summary.changed_cases + summary.unchanged_cases)] if key else []
    if view.lines and (view.imported_lines == view.lines or summary.refused_files):  # else the status has them
        cases.append(t.plural("deliver.lines", view.imported_lines))
    findings = [_finding_counts(view, t)]
    return ", ".join({"taken": cases + findings, "refused": findings}.get(summary.delivery_status, cases))


def _finding_counts(view: DeliveryView, t: Translator) -> str:
    """Return the numbers of findings by severity, severest first. What refused a file is an error."""
    refusals = max(view.summary.refused_files, int(view.summary.delivery_status == "refused"))
    counts = (("error", view.errors + refusals), ("warning", view.warnings), ("notice", view.notices))
    texts = [t.plural(f"severity.{severity}_count", count) for severity, count in counts if count]
    return ", ".join(texts) or t("deliver.no_findings")


def _outcome(summary: DeliverySummary, status_text: str, counts: str, t: Translator) -> str:
    if summary.delivery_status == "refused":
        return t("deliver.outcome.refused")
    return f"{status_text[:1].lower()}{status_text[1:]}, {counts}"


def _changes(summary: DeliverySummary, t: Translator) -> str:
    """Return the numbers of changed cases, without those that are zero."""
    if summary.delivery_status != "taken":
        return ""
    counts = (
        ("deliver.new", summary.new_cases),
        ("deliver.changed", summary.changed_cases),
        ("deliver.removed", summary.removed_cases),
    )
    changes = [t.plural(key, count) for key, count in counts if count]
    return ", ".join(changes) or (t("deliver.unchanged") if summary.unchanged_cases else "")


def _more_organizations(remaining: int, t: Translator) -> str:
    return t.plural("deliver.more_organizations", remaining) if remaining > 0 else ""


def _present_finding(finding: FindingCount, files: int, t: Translator) -> FindingView:
    is_single, has_places = finding.count == 1, bool(finding.places)
    location = t.plural("deliver.places", finding.count)
    if is_single:
        location = t("deliver.line", n=finding.line) if finding.line and not has_places else ""
    severity = t("deliver.status.refused") if finding.severity == "refused" else t(f"severity.{finding.severity}")
    remaining = finding.count - len(finding.places)
    return FindingView(
        code=finding.code,
        icon=_SEVERITY_ICONS.get(finding.severity, finding.severity),
        severity=severity,
        message=t(f"finding.{finding.code}.message"),
        action=t(f"finding.{finding.code}.action"),
        location=location,
        file=finding.file if is_single and files > 1 and not has_places else 0,
        places=tuple(filter(None, (_place(place, files, t) for place in finding.places))),
        more_places=t.plural("deliver.more_places", remaining) if has_places and remaining else "",
    )


def _place(place: FindingPlace, files: int, t: Translator) -> str:
    """Return file, line and element of a finding, as far as it has them; the file only if there are several."""
    file = t("deliver.file", n=place.file) if place.file and files > 1 else ""
    line = t("deliver.line", n=place.line) if place.line else ""
    return ", ".join(filter(None, (file, line, place.element)))
