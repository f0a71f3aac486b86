"""View model of the panel "sources and findings": an organization's data and newest deliveries, in one language."""

from dataclasses import dataclass, replace
from urllib.parse import urlencode

from components.deliveries.presenter import DeliveryEntryView, present_delivery
from components.layout.preferences import Translator
from preview.core.clock import local_date, parse_timestamp
from preview.core.periods import Period
from preview.i18n import formatting
from preview.model.file_format import KOSTRA_15F_DATA_SOURCE
from preview.model.resources import SourceDocument
from preview.views.preview import FieldRow, Preview

_FINDINGS_RULE = "funn"


@dataclass(frozen=True)
class SourceRow:
    """The stored data of one format.

    Attributes:
        name: The case system, or the format's name if it has none.
        version: The format, with the year of an annual file.
        extracts: The day of the extract, or the first and the last day.
        cases: The number of cases.
    """

    name: str
    version: str
    extracts: str
    cases: str


@dataclass(frozen=True)
class SourcesPanel:
    """The panel: a row for each stored source, and the newest deliveries, newest first."""

    sources: tuple[SourceRow, ...]
    deliveries: tuple[DeliveryEntryView, ...]


def present_sources(preview: Preview, t: Translator) -> SourcesPanel:
    """Return the panel of a preview in the language of the texts."""
    # The page shows one organization, so the others of a delivery are left out.
    deliveries = (
        replace(present_delivery(delivery, t), organizations=(), more_organizations="")
        for delivery in preview.deliveries
    )
    return SourcesPanel(tuple(_source_row(source, t) for source in preview.sources), tuple(deliveries))


def _source_row(source: SourceDocument, t: Translator) -> SourceRow:
    first_day, last_day = (
        formatting.day(t.language, local_date(parse_timestamp(at)).isoformat())
        for at in (source.first_extract_at, source.last_extract_at)
    )
    return SourceRow(
        name=source.case_system or t(f"deliver.format.{source.format}"),
        version=t(f"deliver.format.{source.format}") + (f" {source.year}" if source.year else ""),
        extracts=last_day if first_day == last_day else t("origins.extracts", first=first_day, last=last_day),
        cases=formatting.number(t.language, source.case_count),
    )


def findings_query(row: FieldRow, preview: Preview) -> str:
    """Return the query of the deliveries page with the faults that the rule `funn` has counted; empty if the row does
    not name them.
    """
    if preview.source is None or not any(deviation.rule_id == _FINDINGS_RULE for deviation in row.deviations):
        return ""
    is_annual = preview.source.data_source == KOSTRA_15F_DATA_SOURCE
    held = str(Period.parse(preview.period_id).year) if is_annual else "v4"
    return urlencode({"organization_id": preview.organization_id, "held": held, "period_id": preview.period_id})
