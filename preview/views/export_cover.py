"""Builds the first sheet of exported XLSX files: what is in the file, what was decided, who exported it and when."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from preview.core.actor import SYSTEM_ACTORS
from preview.core.clock import OSLO, parse_timestamp
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.entries import Field
from preview.i18n.catalog import MessageCatalog
from preview.i18n.formatting import period
from preview.i18n.plurals import plural_key
from preview.model.reviews import DecisionState, ReviewDocument
from preview.totals.view import Totals
from preview.views.comparison_notes import comparison_notes
from preview.views.preview import Preview
from preview.views.spreadsheet import Cell, Cover

Text = Callable[..., str]


@dataclass(frozen=True)
class Export:
    """An export: by whom, when, and what its filter leaves.

    Attributes:
        actor: Who exports.
        exported_at: Time of the export, RFC 3339.
        shown: Number of rows in the table.
        total: Number of rows without a filter.
        filters: The filters as the page names them.
    """

    actor: str
    exported_at: str
    shown: int
    total: int
    filters: Sequence[str] = ()


def preview_cover(
    preview: Preview,
    review: ReviewDocument | None,
    decision: DecisionState,
    export: Export,
    texts: MessageCatalog,
    language: Language,
) -> Cover:
    """Return the cover of a report.

    Args:
        preview: The report.
        review: What people have decided on it; None if it has never completed.
        decision: Its decision state.
        export: By whom and when it is exported, and what the filter leaves.
        texts: The texts.
        language: Language of the cover.
    """
    text = partial(texts.get, language)
    snapshot = preview.snapshot
    facts: list[tuple[str, Cell]] = [
        ("service", preview.organization_name),
        ("number", preview.number),
        ("period", period(language, preview.covered_period)),
        ("compared", _comparison(preview, text, language)),
        ("state", _state(preview, decision, text)),
        ("extract", date.fromisoformat(preview.source.extract_day) if preview.source else None),
        ("aggregated", local_time(snapshot.aggregated_at) if snapshot else None),
        ("filter", _filter(export, "fields", text)),
        *_approval(review, text),
        *_exported(export, text),
    ]
    return Cover(text("export.cover.sheet"), [(text(f"export.cover.{name}"), value) for name, value in facts])


def overview_cover(period_id: str, export: Export, texts: MessageCatalog, language: Language) -> Cover:
    """Return the cover of an overview.

    Args:
        period_id: The period of all rows.
        export: By whom and when it is exported, and what the filters leave.
        texts: The texts.
        language: Language of the cover.
    """
    text = partial(texts.get, language)
    facts: list[tuple[str, Cell]] = [
        ("period", period(language, period_id)),
        ("compared", period(language, str(Period.parse(period_id).prior))),
        ("filter", _filter(export, "services", text)),
        *_exported(export, text),
    ]
    return Cover(text("export.cover.sheet"), [(text(f"export.cover.{name}"), value) for name, value in facts])


def field_cover(field: Field, totals: Totals, export: Export, texts: MessageCatalog, language: Language) -> Cover:
    """Return the cover of one field of every service.

    Args:
        field: The field.
        totals: The totals, whose period and county the rows are of.
        export: By whom and when it is exported.
        texts: The texts.
        language: Language of the cover.
    """
    text = partial(texts.get, language)
    facts: list[tuple[str, Cell]] = [
        ("field", f"{field.number} {getattr(field.labels, language)}"),
        ("place", totals.county.name if totals.county else text("country.whole")),
        ("period", period(language, str(totals.period))),
        ("compared", period(language, str(totals.period.prior))),
        ("filter", _filter(export, "services", text)),
        *_exported(export, text),
    ]
    return Cover(text("export.cover.sheet"), [(text(f"export.cover.{name}"), value) for name, value in facts])


def findings_cover(export: Export, texts: MessageCatalog, language: Language) -> Cover:
    """Return the cover of findings.

    Args:
        export: By whom and when they are exported, and by which search.
        texts: The texts.
        language: Language of the cover.
    """
    text = partial(texts.get, language)
    shown = text(plural_key("deliver.findings", export.shown), n=export.shown)
    facts: list[tuple[str, Cell]] = [("filter", ". ".join([*export.filters, shown])), *_exported(export, text)]
    return Cover(text("export.cover.sheet"), [(text(f"export.cover.{name}"), value) for name, value in facts])


def local_time(at: str | None) -> datetime | None:
    """Return a time in Norway as a spreadsheet has it: without a zone."""
    return parse_timestamp(at).astimezone(OSLO).replace(tzinfo=None) if at else None


def actor_name(actor: str, text: Text) -> str:
    """Return the name of a person, or of the channel where nobody is named."""
    return text(f"deliver.channel.{actor}") if actor in SYSTEM_ACTORS else actor


def _comparison(preview: Preview, text: Text, language: Language) -> str:
    name, notes = period(language, preview.compared_days), comparison_notes(preview, language, text)
    return f"{name}. {' '.join(notes)}" if notes else name


def _state(preview: Preview, decision: DecisionState, text: Text) -> str:
    state = text(f"review.state.{decision}")
    if preview.extract_until:
        until = text("export.cover.provisional", day=preview.extract_until)
        state = until if decision == "provisional" else f"{state}. {until}"
    is_stale = preview.snapshot is not None and preview.snapshot.aggregated_at and not preview.snapshot.cache_valid
    return f"{state}. {text('state.stale')}" if is_stale else state


def _filter(export: Export, rows: str, text: Text) -> str:
    if export.shown == export.total and not export.filters:
        return text(plural_key(f"export.cover.{rows}.all", export.total), total=export.total)
    shown = text(plural_key(f"export.cover.{rows}.some", export.total), n=export.shown, total=export.total)
    return ". ".join([*export.filters, shown])


def _approval(review: ReviewDocument | None, text: Text) -> list[tuple[str, Cell]]:
    approval = review.approval if review else None
    if approval is None:
        return [("approved_by", text("export.cover.not_approved")), ("approved_at", None), ("note", None)]
    return [
        ("approved_by", approval.stated_name or actor_name(approval.approved_by, text)),
        ("approved_at", local_time(approval.approved_at)),
        ("note", approval.note),
    ]


def _exported(export: Export, text: Text) -> list[tuple[str, Cell]]:
    return [("exported_by", actor_name(export.actor, text)), ("exported_at", local_time(export.exported_at))]
