"""The case as the controls see it, and where their findings go."""

from preview.model.findings import Finding, Notes
from preview.parsing.elements import Elements
from preview.parsing.lovhjemmel import Hjemmel
from preview.parsing.ssb_checks.rules import RULES
from preview.parsing.values import Values
from preview.parsing.xml_input import Element

# By tag the control and the codes that ask for words of their own.
_PRESISERING = {
    "Melder": ("melder_2", ("22",)),
    "Saksinnhold": ("saksinnhold_2", ("18", "19")),
    "Vedtaksgrunnlag": ("undersokelse_3", ("18", "19")),
}


class Case:
    """One Sak that is read. `fodt` is the day of birth, where it is known.

    `apne` are elements without an end, and their paths, apart from the Vedtak; `starts` kind and start of what must not stand twice;
    `plasseringer` placements with start and end; `hjemler` the Lovhjemmel of the Vedtak by id; `meldinger` and `vedtak` tell whether
    those are there, and linked at all.
    """

    def __init__(self, sak: Element, elements: Elements, values: Values) -> None:
        self.sak = sak
        self.elements = elements
        self.uttrekk = values.uttrekk
        self.start = values.first
        self.slutt = values.slutt
        self.fodt: str | None = None
        self.starts: list[tuple[str, str]] = []
        self.apne: list[tuple[Element, str]] = []
        self.apne_vedtak: list[tuple[Element, str]] = []
        self.plasseringer: list[tuple[Element, str, str]] = []
        self.hjemler: dict[str, Hjemmel | None] = {}
        self.has_person = self.has_tiltak = False
        related = elements.any("Relasjon")
        self.meldinger = related and elements.any("Melding")
        self.vedtak = related and elements.any("Vedtak")
        self.strange = values.strange
        self._notes: Notes = values.notes
        self._years = values.years
        self._floor, self._ceiling = values.floor, values.slutt or values.years[1]

    def note(self, control: str, element: Element, path: str = "", *, milder: bool = False) -> None:
        """A finding of that control, where it holds on the day of the extract; `path` where it is not the control's own."""
        rule = RULES[control]
        if self.uttrekk >= rule.since:
            severity = rule.lesser if milder or self._is_migrated(element) else rule.severity
            self._notes.add_control(Finding(severity, rule.code, self._notes.file, element.sourceline, path or rule.element, rule.detail))

    def check_presisering(self, element: Element, children: dict[str, Element], tag: str) -> None:
        """Of its children of that tag whose code asks for words of its own, and that have none; `children` are the last of each tag."""
        control, asking = _PRESISERING[tag]
        for child in (children[tag],) if len(children) == len(element) else element.iterchildren(tag):
            if child.get("Kode") in asking and not child.get("Presisering"):
                self.note(control, child)

    def is_within(self, start: str, slutt: str) -> bool:
        """Whether those days are in their order, within the case and likely: then nothing more is asked of them."""
        return self._floor <= start <= slutt <= self._ceiling

    def check_years(self, element: Element, path: str, *days: str | None) -> None:
        """Of days that the reader does not look at itself: each within 26 years of the extract."""
        first, last = self._years
        for each in days:
            if each is not None and not first <= each <= last:
                self.note("sak_1", element, path)
                return

    def alder(self, dag: str) -> int | None:
        """The child's age on that day in whole years, where the birth is known."""
        fodt = self.fodt
        return None if fodt is None else int(dag[:4]) - int(fodt[:4]) - (dag[5:] < fodt[5:])

    def _is_migrated(self, element: Element) -> bool:
        """Whether it, or what it is in, is from a system before this one."""
        while element.get("MigrertId") is None:
            if element is self.sak:
                return False
            element = element.getparent()
        return True
