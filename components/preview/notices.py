"""What the page says about aggregations: that one runs or has failed, that there are no values, and the receipt of one
that the visitor has asked for.
"""

from collections.abc import Set
from dataclasses import replace
from urllib.parse import urlencode

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.actions import remaining_seconds
from components.preview.report_view import JobView, NoticeView
from preview.core.periods import Period
from preview.i18n import formatting
from preview.model.resources import JobDocument
from preview.reports.job_queue import INTERRUPTED, NO_SOURCE
from preview.views.preview import Preview, SnapshotView


def present_job(job: JobDocument | None, t: Translator, is_complete: bool) -> JobView | None:
    """Return the view of a waiting or running job, None for any other.

    Args:
        job: The job.
        t: The texts.
        is_complete: Whether the report has values already.
    """
    if job is None or job.job_status not in ("waiting", "running"):
        return None
    text = t("job.waiting" if job.job_status == "waiting" else "job.again" if is_complete else "job.first")
    remaining_text = t.plural("job.left", remaining_seconds(job))
    return JobView(text, round(100 * job.completed), value_formatting.share(job.completed, t.language), remaining_text)


def _failure_notice(job: JobDocument, shown: SnapshotView | None, t: Translator) -> NoticeView:
    """Return the notice of a failed job: whether the source or the program is the cause, and which values are shown.

    Args:
        job: The job.
        shown: The snapshot whose values the page shows, None without values.
        t: The texts.
    """
    at = value_formatting.clock_time(job.ended_at or job.created_at, t.language)
    is_source = job.detail == NO_SOURCE
    if is_source:
        sentences = [t("notice.failed_no_source", time=at)]
    else:
        key = "notice.failed_interrupted" if job.detail == INTERRUPTED else "notice.failed_by_fault"
        sentences = [t(key, job=job.job_id, time=at)]
    if shown is not None and shown.aggregated_at:
        sentences.append(t("notice.failed_stands", instant=value_formatting.instant(shown.aggregated_at, t.language)))
    if not is_source:
        sentences.append(t("notice.failed_report"))
    return NoticeView("danger", " ".join(sentences), ("retry", "findings" if is_source else "copy"), job.job_id)


def present_notice(preview: Preview, t: Translator, is_complete: bool) -> NoticeView | None:
    """Return the notice; where there are no values, with a link to the service's latest report."""
    notice, latest = _notice(preview, t, is_complete), preview.latest_period_id
    if notice is None or is_complete or latest in (None, preview.period_id):
        return notice
    return replace(
        notice,
        actions=(*notice.actions, "latest"),
        latest_query=urlencode({"organization_id": preview.organization_id, "period_id": latest}),
        latest_name=formatting.period(t.language, latest),
    )


def _notice(preview: Preview, t: Translator, is_complete: bool) -> NoticeView | None:
    job, period = preview.job, formatting.period(t.language, preview.period_id)
    if job is not None and job.job_status == "failed":
        return _failure_notice(job, preview.snapshot if is_complete else None, t)
    if is_complete:
        return _missing_comparison(preview, t)
    if job is not None and job.job_status in ("waiting", "running"):
        return NoticeView("info", t("notice.first"), ("job",))
    if preview.has_source:
        return NoticeView("info", t("notice.no_report", period=period))
    return NoticeView("warning", t("notice.no_source", period=period), ("deliver",))


def _missing_comparison(preview: Preview, t: Translator) -> NoticeView | None:
    """Return the notice that there is no report of the period that the visitor has chosen to compare with."""
    is_chosen = preview.compare_period_id != str(Period.parse(preview.period_id).prior)
    if preview.compared_snapshot is not None or not is_chosen:
        return None
    return NoticeView(
        "info", t("notice.no_comparison", period=formatting.period(t.language, preview.compare_period_id))
    )


def present_receipt(
    job: JobDocument, replaced_fields: Set[str], preview: Preview | None, t: Translator
) -> tuple[str, str]:
    """Return the colour and the text of a receipt. Both are empty if the job failed: the page has a notice of that.

    Args:
        job: The job, which has ended.
        replaced_fields: The keys of the fields whose values it replaced.
        preview: What the page shows. Withheld values are not counted, so that the number tells nothing about them.
        t: The texts.
    """
    if job.job_status == "failed" or job.ended_at is None:
        return "", ""
    if job.job_status == "cancelled":
        return "info", t("notice.superseded")
    at = value_formatting.clock_time(job.ended_at, t.language)
    if job.reason is None:
        return "success", t("notice.completed", time=at)
    withheld = {row.field_key for row in preview.rows if row.state == "withheld"} if preview else set[str]()
    changed = len(replaced_fields - withheld)
    values = t.plural("notice.values_changed", changed) if changed else t("notice.values_unchanged")
    return "success", f"{t('notice.completed_again', time=at)} {values}"
