"""Sources and findings of an organisation, in one language: what is held of it, and its newest deliveries with what was found in them."""

from dataclasses import dataclass, replace

from components.deliveries.presenter import DeliveryEntryView, present_delivery
from components.layout.preferences import Translator
from preview.core.clock import local_date, parse_timestamp
from preview.i18n import formatting
from preview.model.resources import SourceDocument
from preview.views.preview import Preview


@dataclass(frozen=True)
class SourceRow:
    """What is held in one format: of whose making, in which version, from which extracts, and how many cases."""

    name: str
    version: str
    extracts: str
    cases: str


@dataclass(frozen=True)
class SourcesPanel:
    """Both; deliveries newest first."""

    sources: tuple[SourceRow, ...]
    deliveries: tuple[DeliveryEntryView, ...]


def present_sources(preview: Preview, words: Translator) -> SourcesPanel:
    """In the language of the words."""
    # Whose they are besides is no matter here.
    deliveries = (replace(present_delivery(delivery, words), organizations=(), more_organizations="") for delivery in preview.deliveries)
    return SourcesPanel(tuple(_source_row(source, words) for source in preview.sources), tuple(deliveries))


def _source_row(source: SourceDocument, t: Translator) -> SourceRow:
    first_day, last_day = (
        formatting.day(t.language, local_date(parse_timestamp(at)).isoformat()) for at in (source.first_extract_at, source.last_extract_at)
    )
    return SourceRow(
        name=source.case_system or t(f"deliver.format.{source.format}"),
        version=t(f"deliver.format.{source.format}") + (f" {source.year}" if source.year else ""),
        extracts=last_day if first_day == last_day else t("origins.extracts", first=first_day, last=last_day),
        cases=formatting.number(t.language, source.case_count),
    )
