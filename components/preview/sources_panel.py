"""View model of the panel "sources and findings": an organization's data and newest deliveries, in one language."""

from dataclasses import dataclass, replace

from components.deliveries.presenter import DeliveryEntryView, present_delivery
from components.layout.preferences import Translator
from preview.core.clock import local_date, parse_timestamp
from preview.i18n import formatting
from preview.model.resources import SourceDocument
from preview.views.preview import Preview


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
