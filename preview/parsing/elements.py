"""Index of the children of a `Sak`: which of them count, and how they are related.

See rules 1.7, 1.8 and 4.5 (docs/domain.md).
"""

from collections import defaultdict
from collections.abc import Collection, Iterable

from preview.model.findings import FindingCode, FindingCollector
from preview.parsing.dates import parse_date
from preview.parsing.pseudonyms import normalize_id
from preview.parsing.xml_input import Element, canonicalize

# Kinds that a Relasjon or Slettet can name. Version 1 can also name the Status of a Vedtak.
_REFERABLE_KINDS = {
    "Personalia",
    "Melding",
    "Undersokelse",
    "Plan",
    "Tiltak",
    "Vedtak",
    "Ettervern",
    "OversendelseFylkesnemnd",
    "Flytting",
    "Relasjon",
}
_NO_RELATIONS: tuple[dict[str, list[str]], set[str]] = {}, set()
_COMMONLY_RELATED = ("Melding", "Undersokelse", "Tiltak")  # kinds that most Relasjon elements name


def is_deleted(element: Element) -> bool:
    """Return whether an element is marked as deleted by its own `ErSlettet`."""
    text = element.get("ErSlettet")
    return text is not None and text.strip() in ("true", "1")


def register_unique(
    seen: dict[str, Element], element_id: str, element: Element, path: str, collector: FindingCollector
) -> bool:
    """Register an element by its id, and return whether it is the first one with that id (rule 1.8).

    A repetition with other content becomes a finding. An element without an id is always a first one.

    Args:
        seen: The elements registered so far, by id; the element is added.
        element_id: Normalised id of the element; empty without one.
        element: The element.
        path: Path of the element, for the finding.
        collector: Collects the finding.
    """
    if not element_id:
        return True
    if element_id not in seen:
        seen[element_id] = element
        return True
    if canonicalize(seen[element_id]) != canonicalize(element):
        collector.add(FindingCode.REPEATED_ID, element.sourceline, f"{path}@Id")
    return False


class ElementIndex:
    """The children of one Sak by kind. References to elements that do not exist become findings."""

    def __init__(self, sak: Element, collector: FindingCollector) -> None:
        self._sak = sak
        self._collector = collector
        self._children: dict[str, list[Element]] = defaultdict(list)
        for child in sak:
            self._children[child.tag].append(child)
        self._ids: dict[str, Collection[str]] = {}
        self._unique: dict[str, list[tuple[Element, str, bool]]] = {}
        self._relations: dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]] | None = None
        self._deleted = self._read_slettet() if "Slettet" in self._children else frozenset[tuple[str, str]]()

    def has(self, kind: str) -> bool:
        """Return whether there is an element of a kind, deleted or not."""
        return kind in self._children

    def has_any(self, kinds: Collection[str]) -> bool:
        """Return whether there is an element of one of the kinds, deleted or not."""
        return not self._children.keys().isdisjoint(kinds)

    def unique_elements(self, kind: str) -> list[tuple[Element, str, bool]]:
        """Return the elements of a kind, of repeated Ids only the first.

        Returns:
            Element, normalised id, and whether the element counts, that is, is not deleted (rule 1.7).
        """
        found = self._unique.get(kind)
        if found is None:
            found = self._unique[kind] = []
            seen = self._ids[kind] = dict[str, Element]()
            deleted = self._deleted
            for element in self._children.get(kind, ()):
                element_id = element.get("Id", "").strip().lower()  # `normalize_id`, without the call: it is often used
                if element_id and element_id not in seen:
                    seen[element_id] = element
                elif not register_unique(seen, element_id, element, kind, self._collector):
                    continue
                found.append(
                    (
                        element,
                        element_id,
                        not (element.get("ErSlettet") or deleted) or not self._is_deleted(element, kind, element_id),
                    )
                )
        return found

    def unread_elements(self, kind: str) -> list[tuple[Element, str]]:
        """Return the elements of a kind that no field reads, with their ids; repetitions too, but no deleted ones."""
        children = self._children.get(kind)
        if children is None:
            return []
        found: list[tuple[Element, str]] = []
        ids = self._ids[kind] = set[str]()
        for element in children:
            element_id = normalize_id(element.get("Id"))
            ids.add(element_id)
            if not ((element.get("ErSlettet") or self._deleted) and self._is_deleted(element, kind, element_id)):
                found.append((element, element_id))
        return found

    def incoming(self, fra: str, til: str) -> dict[str, list[str]]:
        """Return for each id of kind `til` the ids of kind `fra` from which a Relasjon leads to it."""
        return self._relations_between(fra, til)[0]

    def outgoing(self, fra: str, til: str) -> set[str]:
        """Return the ids of kind `fra` from which a Relasjon leads to an element of kind `til`."""
        return self._relations_between(fra, til)[1]

    def _relations_between(self, fra: str, til: str) -> tuple[dict[str, list[str]], set[str]]:
        if self._relations is None:
            self._relations = self._read_relations()
        return self._relations.get((fra, til), _NO_RELATIONS)

    def _read_relations(self) -> dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]]:
        """Return the relations by the kinds of both ends, as the results of `incoming` and `outgoing`."""
        found: dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]] = defaultdict(lambda: ({}, set()))
        ids = self._ids
        for kind in _COMMONLY_RELATED:  # fields read them anyway, and their ids are indexed with them
            self.unique_elements(kind)
        for relasjon in self._children.get("Relasjon", ()):
            get = relasjon.get
            if (get("ErSlettet") or self._deleted) and self._is_deleted(relasjon, "Relasjon", get("Id")):
                continue
            fra_type, til_type = get("FraType", ""), get("TilType", "")
            fra_id, til_id = get("FraId", ""), get("TilId", "")
            fra_ids = ids[fra_type] if fra_type in ids else self._ids_of(fra_type)
            til_ids = ids[til_type] if til_type in ids else self._ids_of(til_type)
            if fra_id not in fra_ids:
                fra_id = normalize_id(fra_id)
            if til_id not in til_ids:
                til_id = normalize_id(til_id)
            if fra_id in fra_ids and til_id in til_ids and fra_id and til_id:
                incoming, outgoing = found[fra_type, til_type]
                incoming.setdefault(til_id, []).append(fra_id)
                outgoing.add(fra_id)
            else:
                self._collector.add(FindingCode.DANGLING_RELASJON, relasjon.sourceline, "Relasjon")
        return found

    def _is_deleted(self, element: Element, kind: str, element_id: str | None) -> bool:
        return is_deleted(element) or (bool(self._deleted) and (kind, normalize_id(element_id)) in self._deleted)

    def _read_slettet(self) -> frozenset[tuple[str, str]]:
        deleted: set[tuple[str, str]] = set()
        for slettet in self._children["Slettet"]:
            kind, element_id = slettet.get("Type", ""), normalize_id(slettet.get("Id"))
            if element_id and element_id in self._ids_of(kind):
                deleted.add((kind, element_id))
            else:
                self._collector.add(FindingCode.DANGLING_SLETTET, slettet.sourceline, "Slettet")
            if slettet.get("SluttDato") is not None and parse_date(slettet.get("SluttDato")) is None:
                self._collector.add(FindingCode.NO_END_DATE, slettet.sourceline, "Slettet@SluttDato")
        return frozenset(deleted)

    def _ids_of(self, kind: str) -> Collection[str]:
        """Return the ids of a kind, also of deleted elements."""
        ids = self._ids.get(kind)
        if ids is None:
            ids = self._ids[kind] = {normalize_id(element.get("Id")) for element in self._referable_elements(kind)}
        return ids

    def _referable_elements(self, kind: str) -> Iterable[Element]:
        if kind == "Status":
            return self._sak.iterfind("Vedtak/Status")
        return self._children.get(kind, ()) if kind in _REFERABLE_KINDS else ()
