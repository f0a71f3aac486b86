"""A preview in one language: every number, day and sentence as the template writes it.

One of these feeds the page's first HTML and every later patch of it, so they cannot disagree.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import Action, JobFactsView, available_actions, job_facts, remaining_seconds
from components.preview.sources_panel import SourcesPanel, present_sources
from preview.core.clock import today
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.rules.base import SEVERITIES, Deviation, Severity
from preview.i18n import formatting
from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.model.resources import JobDocument, Value
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE
from preview.views.preview import FieldRow, Preview

# The picture shows changes up to this many per cent (shares: points) on either side; beyond it the disc stands at the edge.
_MAX_PLOTTED_CHANGE = 58
_FLAGGED_CHANGES = {"stor_endring", "fra_null", "til_null"}
_MANUAL = "manuell"
_FAILURE_KEYS = {NO_SOURCE: "notice.failed_no_source", INTERRUPTED: "notice.failed_interrupted"}


@dataclass(frozen=True)
class ValueView:
    """A value, and what a screen reader says in its place where the sign alone says nothing."""

    text: str
    spoken: str | None = None


@dataclass(frozen=True)
class DeviationView:
    """A deviation: its tag, what is found, and what to do about it."""

    severity: Severity
    tag: str
    message: str
    action: str


@dataclass(frozen=True)
class RowView:
    """A field. `dot` is the place of the disc in the picture, None where there is none. `flags` are the filters that it passes."""

    key: str
    number: int
    label: str
    is_part: bool
    current: ValueView
    compared: ValueView
    change: str
    percent: str
    plotted_change: float | None
    is_flagged: bool
    flags: tuple[str, ...]
    deviations: tuple[DeviationView, ...]
    source: str
    source_text: str
    definition: str
    law: str


@dataclass(frozen=True)
class SeverityCount:
    """How many, for the eye and spoken."""

    severity: Severity
    count: int
    spoken: str


@dataclass(frozen=True)
class SectionView:
    """A part of the form. `counts` are of rows, severest first, none of 0."""

    section_id: str
    title: str
    rows: tuple[RowView, ...]
    counts: tuple[SeverityCount, ...]


@dataclass(frozen=True)
class PeriodOption:
    """A period to choose."""

    period_id: str
    name: str
    is_selected: bool


@dataclass(frozen=True)
class SourceSummary:
    """Where values come from."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class JobView:
    """A job that waits or runs. `share` is 0..100."""

    text: str
    share: int
    share_text: str
    remaining_text: str


@dataclass(frozen=True)
class NoticeView:
    """A sentence above the form; `offers` names what belongs to it, the nearest first."""

    color: str
    text: str
    actions: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReportView:
    """All that the page says. `is_complete` says that there are values; `snapshot_id` is empty where there is no snapshot."""

    preview: Preview
    t: Translator
    period: str
    compared_period: str
    sections: tuple[SectionView, ...]
    with_report: tuple[PeriodOption, ...]
    without_report: tuple[PeriodOption, ...]
    comparable: tuple[PeriodOption, ...]
    is_complete: bool
    snapshot_id: str
    state: str
    aggregated_text: str
    stale_text: str
    job: JobView | None
    notice: NoticeView | None
    sources: tuple[SourceSummary, ...]
    dependent_period: str | None
    actions: Mapping[str, Action]
    job_facts: JobFactsView | None
    sources_panel: SourcesPanel
    rows: tuple[RowView, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row for section in self.sections for row in section.rows))

    def count_matching(self, flag: str) -> int:
        """How many rows a filter leaves."""
        return sum(flag in row.flags for row in self.rows)

    @property
    def first_error(self) -> RowView | None:
        """The first field in error."""
        return next((row for row in self.rows if "error" in row.flags), None)


def present_report(preview: Preview, catalogue: Catalogue, t: Translator) -> ReportView:
    """The preview in the language of the words."""
    language = t.language
    snapshot = preview.snapshot
    is_complete = snapshot is not None and snapshot.aggregated_at is not None
    aggregated_text = (
        value_formatting.instant(snapshot.aggregated_at, language) if snapshot and snapshot.aggregated_at else ""
    )
    valid = snapshot is not None and snapshot.cache_valid
    next_period = str(Period.parse(preview.period_id).next)
    return ReportView(
        preview=preview,
        t=t,
        period=formatting.period(language, preview.period_id),
        compared_period=formatting.period(language, preview.compare_period_id),
        sections=_sections(preview, catalogue, t, is_complete),
        with_report=_period_options(preview.periods, preview.period_id, language),
        without_report=_period_options(_without_report(preview), preview.period_id, language),
        comparable=_period_options(_comparable(preview), preview.compare_period_id, language),
        is_complete=is_complete,
        snapshot_id=snapshot.snapshot_id if snapshot else "",
        state=("valid" if valid else "stale") if is_complete else "none",
        aggregated_text=aggregated_text,
        stale_text=_stale_text(preview, t, aggregated_text) if is_complete and not valid else "",
        job=present_job(preview.job, t, is_complete),
        notice=_notice(preview, t, is_complete),
        sources=_sources(preview, t),
        dependent_period=formatting.period(language, next_period) if next_period in preview.periods else None,
        actions=available_actions(preview, preview.job, t, is_complete),
        job_facts=job_facts(preview.job, t),
        sources_panel=present_sources(preview, t),
    )


def without_values(view: ReportView, catalogue: Catalogue) -> ReportView:
    """The same where nothing is held of the organisation any more."""
    empty_row = {
        "value": None,
        "hidden": False,
        "compared_value": None,
        "compared_hidden": False,
        "change": None,
        "percent": None,
    }
    rows = [msgspec.structs.replace(row, **empty_row, data_source=None, deviations=[]) for row in view.preview.rows]
    no_source = {
        "snapshot": None,
        "source": None,
        "has_source": False,
        "job": None,
        "periods": [],
        "sources": [],
        "deliveries": [],
    }
    return present_report(msgspec.structs.replace(view.preview, **no_source, rows=rows), catalogue, view.t)


def _sections(preview: Preview, catalogue: Catalogue, t: Translator, is_complete: bool) -> tuple[SectionView, ...]:
    sections: list[SectionView] = []
    for section in catalogue.sections:
        rows = tuple(
            _row(row, preview, catalogue, t, is_complete)
            for row in preview.rows
            if row.section_id == section.section_id
        )
        counts = tuple(count for severity in SEVERITIES if (count := _severity_count(severity, rows, t)).count)
        sections.append(SectionView(section.section_id, getattr(section.titles, t.language), rows, counts))
    return tuple(sections)


def _severity_count(severity: Severity, rows: Iterable[RowView], t: Translator) -> SeverityCount:
    size = sum(severity in row.flags for row in rows)
    return SeverityCount(severity, size, t.plural(f"severity.{severity}_count", size))


def _row(row: FieldRow, preview: Preview, catalogue: Catalogue, t: Translator, is_complete: bool) -> RowView:
    language = t.language
    entry = catalogue.field(row.field_key)
    flags = [
        str(severity) for severity in SEVERITIES if any(deviation.severity == severity for deviation in row.deviations)
    ]
    if is_complete and row.value is None and not row.hidden:
        flags.append("missing")
    return RowView(
        key=row.field_key,
        number=row.number,
        label=getattr(entry.labels, language),
        is_part=row.part_of is not None,
        current=present_value(row.value, row.unit, row.hidden, t),
        compared=present_value(row.compared_value, row.unit, row.compared_hidden, t),
        change=value_formatting.change(row.change, row.unit, language),
        percent=value_formatting.percent_change(row.percent, row.unit, language),
        plotted_change=_plotted_change(row),
        is_flagged=any(deviation.rule_id in _FLAGGED_CHANGES for deviation in row.deviations),
        flags=tuple(flags),
        deviations=tuple(_deviation(deviation, t) for deviation in row.deviations),
        source=_source_name(row.data_source, preview, t) if row.data_source else value_formatting.ABSENT,
        source_text=_source_text(row, preview, t),
        definition=getattr(entry.definitions, language),
        law=entry.legal_basis,
    )


def present_value(amount: Value, unit: str, hidden: bool, t: Translator) -> ValueView:
    """A value, `:` where it is hidden, `–` where there is none."""
    if hidden:
        return ValueView(value_formatting.HIDDEN, t("form.hidden"))
    if amount is None:
        return ValueView(value_formatting.ABSENT, t("form.no_value"))
    return ValueView(value_formatting.value(amount, unit, t.language))


def _plotted_change(row: FieldRow) -> float | None:
    if row.change is None:
        return None
    if row.unit == "prosent":
        change = float(row.change)
    elif row.percent is not None:
        change = float(row.percent)
    else:
        change = math.copysign(_MAX_PLOTTED_CHANGE, row.change) if row.change else 0.0  # from nothing to something
    return max(-_MAX_PLOTTED_CHANGE, min(_MAX_PLOTTED_CHANGE, change))


def _deviation(deviation: Deviation, t: Translator) -> DeviationView:
    return DeviationView(
        deviation.severity, t(deviation.tag), t(deviation.message, **deviation.params), t(deviation.action)
    )


def _source_name(data_source: str, preview: Preview, t: Translator) -> str:
    if data_source == _MANUAL:
        return t("sources.manual")
    if data_source == KOSTRA_15F_DATA_SOURCE:  # the format names no case system
        return "KOSTRA 15F"
    return preview.source.case_system if preview.source and data_source == preview.source.data_source else data_source


def _source_text(row: FieldRow, preview: Preview, t: Translator) -> str:
    if row.data_source is None:
        return t("form.no_supply", period=formatting.period(t.language, preview.period_id))
    name = _source_name(row.data_source, preview, t)
    if preview.source is None or row.data_source != preview.source.data_source:
        return name
    return t("form.supplied", system=name, day=formatting.day(t.language, preview.source.extract_day))


def _sources(preview: Preview, t: Translator) -> tuple[SourceSummary, ...]:
    summaries: list[SourceSummary] = []
    source = preview.source
    if source is not None:
        details = [
            t("sources.extract", day=formatting.day(t.language, source.extract_day)),
            t.plural("sources.cases", source.case_count),
        ]
        if source.findings:
            details.append(t.plural("sources.findings", source.findings))
        summaries.append(SourceSummary(_source_name(source.data_source, preview, t), tuple(details)))
    others = dict.fromkeys(
        row.data_source
        for row in preview.rows
        if row.data_source and (source is None or row.data_source != source.data_source)
    )
    summaries += [SourceSummary(_source_name(other, preview, t), (t("sources.figures"),)) for other in others]
    return tuple(summaries)


def _period_options(periods: Iterable[str], selected: str, language: Language) -> tuple[PeriodOption, ...]:
    return tuple(
        PeriodOption(period_id, formatting.period(language, period_id), period_id == selected) for period_id in periods
    )


def _newest_first(periods: Iterable[str]) -> list[str]:
    return sorted(set(periods), key=lambda period_id: Period.parse(period_id).sort_key, reverse=True)


def _without_report(preview: Preview) -> list[str]:
    """What a person may want to aggregate: this year and the last with their halves, and the period that is asked for."""
    years = (today().year, today().year - 1)
    open_periods = [
        str(Period(year, half)) for year in years for half in (0, 1, 2) if Period(year, half).first_day <= today()
    ]
    return [
        period_id for period_id in _newest_first([*open_periods, preview.period_id]) if period_id not in preview.periods
    ]


def _comparable(preview: Preview) -> list[str]:
    """The prior period, that which is chosen, and every other one with a report."""
    prior = str(Period.parse(preview.period_id).prior)
    return [
        period_id
        for period_id in _newest_first([*preview.periods, prior, preview.compare_period_id])
        if period_id != preview.period_id
    ]


def _stale_text(preview: Preview, t: Translator, aggregated_text: str) -> str:
    job = preview.job
    if job is None or job.reason is None:
        return t("state.source_changed", instant=aggregated_text)
    return t("state.asked_anew" if job.ended_at else "state.again", instant=aggregated_text)


def present_job(job: JobDocument | None, t: Translator, is_complete: bool) -> JobView | None:
    """What is said of a job while it waits or runs, for values that are there already or not."""
    if job is None or job.job_status not in ("waiting", "running"):
        return None
    text = t("job.waiting" if job.job_status == "waiting" else "job.again" if is_complete else "job.first")
    remaining_text = t.plural("job.left", remaining_seconds(job))
    return JobView(text, round(100 * job.completed), value_formatting.share(job.completed, t.language), remaining_text)


def _notice(preview: Preview, t: Translator, is_complete: bool) -> NoticeView | None:
    job, period = preview.job, formatting.period(t.language, preview.period_id)
    if job is not None and job.job_status == "failed":
        at = value_formatting.clock_time(job.ended_at or job.created_at, t.language)
        failed = f"{t('notice.failed', time=at)} {t(_FAILURE_KEYS.get(job.detail or '', 'notice.failed_by_fault'))}"
        return NoticeView(
            "danger", f"{failed} {t('notice.failed_stands')}" if is_complete else failed, ("retry", "findings")
        )
    if is_complete:
        return None
    if job is not None and job.job_status in ("waiting", "running"):
        return NoticeView("info", t("notice.first"), ("job",))
    if preview.has_source:
        return NoticeView("info", t("notice.no_report", period=period))
    return NoticeView("warning", t("notice.no_source", period=period), ("deliver",))
