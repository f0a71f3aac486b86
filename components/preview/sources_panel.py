"""Sources and findings of an organisation, in one language: what is held of it, and its newest deliveries with what was found in them."""

from dataclasses import dataclass, replace

from components.deliveries.presenter import ShownDelivery
from components.deliveries.presenter import word as word_delivery
from components.layout.preferences import Words
from preview.core.clock import oslo_day, parse_instant
from preview.i18n import formatting
from preview.model.resources import SourceDocument
from preview.views.preview import Preview


@dataclass(frozen=True)
class ShownHeld:
    """What is held in one format: of whose making, in which version, from which extracts, and how many cases."""

    name: str
    version: str
    extracts: str
    cases: str


@dataclass(frozen=True)
class Origins:
    """Both; deliveries newest first."""

    held: tuple[ShownHeld, ...]
    deliveries: tuple[ShownDelivery, ...]


def word(preview: Preview, words: Words) -> Origins:
    """In the language of the words."""
    # Whose they are besides is no matter here.
    deliveries = (replace(word_delivery(each, words), organizations=(), more_organizations="") for each in preview.deliveries)
    return Origins(tuple(_held(source, words) for source in preview.held), tuple(deliveries))


def _held(source: SourceDocument, words: Words) -> ShownHeld:
    first, last = (
        formatting.day(words.language, oslo_day(parse_instant(at)).isoformat()) for at in (source.first_extract_at, source.last_extract_at)
    )
    return ShownHeld(
        name=source.case_system or words(f"deliver.format.{source.format}"),
        version=words(f"deliver.format.{source.format}") + (f" {source.year}" if source.year else ""),
        extracts=last if first == last else words("origins.extracts", first=first, last=last),
        cases=formatting.number(words.language, source.case_count),
    )
