"""The children of a `Sak` by kind: which of them count, and which led to which (`domain.md` 1.7, 1.8, 4.5)."""

from collections import defaultdict
from collections.abc import Collection

from preview.model.findings import Code, Notes
from preview.parsing.dates import day
from preview.parsing.pseudonyms import same_id
from preview.parsing.xml_input import Element, canonical

# What a Relasjon or Slettet may name, besides version 1's Status, which lies within Vedtak.
_KINDS = {
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
_NONE: tuple[dict[str, list[str]], set[str]] = {}, set()
_RELATED = ("Melding", "Undersokelse", "Tiltak")  # mostly


def is_deleted(element: Element) -> bool:
    """Whether it says so itself, by `ErSlettet`."""
    text = element.get("ErSlettet")
    return text is not None and text.strip() in ("true", "1")


def is_first(seen: dict[str, Element], name: str, element: Element, path: str, notes: Notes) -> bool:
    """Whether it is the first of its id in `seen`, where it is then entered; a repetition with other content is noted (`domain.md` 1.8).

    One without an id is a thing of its own.
    """
    if not name:
        return True
    if name not in seen:
        seen[name] = element
        return True
    if canonical(seen[name]) != canonical(element):
        notes.add(Code.REPEATED_ID, element.sourceline, f"{path}@Id")
    return False


class Elements:
    """Made of one Sak; what points at nothing is noted."""

    def __init__(self, sak: Element, notes: Notes) -> None:
        self._sak = sak
        self._notes = notes
        self._children: dict[str, list[Element]] = defaultdict(list)
        for child in sak:
            self._children[child.tag].append(child)
        self._ids: dict[str, Collection[str]] = {}
        self._things: dict[str, list[tuple[Element, str, bool]]] = {}
        self._relations: dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]] | None = None
        self._deleted = self._read_slettet() if "Slettet" in self._children else frozenset[tuple[str, str]]()

    def any(self, kind: str) -> bool:
        """Whether there is one of that kind, deleted or not."""
        return kind in self._children

    def any_of(self, kinds: Collection[str]) -> bool:
        """Whether there is one of those kinds, deleted or not."""
        return not self._children.keys().isdisjoint(kinds)

    def things(self, kind: str) -> list[tuple[Element, str, bool]]:
        """Each thing of that kind once, the first where its Id repeats: element, id, and whether it counts (is not deleted)."""
        found = self._things.get(kind)
        if found is None:
            found = self._things[kind] = []
            seen = self._ids[kind] = dict[str, Element]()
            deleted = self._deleted
            for element in self._children.get(kind, ()):
                name = element.get("Id", "").strip().lower()  # as `same_id`, which would be asked a dozen times a folder
                if name and name not in seen:
                    seen[name] = element
                elif not is_first(seen, name, element, kind, self._notes):
                    continue
                found.append((element, name, not (element.get("ErSlettet") or deleted) or not self._is_deleted(element, kind, name)))
        return found

    def read_over(self, kind: str) -> list[tuple[Element, str]]:
        """Those of a kind that no field reads, with their ids, repetitions too; without those that are deleted."""
        children = self._children.get(kind)
        if children is None:
            return []
        found: list[tuple[Element, str]] = []
        names = self._ids[kind] = set[str]()
        for element in children:
            name = same_id(element.get("Id"))
            names.add(name)
            if not ((element.get("ErSlettet") or self._deleted) and self._is_deleted(element, kind, name)):
                found.append((element, name))
        return found

    def led_to(self, fra: str, til: str) -> dict[str, list[str]]:
        """By the id of each `til`, the ids of each `fra` that a Relasjon leads from."""
        return self._related(fra, til)[0]

    def led_from(self, fra: str, til: str) -> set[str]:
        """The ids of each `fra` from which a Relasjon leads to a `til`."""
        return self._related(fra, til)[1]

    def _related(self, fra: str, til: str) -> tuple[dict[str, list[str]], set[str]]:
        if self._relations is None:
            self._relations = self._read_relations()
        return self._relations.get((fra, til), _NONE)

    def _read_relations(self) -> dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]]:
        """By the kinds of both ends what leads to each, and what leads from; those that point at nothing are noted."""
        found: dict[tuple[str, str], tuple[dict[str, list[str]], set[str]]] = defaultdict(lambda: ({}, set()))
        ids = self._ids
        for kind in _RELATED:  # they are read anyway, and their ids with them
            self.things(kind)
        for relasjon in self._children.get("Relasjon", ()):
            get = relasjon.get
            if (get("ErSlettet") or self._deleted) and self._is_deleted(relasjon, "Relasjon", get("Id")):
                continue
            fra_type, til_type = get("FraType", ""), get("TilType", "")
            fra_id, til_id = get("FraId", ""), get("TilId", "")
            fra_ids = ids[fra_type] if fra_type in ids else self._names(fra_type)
            til_ids = ids[til_type] if til_type in ids else self._names(til_type)
            if fra_id not in fra_ids:
                fra_id = same_id(fra_id)
            if til_id not in til_ids:
                til_id = same_id(til_id)
            if fra_id in fra_ids and til_id in til_ids and fra_id and til_id:
                led_to, led_from = found[fra_type, til_type]
                led_to.setdefault(til_id, []).append(fra_id)
                led_from.add(fra_id)
            else:
                self._notes.add(Code.DANGLING_RELASJON, relasjon.sourceline, "Relasjon")
        return found

    def _is_deleted(self, element: Element, kind: str, name: str | None) -> bool:
        return is_deleted(element) or (bool(self._deleted) and (kind, same_id(name)) in self._deleted)

    def _read_slettet(self) -> frozenset[tuple[str, str]]:
        deleted: set[tuple[str, str]] = set()
        for slettet in self._children["Slettet"]:
            kind, name = slettet.get("Type", ""), same_id(slettet.get("Id"))
            if name and name in self._names(kind):
                deleted.add((kind, name))
            else:
                self._notes.add(Code.DANGLING_SLETTET, slettet.sourceline, "Slettet")
            if slettet.get("SluttDato") is not None and day(slettet.get("SluttDato")) is None:
                self._notes.add(Code.NO_END_DATE, slettet.sourceline, "Slettet@SluttDato")
        return frozenset(deleted)

    def _names(self, kind: str) -> Collection[str]:
        """The ids of that kind."""
        names = self._ids.get(kind)
        if names is None:
            among = self._sak.iterfind("Vedtak/Status") if kind == "Status" else self._children.get(kind, ()) if kind in _KINDS else ()
            names = self._ids[kind] = {same_id(element.get("Id")) for element in among}
        return names
