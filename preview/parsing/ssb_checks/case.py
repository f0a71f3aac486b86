"""Context of the checks of one case."""

from preview.model.findings import Finding, FindingCollector
from preview.parsing.elements import ElementIndex
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS
from preview.parsing.values import ValueReader, elements_by_tag
from preview.parsing.xml_input import Element

# By tag: the check, and the codes that require a Presisering.
_PRESISERING = {
    "Melder": ("melder_2", ("22",)),
    "Saksinnhold": ("saksinnhold_2", ("18", "19")),
    "Vedtaksgrunnlag": ("undersokelse_3", ("18", "19")),
}


class CaseCheckContext:
    """What the checks need to know of a Sak. It is filled while the Sak is parsed.

    Attributes:
        sak: The element.
        elements: Index of its children.
        extract_day: Day of the extract.
        start: Day of the case's start; empty if it is unknown.
        slutt: Day of its end, if there is one.
        fodt: Day of birth, if it is known.
        element_starts: Kind and start of the elements that must not occur twice.
        open_elements: Elements without an end except Vedtak, with their paths.
        open_vedtak: Vedtak without an end, with their paths.
        plasseringer: Placements with start and end.
        hjemler: Legal bases of the Vedtak, by id.
        has_person: Whether there is a Personalia that is not deleted.
        has_tiltak: Whether there is a Tiltak that counts.
        has_linked_meldinger: Whether there are Melding elements, and Relasjon elements to link them.
        has_linked_vedtak: Whether there are Vedtak elements, and Relasjon elements to link them.
        suspicious_dates: As of `ValueReader`.
    """

    def __init__(self, sak: Element, elements: ElementIndex, values: ValueReader) -> None:
        self.sak = sak
        self.elements = elements
        self.extract_day = values.extract_day
        self.start = values.start
        self.slutt = values.slutt
        self.fodt: str | None = None
        self.element_starts: list[tuple[str, str]] = []
        self.open_elements: list[tuple[Element, str]] = []
        self.open_vedtak: list[tuple[Element, str]] = []
        self.plasseringer: list[tuple[Element, str, str]] = []
        self.hjemler: dict[str, Hjemmel | None] = {}
        self.has_person = self.has_tiltak = False
        related = elements.has("Relasjon")
        self.has_linked_meldinger = related and elements.has("Melding")
        self.has_linked_vedtak = related and elements.has("Vedtak")
        self.suspicious_dates = values.suspicious_dates
        self._collector: FindingCollector = values.collector
        self._plausible_range = values.plausible_range
        self._earliest, self._latest = values.earliest, values.slutt or values.plausible_range[1]

    def add_finding(self, check_id: str, element: Element, path: str = "", *, lenient: bool = False) -> None:
        """Add the finding of a check, if the check applies on the day of the extract.

        Args:
            check_id: Id of the check.
            element: The element that the finding is about.
            path: Path of the element, if it is not that of the check.
            lenient: Whether the check's lenient severity applies.
        """
        check = EVALUATED_CHECKS[check_id]
        if self.extract_day >= check.since:
            severity = check.lenient_severity if lenient or self._is_migrated(element) else check.severity
            self._collector.add_check_finding(
                Finding(
                    severity, check.code, self._collector.file, element.sourceline, path or check.element, check.detail
                )
            )

    def check_presisering(self, element: Element, children: dict[str, Element], tag: str) -> None:
        """Check that the children with a tag have a Presisering if their code requires one."""
        check_id, codes = _PRESISERING[tag]
        for child in elements_by_tag(element, children, tag):
            if child.get("Kode") in codes and not child.get("Presisering"):
                self.add_finding(check_id, child)

    def is_within(self, start: str, slutt: str) -> bool:
        """Return whether days are in order, within the case and plausible: then no check of days can find anything."""
        return self._earliest <= start <= slutt <= self._latest

    def check_plausible_years(self, element: Element, path: str, *days: str | None) -> None:
        """Check that days are within 26 years of the extract (sak_1)."""
        first, last = self._plausible_range
        for day in days:
            if day is not None and not first <= day <= last:
                self.add_finding("sak_1", element, path)
                return

    def age_on(self, day: str) -> int | None:
        """Return the child's age on a day in whole years, or None if the day of birth is unknown."""
        fodt = self.fodt
        return None if fodt is None else int(day[:4]) - int(fodt[:4]) - (day[5:] < fodt[5:])

    def _is_migrated(self, element: Element) -> bool:
        """Return whether the element, or one that contains it, was migrated from an earlier system."""
        while element.get("MigrertId") is None:
            if element is self.sak:
                return False
            element = element.getparent()
        return True
