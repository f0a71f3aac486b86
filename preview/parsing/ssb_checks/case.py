"""The case as the controls see it, and where their findings go."""

from preview.model.findings import Finding, FindingCollector
from preview.parsing.elements import ElementIndex
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.ssb_checks.rules import EVALUATED_CHECKS
from preview.parsing.values import ValueReader
from preview.parsing.xml_input import Element

# By tag the control and the codes that ask for words of their own.
_PRESISERING = {
    "Melder": ("melder_2", ("22",)),
    "Saksinnhold": ("saksinnhold_2", ("18", "19")),
    "Vedtaksgrunnlag": ("undersokelse_3", ("18", "19")),
}


class CaseCheckContext:
    """One Sak that is read. `fodt` is the day of birth, where it is known.

    `apne` are elements without an end, and their paths, apart from the Vedtak; `starts` kind and start of what must not stand twice;
    `plasseringer` placements with start and end; `hjemler` the Lovhjemmel of the Vedtak by id; `meldinger` and `vedtak` tell whether
    those are there, and linked at all.
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
        """A finding of that control, where it holds on the day of the extract; `path` where it is not the control's own."""
        check = EVALUATED_CHECKS[check_id]
        if self.extract_day >= check.since:
            severity = check.lenient_severity if lenient or self._is_migrated(element) else check.severity
            self._collector.add_check_finding(
                Finding(severity, check.code, self._collector.file, element.sourceline, path or check.element, check.detail)
            )

    def check_presisering(self, element: Element, children: dict[str, Element], tag: str) -> None:
        """Of its children of that tag whose code asks for words of its own, and that have none; `children` are the last of each tag."""
        check_id, codes = _PRESISERING[tag]
        for child in (children[tag],) if len(children) == len(element) else element.iterchildren(tag):
            if child.get("Kode") in codes and not child.get("Presisering"):
                self.add_finding(check_id, child)

    def is_within(self, start: str, slutt: str) -> bool:
        """Whether those days are in their order, within the case and likely: then nothing more is asked of them."""
        return self._earliest <= start <= slutt <= self._latest

    def check_plausible_years(self, element: Element, path: str, *days: str | None) -> None:
        """Of days that the reader does not look at itself: each within 26 years of the extract."""
        first, last = self._plausible_range
        for day in days:
            if day is not None and not first <= day <= last:
                self.add_finding("sak_1", element, path)
                return

    def age_on(self, day: str) -> int | None:
        """The child's age on that day in whole years, where the birth is known."""
        fodt = self.fodt
        return None if fodt is None else int(day[:4]) - int(fodt[:4]) - (day[5:] < fodt[5:])

    def _is_migrated(self, element: Element) -> bool:
        """Whether it, or what it is in, is from a system before this one."""
        while element.get("MigrertId") is None:
            if element is self.sak:
                return False
            element = element.getparent()
        return True
