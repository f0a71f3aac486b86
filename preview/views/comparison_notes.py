"""Says what must be known of a report's comparison beside its columns, for pages and exports."""

from collections.abc import Callable

from preview.core.languages import Language
from preview.i18n.formatting import period
from preview.i18n.plurals import plural_key
from preview.reports.deviation_check import rows_by_severity
from preview.views.preview import Preview


def comparison_notes(preview: Preview, language: Language, text: Callable[..., str]) -> list[str]:
    """Return why a provisional report is not compared to the same day, what that comparison leaves out, and which
    deviations the overview counts where the compared column gives others (rules 7.2 and 7.3, docs/domain.md).

    Args:
        preview: The report.
        language: Language of the sentences.
        text: Returns a text of that language by its key and parameters.
    """
    notes: list[str] = []
    offer = preview.same_day
    if offer is not None and not offer.is_offered:
        notes.append(text("head.no_same_day", period=period(language, offer.period_id)))
    elif offer is not None and offer.is_incomplete and preview.compared_until:
        notes.append(text("head.same_day_incomplete", period=period(language, offer.period_id)))
    if counts := other_counts(preview):
        words = [text(plural_key(f"severity.{severity}_fields", n), n=n) for severity, n in counts.items()]
        own_period = period(language, preview.own_comparison)
        notes.append(text("head.other_counts", counts=", ".join(words), period=own_period))
    return notes


def other_counts(preview: Preview) -> dict[str, int]:
    """Return the stored numbers of fields with a deviation, by severity, that differ from those of a report's rows.

    None does where the report is compared with what the stored deviations are judged against.
    """
    if preview.is_own_comparison or preview.snapshot is None:
        return {}
    shown = rows_by_severity([deviation for row in preview.rows for deviation in row.deviations])
    return {severity: n for severity, n in preview.snapshot.deviation_counts.items() if n != shown[severity]}
