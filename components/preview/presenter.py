"""The presenter of previews: from the read model to the view models in one language.

The page's first HTML and every later patch are rendered from one view model, so they cannot disagree.
"""

from collections.abc import Iterable, Sequence
from datetime import date

import msgspec

from components.changes.presenter import changed_since, last_change, present_changes
from components.form.row_values import plotted_band, plotted_change, present_value
from components.history.sparkline import row_picture, section_picture
from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import available_actions, by_actor, job_facts
from components.preview.notices import present_job, present_notice
from components.preview.report_view import (
    ABSENCE_FILTERS,
    ColumnHead,
    PeriodOption,
    ReportView,
    RowView,
    SectionView,
    SeverityCount,
    SourceSummary,
)
from components.preview.sources_panel import findings_query, present_sources
from components.review.deviations import blocking_by_row, present_answer, present_deviations, present_owed
from components.review.presenter import present_comments, present_review
from preview.core.clock import today
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.rules.base import SEVERITIES, Severity
from preview.i18n import formatting
from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.model.resources import JobDocument
from preview.model.reviews import Blocking
from preview.views.absence import absence_sentences
from preview.views.changes_since import ChangesSince
from preview.views.comparison import SAME_DAY
from preview.views.comparison_notes import comparison_notes
from preview.views.preview import FieldRow, Preview

_FLAGGED_CHANGES = {"stor_endring", "fra_null", "til_null"}
_MANUAL = "manuell"


def present_report(preview: Preview, catalogue: Catalogue, t: Translator) -> ReportView:
    """Return the view model of a preview in the language of the texts.

    Args:
        preview: The read model of one organization and period.
        catalogue: The form: its sections and fields.
        t: The texts.
    """
    language = t.language
    snapshot = preview.snapshot
    is_complete = snapshot is not None and snapshot.aggregated_at is not None
    aggregated_text = (
        value_formatting.instant(snapshot.aggregated_at, language) if snapshot and snapshot.aggregated_at else ""
    )
    valid = snapshot is not None and snapshot.cache_valid
    next_period = str(Period.parse(preview.period_id).next)
    sections = _sections(preview, catalogue, t)
    rows = [row for section in sections for row in section.rows]
    return ReportView(
        preview=preview,
        t=t,
        period=formatting.period(language, preview.period_id),
        compared_period=formatting.period(language, preview.compared_days),
        sections=sections,
        with_report=_period_options(preview.periods, preview.period_id, language),
        without_report=_period_options(_without_report(preview), preview.period_id, language),
        comparable=_comparable_options(preview, language),
        current_head=_column_head(preview.period_id, preview.extract_until, t),
        compared_head=_column_head(preview.compare_period_id, preview.compared_until, t),
        main_source=_main_source(preview, t),
        history_years=_history_years(preview),
        comparison_note=" ".join(comparison_notes(preview, language, t)),
        signs_text=_signs_text(preview, t),
        is_complete=is_complete,
        snapshot_id=snapshot.snapshot_id if snapshot else "",
        state=("valid" if valid else "stale") if is_complete else "none",
        aggregated_text=aggregated_text,
        stale_text=_stale_text(preview, t, aggregated_text) if is_complete and not valid else "",
        job=present_job(preview.job, t, is_complete),
        notice=present_notice(preview, t, is_complete),
        sources=_sources(preview, t),
        dependent_period=formatting.period(language, next_period) if next_period in preview.periods else None,
        actions=available_actions(preview, preview.job, t, is_complete),
        job_facts=job_facts(preview.job, t),
        completed_facts=job_facts(preview.completed_job if is_complete else None, t),
        because_text=_because_text(preview.completed_job, t) if is_complete else "",
        sources_panel=present_sources(preview, t),
        review=present_review(preview, rows, catalogue, t) if is_complete else None,
        changes=present_changes(preview, t),
    )


def without_values(view: ReportView, catalogue: Catalogue) -> ReportView:
    """Return the view of a report after its organization was erased: the same fields without values, sources and
    deliveries.
    """
    empty_row = {
        "value": None,
        "state": "no_report",
        "compared_value": None,
        "compared_state": "no_report",
        "change": None,
        "percent": None,
        "margin": None,
    }
    rows = [msgspec.structs.replace(row, **empty_row, data_source=None, deviations=[]) for row in view.preview.rows]
    no_source = {
        "snapshot": None,
        "source": None,
        "has_source": False,
        "job": None,
        "completed_job": None,
        "extract_until": None,
        "same_day": None,
        "compared_until": None,
        "review": None,
        "history": {},
        "changes": ChangesSince(view.preview.changes.requested),
        "periods": [],
        "sources": [],
        "deliveries": [],
    }
    return present_report(msgspec.structs.replace(view.preview, **no_source, rows=rows), catalogue, view.t)


def _sections(preview: Preview, catalogue: Catalogue, t: Translator) -> tuple[SectionView, ...]:
    sections: list[SectionView] = []
    blocking = blocking_by_row(preview.review, [row.field_key for row in preview.rows])
    for section in catalogue.sections:
        rows = tuple(
            _row(row, preview, catalogue, blocking.get(row.field_key, ()), t)
            for row in preview.rows
            if row.section_id == section.section_id
        )
        counts = tuple(count for severity in SEVERITIES if (count := _severity_count(severity, rows, t)).count)
        picture = section_picture(preview.history.get(row.key, ()) for row in rows)
        sections.append(SectionView(section.section_id, getattr(section.titles, t.language), rows, counts, picture))
    return tuple(sections)


def _severity_count(severity: Severity, rows: Iterable[RowView], t: Translator) -> SeverityCount:
    size = sum(severity in row.flags for row in rows)
    return SeverityCount(severity, size, t.plural(f"severity.{severity}_fields", size))


def _row(row: FieldRow, preview: Preview, catalogue: Catalogue, blocking: Sequence[Blocking], t: Translator) -> RowView:
    language = t.language
    entry = catalogue.field(row.field_key)
    flags = [
        str(severity) for severity in SEVERITIES if any(deviation.severity == severity for deviation in row.deviations)
    ]
    if row.state in ABSENCE_FILTERS:
        flags.append(row.state)
    deviations = present_deviations(row.deviations, preview, t)
    if blocking:
        flags.append("blocking")
    current = present_value(row.value, row.unit, row.state, t)
    since = changed_since(row, preview, current, t)
    if since is not None:
        flags.append("since")
    return RowView(
        key=row.field_key,
        number=row.number,
        label=getattr(entry.labels, language),
        is_part=row.part_of is not None,
        current=current,
        compared=present_value(row.compared_value, row.unit, row.compared_state, t),
        change=value_formatting.change(row.change, row.unit, language),
        percent=value_formatting.percent_change(row.percent, row.unit, language),
        plotted_change=plotted_change(row.change, row.percent, row.unit),
        band=plotted_band(row.margin, row.compared_value, row.unit),
        picture=row_picture(preview.history.get(row.field_key, ()), preview.period_id),
        is_flagged=any(deviation.rule_id in _FLAGGED_CHANGES for deviation in row.deviations),
        flags=tuple(flags),
        deviations=deviations,
        absence=" ".join(absence_sentences(row, entry, preview.period_id, preview.compared_days, language, t)),
        source=(source := _source_name(row.data_source, preview, t) if row.data_source else value_formatting.ABSENT),
        other_source=source if row.data_source and source != _main_source(preview, t) else "",
        source_text=_source_text(row, preview, t),
        definition=getattr(entry.definitions, language),
        law=entry.legal_basis,
        rules=tuple((deviation.rule_id, t(deviation.tag)) for deviation in row.deviations),
        findings_query=findings_query(row, preview),
        comments=present_comments(preview.review.comments if preview.review else (), row.field_key, t),
        orphaned=tuple(
            present_answer(each, t)
            for each in (preview.review.orphaned if preview.review else ())
            if each.field_key == row.field_key
        ),
        owed=present_owed(blocking, deviations, preview, t),
        since=since,
        last_change=last_change(row, preview, t),
    )


def _signs_text(preview: Preview, t: Translator) -> str:
    """Return what each sign in place of a value means, for paper, where nothing else explains it; empty without one."""
    found = {state for row in preview.rows for state in (row.state, row.compared_state)}
    meanings: dict[str, list[str]] = {}
    for state in (*ABSENCE_FILTERS, "no_report"):
        if state in found:
            meanings.setdefault(t(f"absence.sign.{state}"), []).append(t(f"absence.spoken.{state}"))
    signs = [f"«{sign}» {' / '.join(texts)}" for sign, texts in meanings.items()]
    return t("print.signs", signs=", ".join(signs)) if signs else ""


def _source_name(data_source: str, preview: Preview, t: Translator) -> str:
    if data_source == _MANUAL:
        return t("sources.manual")
    if data_source == KOSTRA_15F_DATA_SOURCE:  # the format names no case system
        return "KOSTRA 15F"
    return preview.source.case_system if preview.source and data_source == preview.source.data_source else data_source


def _main_source(preview: Preview, t: Translator) -> str:
    """Return the name of the source that the values were aggregated from; empty without values."""
    return _source_name(preview.source.data_source, preview, t) if preview.source else ""


def _history_years(preview: Preview) -> str:
    history = next(iter(preview.history.values()), [])
    years = [Period.parse(each.period_id).year for each in history]
    return f"{years[0]}–{years[-1]}" if len(years) > 1 else ""


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


def _comparable_options(preview: Preview, language: Language) -> tuple[PeriodOption, ...]:
    """Return what the report can be compared with: the same days of the prior period, if it is provisional, and the
    periods of the same length (rules 7.2 and 7.3, docs/domain.md).
    """
    offer, is_same_day = preview.same_day, preview.compared_until is not None
    periods = _period_options(_comparable(preview), "" if is_same_day else preview.compare_period_id, language)
    if offer is None or not offer.is_offered:
        return periods
    name = formatting.period(language, f"{offer.period_id}/{offer.until}")
    return (PeriodOption(SAME_DAY, name, is_same_day), *periods)


def _column_head(period_id: str, until: str | None, t: Translator) -> ColumnHead:
    period = formatting.period(t.language, period_id)
    if until is None:
        return ColumnHead(period)
    day = value_formatting.short_day(date.fromisoformat(until), t.language, with_year=False)
    return ColumnHead(period, t("form.until", day=day.replace(" ", formatting.NO_BREAK_SPACE)))


def _period_options(periods: Iterable[str], selected: str, language: Language) -> tuple[PeriodOption, ...]:
    return tuple(
        PeriodOption(period_id, formatting.period(language, period_id), period_id == selected) for period_id in periods
    )


def _newest_first(periods: Iterable[str]) -> list[str]:
    return sorted(set(periods), key=lambda period_id: Period.parse(period_id).sort_key, reverse=True)


def _comparable(preview: Preview) -> list[str]:
    """Return the periods of the same length to compare with: the prior one, the selected one, and all others with a
    report (rule 7.2).
    """
    period = Period.parse(preview.period_id)
    return [
        period_id
        for period_id in _newest_first([*preview.periods, str(period.prior), preview.compare_period_id])
        if period_id != preview.period_id and Period.parse(period_id).is_as_long_as(period)
    ]


def _without_report(preview: Preview) -> list[str]:
    """Return the periods that can be aggregated: those begun this year and the last, the reporting period, and the
    shown one.
    """
    years = (today().year, today().year - 1)
    open_periods = [
        str(Period(year, half)) for year in years for half in (0, 1, 2) if Period(year, half).first_day <= today()
    ]
    offered = _newest_first([*open_periods, preview.reporting_period_id, preview.period_id])
    return [period_id for period_id in offered if period_id not in preview.periods]


def _stale_text(preview: Preview, t: Translator, aggregated_text: str) -> str:
    job = preview.job
    if job is None or job.reason is None:
        return t("state.source_changed", instant=aggregated_text)
    return t("state.requested_again" if job.ended_at else "state.again", instant=aggregated_text)


def _because_text(job: JobDocument | None, t: Translator) -> str:
    """Return who asked for the values and why; empty if no reason was given."""
    return t("state.because", by=by_actor(job.requested_by, t), reason=job.reason) if job and job.reason else ""
