"""The receipt of an aggregation that the visitor has asked for: that it is done, and whether values changed."""

from collections.abc import Set

from components.layout import value_formatting
from components.layout.preferences import Translator
from components.preview.report_cache import RenderedReport
from preview.model.resources import JobDocument


def present_receipt(
    job: JobDocument, replaced_fields: Set[str], report: RenderedReport | None, t: Translator
) -> tuple[str, str]:
    """Return the colour and the text of a receipt. Both are empty if the job failed: the page has a notice of that.

    Args:
        job: The job, which has ended.
        replaced_fields: The keys of the fields whose values it replaced.
        report: What the page shows. Withheld values are not counted, so that the number tells nothing about them.
        t: The texts.
    """
    if job.job_status == "failed" or job.ended_at is None:
        return "", ""
    if job.job_status == "cancelled":
        return "info", t("notice.superseded")
    at = value_formatting.clock_time(job.ended_at, t.language)
    if job.reason is None:
        return "success", t("notice.completed", time=at)
    withheld = {row.field_key for row in report.preview.rows if row.state == "withheld"} if report else set[str]()
    changed = len(replaced_fields - withheld)
    values = t.plural("notice.values_changed", changed) if changed else t("notice.values_unchanged")
    return "success", f"{t('notice.completed_again', time=at)} {values}"
