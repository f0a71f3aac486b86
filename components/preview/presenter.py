"""A preview in one language: every number, day and sentence as the template writes it.

One of these feeds the page's first HTML and every later patch of it, so they cannot disagree.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import msgspec

from components.layout import value_formatting
from components.layout.preferences import Words
from components.preview.actions import Offer, ShownJobFacts, job_facts, offers, seconds_left
from components.preview.sources_panel import Origins
from components.preview.sources_panel import word as word_origins
from preview.core.clock import today
from preview.core.languages import Language
from preview.core.periods import Period
from preview.form.catalogue import Catalogue
from preview.form.rules.base import SEVERITIES, Deviation, Severity
from preview.i18n import formatting
from preview.model.resources import JobDocument, Value
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE
from preview.views.preview import Preview, Row

# The picture shows changes up to this many per cent (shares: points) on either side; beyond it the disc stands at the edge.
_PICTURE_EDGE = 58
_FLAGGED_CHANGES = {"stor_endring", "fra_null", "til_null"}
_MANUAL = "manuell"
_KOSTRA = "kostra-15f"  # a format without case systems
_WHY_FAILED = {NO_SOURCE: "notice.failed_no_source", INTERRUPTED: "notice.failed_interrupted"}


@dataclass(frozen=True)
class ShownValue:
    """A value, and what a screen reader says in its place where the sign alone says nothing."""

    text: str
    spoken: str | None = None


@dataclass(frozen=True)
class ShownDeviation:
    """A deviation: its tag, what is found, and what to do about it."""

    severity: Severity
    tag: str
    message: str
    action: str


@dataclass(frozen=True)
class ShownRow:
    """A field. `dot` is the place of the disc in the picture, None where there is none. `flags` are the filters that it passes."""

    key: str
    number: int
    label: str
    is_part: bool
    current: ShownValue
    compared: ShownValue
    change: str
    percent: str
    dot: float | None
    is_flagged: bool
    flags: tuple[str, ...]
    deviations: tuple[ShownDeviation, ...]
    source: str
    supply: str
    definition: str
    law: str


@dataclass(frozen=True)
class ShownCount:
    """How many, for the eye and spoken."""

    severity: Severity
    size: int
    spoken: str


@dataclass(frozen=True)
class ShownSection:
    """A part of the form. `counts` are of rows, severest first, none of 0."""

    section_id: str
    title: str
    rows: tuple[ShownRow, ...]
    counts: tuple[ShownCount, ...]


@dataclass(frozen=True)
class Choice:
    """A period to choose."""

    period_id: str
    name: str
    is_chosen: bool


@dataclass(frozen=True)
class ShownSource:
    """Where values come from."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class ShownJob:
    """A job that waits or runs. `share` is 0..100."""

    text: str
    share: int
    share_text: str
    left: str


@dataclass(frozen=True)
class Notice:
    """A sentence above the form; `offers` names what belongs to it, the nearest first."""

    color: str
    text: str
    offers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shown:
    """All that the page says. `is_complete` says that there are values; `snapshot_id` is empty where there is no snapshot."""

    preview: Preview
    words: Words
    period: str
    compare: str
    sections: tuple[ShownSection, ...]
    with_report: tuple[Choice, ...]
    without_report: tuple[Choice, ...]
    comparable: tuple[Choice, ...]
    is_complete: bool
    snapshot_id: str
    state: str
    aggregated: str
    stale: str
    job: ShownJob | None
    notice: Notice | None
    sources: tuple[ShownSource, ...]
    loses_prior: str | None
    offers: Mapping[str, Offer]
    job_facts: ShownJobFacts | None
    origins: Origins
    rows: tuple[ShownRow, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row for section in self.sections for row in section.rows))

    def passing(self, flag: str) -> int:
        """How many rows a filter leaves."""
        return sum(flag in row.flags for row in self.rows)

    @property
    def worst(self) -> ShownRow | None:
        """The first field in error."""
        return next((row for row in self.rows if "error" in row.flags), None)


def word(preview: Preview, catalogue: Catalogue, words: Words) -> Shown:
    """The preview in the language of the words."""
    language = words.language
    snapshot = preview.snapshot
    is_complete = snapshot is not None and snapshot.aggregated_at is not None
    aggregated = value_formatting.instant(snapshot.aggregated_at, language) if snapshot and snapshot.aggregated_at else ""
    valid = snapshot is not None and snapshot.cache_valid
    following = str(Period.parse(preview.period_id).following)
    return Shown(
        preview=preview,
        words=words,
        period=formatting.period(language, preview.period_id),
        compare=formatting.period(language, preview.compare_period_id),
        sections=_sections(preview, catalogue, words, is_complete),
        with_report=_choices(preview.periods, preview.period_id, language),
        without_report=_choices(_without_report(preview), preview.period_id, language),
        comparable=_choices(_comparable(preview), preview.compare_period_id, language),
        is_complete=is_complete,
        snapshot_id=snapshot.snapshot_id if snapshot else "",
        state=("valid" if valid else "stale") if is_complete else "none",
        aggregated=aggregated,
        stale=_stale(preview, words, aggregated) if is_complete and not valid else "",
        job=word_job(preview.job, words, is_complete),
        notice=_notice(preview, words, is_complete),
        sources=_sources(preview, words),
        loses_prior=formatting.period(language, following) if following in preview.periods else None,
        offers=offers(preview, preview.job, words, is_complete),
        job_facts=job_facts(preview.job, words),
        origins=word_origins(preview, words),
    )


def bare(shown: Shown, catalogue: Catalogue) -> Shown:
    """The same where nothing is held of the organisation any more."""
    empty = {"value": None, "hidden": False, "compared_value": None, "compared_hidden": False, "change": None, "percent": None}
    rows = [msgspec.structs.replace(row, **empty, data_source=None, deviations=[]) for row in shown.preview.rows]
    nothing = {"snapshot": None, "source": None, "has_source": False, "job": None, "periods": [], "held": [], "deliveries": []}
    return word(msgspec.structs.replace(shown.preview, **nothing, rows=rows), catalogue, shown.words)


def _sections(preview: Preview, catalogue: Catalogue, words: Words, is_complete: bool) -> tuple[ShownSection, ...]:
    sections: list[ShownSection] = []
    for section in catalogue.sections:
        rows = tuple(_row(row, preview, catalogue, words, is_complete) for row in preview.rows if row.section_id == section.section_id)
        counts = tuple(count for severity in SEVERITIES if (count := _count(severity, rows, words)).size)
        sections.append(ShownSection(section.section_id, getattr(section.titles, words.language), rows, counts))
    return tuple(sections)


def _count(severity: Severity, rows: Iterable[ShownRow], words: Words) -> ShownCount:
    size = sum(severity in row.flags for row in rows)
    return ShownCount(severity, size, words.count(f"severity.{severity}_count", size))


def _row(row: Row, preview: Preview, catalogue: Catalogue, words: Words, is_complete: bool) -> ShownRow:
    language = words.language
    entry = catalogue.field(row.field_key)
    flags = [str(severity) for severity in SEVERITIES if any(each.severity == severity for each in row.deviations)]
    if is_complete and row.value is None and not row.hidden:
        flags.append("missing")
    return ShownRow(
        key=row.field_key,
        number=row.number,
        label=getattr(entry.labels, language),
        is_part=row.part_of is not None,
        current=word_value(row.value, row.unit, row.hidden, words),
        compared=word_value(row.compared_value, row.unit, row.compared_hidden, words),
        change=value_formatting.change(row.change, row.unit, language),
        percent=value_formatting.percent_change(row.percent, row.unit, language),
        dot=_dot(row),
        is_flagged=any(each.rule_id in _FLAGGED_CHANGES for each in row.deviations),
        flags=tuple(flags),
        deviations=tuple(_deviation(each, words) for each in row.deviations),
        source=_source_name(row.data_source, preview, words) if row.data_source else value_formatting.ABSENT,
        supply=_supply(row, preview, words),
        definition=getattr(entry.definitions, language),
        law=entry.legal_basis,
    )


def word_value(amount: Value, unit: str, hidden: bool, words: Words) -> ShownValue:
    """A value, `:` where it is hidden, `–` where there is none."""
    if hidden:
        return ShownValue(value_formatting.HIDDEN, words("form.hidden"))
    if amount is None:
        return ShownValue(value_formatting.ABSENT, words("form.no_value"))
    return ShownValue(value_formatting.value(amount, unit, words.language))


def _dot(row: Row) -> float | None:
    if row.change is None:
        return None
    if row.unit == "prosent":
        reach = float(row.change)
    elif row.percent is not None:
        reach = float(row.percent)
    else:
        reach = math.copysign(_PICTURE_EDGE, row.change) if row.change else 0.0  # from nothing to something
    return max(-_PICTURE_EDGE, min(_PICTURE_EDGE, reach))


def _deviation(found: Deviation, words: Words) -> ShownDeviation:
    return ShownDeviation(found.severity, words(found.tag), words(found.message, **found.params), words(found.action))


def _source_name(data_source: str, preview: Preview, words: Words) -> str:
    if data_source == _MANUAL:
        return words("sources.manual")
    if data_source == _KOSTRA:
        return "KOSTRA 15F"
    return preview.source.case_system if preview.source and data_source == preview.source.data_source else data_source


def _supply(row: Row, preview: Preview, words: Words) -> str:
    if row.data_source is None:
        return words("form.no_supply", period=formatting.period(words.language, preview.period_id))
    name = _source_name(row.data_source, preview, words)
    if preview.source is None or row.data_source != preview.source.data_source:
        return name
    return words("form.supplied", system=name, day=formatting.day(words.language, preview.source.extract_day))


def _sources(preview: Preview, words: Words) -> tuple[ShownSource, ...]:
    shown: list[ShownSource] = []
    source = preview.source
    if source is not None:
        lines = [
            words("sources.extract", day=formatting.day(words.language, source.extract_day)),
            words.count("sources.cases", source.case_count),
        ]
        if source.findings:
            lines.append(words.count("sources.findings", source.findings))
        shown.append(ShownSource(_source_name(source.data_source, preview, words), tuple(lines)))
    others = dict.fromkeys(
        row.data_source for row in preview.rows if row.data_source and (source is None or row.data_source != source.data_source)
    )
    shown += [ShownSource(_source_name(other, preview, words), (words("sources.figures"),)) for other in others]
    return tuple(shown)


def _choices(periods: Iterable[str], chosen: str, language: Language) -> tuple[Choice, ...]:
    return tuple(Choice(period_id, formatting.period(language, period_id), period_id == chosen) for period_id in periods)


def _newest_first(periods: Iterable[str]) -> list[str]:
    return sorted(set(periods), key=lambda period_id: Period.parse(period_id).order, reverse=True)


def _without_report(preview: Preview) -> list[str]:
    """What a person may want to aggregate: this year and the last with their halves, and the period that is asked for."""
    years = (today().year, today().year - 1)
    offered = [str(Period(year, half)) for year in years for half in (0, 1, 2) if Period(year, half).first <= today()]
    return [period_id for period_id in _newest_first([*offered, preview.period_id]) if period_id not in preview.periods]


def _comparable(preview: Preview) -> list[str]:
    """The prior period, that which is chosen, and every other one with a report."""
    prior = str(Period.parse(preview.period_id).prior)
    return [
        period_id for period_id in _newest_first([*preview.periods, prior, preview.compare_period_id]) if period_id != preview.period_id
    ]


def _stale(preview: Preview, words: Words, aggregated: str) -> str:
    job = preview.job
    if job is None or job.reason is None:
        return words("state.source_changed", instant=aggregated)
    return words("state.asked_anew" if job.ended_at else "state.again", instant=aggregated)


def word_job(job: JobDocument | None, words: Words, is_complete: bool) -> ShownJob | None:
    """What is said of a job while it waits or runs, for values that are there already or not."""
    if job is None or job.job_status not in ("waiting", "running"):
        return None
    text = words("job.waiting" if job.job_status == "waiting" else "job.again" if is_complete else "job.first")
    left = words.count("job.left", seconds_left(job))
    return ShownJob(text, round(100 * job.completed), value_formatting.part(job.completed, words.language), left)


def _notice(preview: Preview, words: Words, is_complete: bool) -> Notice | None:
    job, period = preview.job, formatting.period(words.language, preview.period_id)
    if job is not None and job.job_status == "failed":
        at = value_formatting.clock_time(job.ended_at or job.created_at, words.language)
        failed = f"{words('notice.failed', time=at)} {words(_WHY_FAILED.get(job.detail or '', 'notice.failed_by_fault'))}"
        return Notice("danger", f"{failed} {words('notice.failed_stands')}" if is_complete else failed, ("retry", "findings"))
    if is_complete:
        return None
    if job is not None and job.job_status in ("waiting", "running"):
        return Notice("info", words("notice.first"), ("job",))
    if preview.has_source:
        return Notice("info", words("notice.no_report", period=period))
    return Notice("warning", words("notice.no_source", period=period), ("deliver",))
