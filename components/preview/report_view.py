"""View models of the preview page: every number, day and sentence as the templates write it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode

from markupsafe import Markup

from components.changes.changes_view import ChangedSinceView, ChangesView, LastChangeView
from components.form.row_values import USUAL_BAND, ValueView
from components.history.sparkline import NO_PICTURE
from components.layout.preferences import Translator
from components.preview.actions import Action, JobFactsView
from components.preview.sources_panel import SourcesPanel
from components.review.review_view import NO_COMMENTS, AnswerView, CommentsView, OwedView, ReviewView
from preview.form.rules.base import Severity
from preview.form.value_state import ValueState
from preview.views.preview import Preview
from preview.views.report_review import DeviationKey

ABSENCE_FILTERS: tuple[ValueState, ...] = ("missing", "not_applicable", "withheld")
"""The reasons for having no value that are filters of the rows too."""
ROW_FILTERS = ("error", "warning", "notice", *ABSENCE_FILTERS, "blocking", "since")
"""The filters of the rows that the address can name; `changed` is of the open page only."""


@dataclass(frozen=True)
class DeviationView:
    """A deviation: its tag, what was found, and what to do about it.

    Attributes:
        rule_id: The rule.
        key: Rule and field by which it is acknowledged; None if it is of another comparison than the report's own.
        answer: The acknowledgement that holds, None without one.
        lapsed: The one that holds no more, because the deviation says something else now.
    """

    rule_id: str
    severity: Severity
    tag: str
    message: str
    action: str
    key: DeviationKey | None = None
    answer: AnswerView | None = None
    lapsed: AnswerView | None = None


@dataclass(frozen=True)
class RowView:
    """A field of the form.

    Attributes:
        key: The field's key in the catalogue.
        number: The field's number in the form.
        is_part: Whether the field is a part of another one, and is indented.
        change: The change from the compared value, with its sign.
        percent: The same in whole per cent.
        plotted_change: The position of the disc on the scale of changes, within `MAX_PLOTTED_CHANGE` on either side of
            0; None without a change.
        is_flagged: Whether the change itself is a deviation.
        flags: The filters that it passes: the severities of the field's deviations, the state of a value that is not
            there (`missing`, `not_applicable` or `withheld`), `blocking` if a deviation of the report's own comparison
            stands in the way of an approval, and `since` if the value has changed since the moment.
        absence: A sentence about why there is no value; empty with one, and without a report.
        source: The name of the source; on the country page, the number of services.
        other_source: The same if it is not the report's main source, else empty.
        picture: The history of recent years, empty without one; None on a page that shows `source` in its place.
        band: The limit of a large change on the scale of `plotted_change`, on either side; 0 if it is not judged.
        source_text: A sentence about the source.
        definition: The field's definition.
        law: Its legal basis.
        note: What else is to be said beside the deviations; empty for nothing.
        rules: The id and the tag of each rule that has found a deviation.
        findings_query: The query of the deliveries page that lists the faults of the source; empty if the row does not
            name them.
        comments: The comments on it.
        orphaned: The answers whose deviation is gone.
        owed: What stands in the way of an approval and is not among the deviations; None for nothing.
        since: How it has changed since the moment; None if it has not.
        last_change: Its newest change, None if it is not known.
    """

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
    absence: str
    source: str
    source_text: str
    definition: str
    law: str
    note: str = ""
    other_source: str = ""
    picture: Markup | None = None
    band: float = USUAL_BAND
    rules: tuple[tuple[str, str], ...] = ()
    findings_query: str = ""
    comments: CommentsView = NO_COMMENTS
    orphaned: tuple[AnswerView, ...] = ()
    owed: OwedView | None = None
    since: ChangedSinceView | None = None
    last_change: LastChangeView | None = None


@dataclass(frozen=True)
class SeverityCount:
    """The number of rows with a severity, and the same as a screen reader speaks it."""

    severity: Severity
    count: int
    spoken: str


@dataclass(frozen=True)
class SectionView:
    """A section of the form; `counts` has the severities that occur, severest first, `picture` is its history."""

    section_id: str
    title: str
    rows: tuple[RowView, ...]
    counts: tuple[SeverityCount, ...]
    picture: Markup = NO_PICTURE


@dataclass(frozen=True)
class PeriodOption:
    """An option of a list of periods."""

    period_id: str
    name: str
    is_selected: bool


@dataclass(frozen=True)
class ColumnHead:
    """The head of a column of values: the period, and up to which day it counts if not to its end."""

    period: str
    until: str = ""


@dataclass(frozen=True)
class SourceSummary:
    """A source of values, with facts about it."""

    name: str
    lines: tuple[str, ...]


@dataclass(frozen=True)
class JobView:
    """A waiting or running job; `share` is its progress in per cent, 0 to 100."""

    text: str
    share: int
    share_text: str
    remaining_text: str


@dataclass(frozen=True)
class NoticeView:
    """A notice above the form.

    Attributes:
        actions: The names of the actions beside it, the most likely first.
        job_id: The job that it is about, which `copy` copies.
        latest_query: The query string of the report that `latest` leads to.
        latest_name: The name of its period.
        period_query: The query string with which `overview` keeps the period; empty for the reporting period.
        is_of_deleted: Whether the values below are of a deleted report.
    """

    color: str
    text: str
    actions: tuple[str, ...] = ()
    job_id: str = ""
    is_of_deleted: bool = False
    latest_query: str = ""
    latest_name: str = ""
    period_query: str = ""


@dataclass(frozen=True)
class ReportView:
    """Everything that the page shows.

    Attributes:
        preview: The read model.
        t: The texts in the visitor's language.
        with_report: The periods that have a report, newest first.
        without_report: The periods that can be aggregated for the first time.
        comparable: The periods that can be compared with, first the same days of the prior one where it is offered.
        current_head: The head of the column of the report's values.
        compared_head: The head of the column of the compared values.
        signs_text: What the signs in place of values mean; empty if every value is there.
        main_source: The name of the source of most values; empty without values.
        history_years: The first and the last year of the rows' pictures; empty without any.
        comparison_note: What must be known of the comparison beside its columns (`comparison_notes`); may be empty.
        is_complete: Whether the report has values.
        snapshot_id: The id of the snapshot; empty without one.
        state: `valid`, `stale`, or `none` without values.
        aggregated_text: When the values were aggregated.
        stale_text: Why the values are stale.
        because_text: Who asked for the values and why; empty if no reason was given.
        completed_facts: The facts of the job that the values are from.
        dependent_period: The name of the next period, if it has a report, which this one is compared with.
        review: The review of the report; None if it has never completed.
        changes: What has changed in it since a moment.
        rows: The rows of all sections.
    """

    preview: Preview
    t: Translator
    period: str
    compared_period: str
    sections: tuple[SectionView, ...]
    with_report: tuple[PeriodOption, ...]
    without_report: tuple[PeriodOption, ...]
    comparable: tuple[PeriodOption, ...]
    current_head: ColumnHead
    compared_head: ColumnHead
    main_source: str
    history_years: str
    comparison_note: str
    signs_text: str
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
    completed_facts: JobFactsView | None
    because_text: str
    sources_panel: SourcesPanel
    review: ReviewView | None
    changes: ChangesView
    rows: tuple[RowView, ...] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rows", tuple(row for section in self.sections for row in section.rows))

    @property
    def primary_action(self) -> str:
        """What a visitor does next: `aggregate`, `again` or `approve`; empty if the report is approved."""
        if not self.is_complete:
            return "aggregate"
        if self.review is None or self.state != "valid" or self.job is not None:
            return "again"
        if self.review.is_approved:
            return ""
        return "again" if self.review.decision == "provisional" else "approve"

    @property
    def query(self) -> str:
        """The query string of the page, with all that says which report it shows."""
        return urlencode(self.changes.export_query)

    @property
    def step_query(self) -> str:
        """The same without what means nothing for another service."""
        return urlencode({**self.changes.menu.query, **({"since": self.changes.kept} if self.changes.kept else {})})

    def count_matching(self, flag: str) -> int:
        """Return the number of rows that pass a filter."""
        return sum(flag in row.flags for row in self.rows)

    @property
    def first_error(self) -> RowView | None:
        """The first row with an error, None if there is none."""
        return next((row for row in self.rows if "error" in row.flags), None)
