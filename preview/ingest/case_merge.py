"""Folding: folders into the case base, whatever the order they come in (`domain.md` 1.1 to 1.5, 1.11, 1.12).

Each folder is complete, so the fold keeps for a case the newest folder (or a tombstone), and all ids that it is known by.
A `Fold` lives as long as one delivery is read; its methods run inside the caller's transactions, up to 200 folders to one.
"""

from collections import Counter
from dataclasses import dataclass, field

from preview.core.clock import oslo_day, parse_instant
from preview.model.case_records import Avgiver, Mappe
from preview.model.findings import Code, Finding
from preview.reports.organizations import organization_of
from preview.storage import cases, organizations
from preview.storage.case_batch import CaseBatch
from preview.storage.cases import SakRow
from preview.storage.database import Connection


@dataclass
class _Source:
    """An organisation's v4 source while a delivery is read."""

    kilde: int
    organization_id: str
    last_full: str | None
    first: str
    last: str
    fagsystem: str
    marked: bool = False


@dataclass
class Fold:
    """What one delivery has done so far. `counts` has new, changed, unchanged, removed; `changed` counts cases by organisation.

    Where a delivery is read again after a crash, files up to `done_files` were taken by an earlier claim: they are folded again, which
    changes nothing, and are not counted again.
    """

    delivery: int
    full: bool
    done_files: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    changed: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    newest: str = ""
    _again: bool = False
    _sources: dict[tuple[str, str], _Source] = field(default_factory=dict)
    _seen: dict[int, set[bytes]] = field(default_factory=dict)
    _kommuner: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def organization_ids(self) -> set[str]:
        """Organisations of which a folder was read."""
        return {source.organization_id for source in self._sources.values()}

    def take(self, connection: Connection, mapper: list[Mappe]) -> set[str]:
        """Folds these folders in; returns the organisations whose source was changed by this delivery for the first time."""
        before = {source.organization_id for source in self._sources.values() if source.marked}
        sources = [self._source(connection, mappe.avgiver) for mappe in mapper]
        batch = CaseBatch(
            connection,
            ((source.kilde, nokkel) for source, mappe in zip(sources, mapper, strict=True) for nokkel in _nokler(mappe)),
        )
        for source, mappe in zip(sources, mapper, strict=True):
            self._again = mappe.file <= self.done_files
            self._note_extract(connection, source, mappe)
            self._fold(connection, batch, source, mappe)
        batch.flush()
        for source in {source.kilde: source for source in sources}.values():
            organizations.put_extract(connection, source.kilde, source.first, source.last, source.fagsystem)
        return {source.organization_id for source in self._sources.values() if source.marked} - before

    def finish_full(self, connection: Connection, refused_files: int) -> None:
        """Takes out what a full delivery does not hold (1.3), with tombstones of its time; or, where it may not, says why."""
        batch = CaseBatch(connection)
        self._again = False
        for source in self._sources.values():
            if refused_files or (source.last_full is not None and self.newest <= source.last_full):
                self.findings.append(Code.FULL_NOT_TAKEN.at(0, element="Barnevern@DatoUttrekk"))
                continue
            seen = self._seen.get(source.kilde, set())
            for sak, nokler in cases.held_not_newer(connection, source.kilde, self.newest):
                if seen.isdisjoint(nokler):
                    batch.put(source.kilde, SakRow(sak, self.newest, None, None, 1), None, held=True)
                    self._count(connection, source, "removed")
            organizations.put_last_full(connection, source.kilde, self.newest)
        batch.flush()

    def _source(self, connection: Connection, avgiver: Avgiver) -> _Source:
        key = (avgiver.organisasjonsnummer, avgiver.bydelsnummer)
        source = self._sources.get(key)
        if source is None:
            organization_id = organization_of(connection, avgiver)
            number = organizations.ensure_kilde(connection, organization_id, "v4", 0)
            row = organizations.kilde(connection, number)
            source = _Source(number, organization_id, row.siste_fulle, row.forste_uttrekk or "", row.siste_uttrekk or "", row.fagsystem)
            self._sources[key] = source
        kommune = (source.organization_id, avgiver.kommunenummer, avgiver.kommunenavn)
        if avgiver.kommunenummer and kommune not in self._kommuner:
            organizations.put_kommune(connection, *kommune)
            self._kommuner.add(kommune)
        return source

    def _note_extract(self, connection: Connection, source: _Source, mappe: Mappe) -> None:
        """First and newest `DatoUttrekk` are over all files read; the day of either shapes the values (1.11, 1.12)."""
        self.newest = max(self.newest, mappe.uttrekk)
        if not source.first or mappe.uttrekk < source.first:
            if not source.first or _day(mappe.uttrekk) != _day(source.first):
                self._mark(connection, source)
            source.first = mappe.uttrekk
        if mappe.uttrekk >= source.last:
            if not source.last or _day(mappe.uttrekk) != _day(source.last):
                self._mark(connection, source)
            source.last, source.fagsystem = mappe.uttrekk, mappe.fagsystem

    def _mark(self, connection: Connection, source: _Source) -> None:
        if not source.marked:
            organizations.mark_being_read(connection, source.kilde, self.delivery)
            source.marked = True

    def _count(self, connection: Connection, source: _Source, what: str) -> None:
        self.counts[what] += not self._again
        if what != "unchanged":
            self.changed[source.organization_id] += not self._again
            self._mark(connection, source)

    def _fold(self, connection: Connection, batch: CaseBatch, source: _Source, mappe: Mappe) -> None:
        kilde = source.kilde
        if self.full:
            self._seen.setdefault(kilde, set()).add(mappe.nokkel)
        nokler = _nokler(mappe)
        known = {row.sak: row for nokkel in nokler if (row := batch.known_by(kilde, nokkel))}
        if all(row.slettet for row in known.values()) and source.last_full is not None and mappe.uttrekk <= source.last_full:
            self._count(connection, source, "unchanged")  # of a case not held, no newer than the last full delivery (1.3)
            return
        held = max(known.values(), key=lambda row: row.uttrekk, default=None)
        if held is None:
            self._add(connection, batch, source, mappe, nokler)
            return
        merged = False
        for other in known.values():
            if other.sak != held.sak:  # MigrertId shows two ids to be one case: the newest folder of both holds (1.4)
                batch.merge(kilde, other.sak, held.sak)
                merged = merged or not other.slettet
        for nokkel in nokler:
            batch.link(kilde, nokkel, held.sak)
        self._replace(connection, batch, source, mappe, held, merged)

    def _add(self, connection: Connection, batch: CaseBatch, source: _Source, mappe: Mappe, nokler: tuple[bytes, ...]) -> None:
        sak = batch.next_sak(source.kilde)
        self._put(batch, source, mappe, sak, held=False)
        for nokkel in nokler:
            batch.link(source.kilde, nokkel, sak)
        self._check_previous(mappe, None)
        self._count(connection, source, "unchanged" if mappe.innhold is None else "new")

    def _replace(self, connection: Connection, batch: CaseBatch, source: _Source, mappe: Mappe, held: SakRow, merged: bool) -> None:
        """Decides between the folder held and this one (1.1, 1.2)."""
        repeated = mappe.uttrekk == held.uttrekk and mappe.levering == held.levering and mappe.digest == (held.innhold or b"")
        if mappe.uttrekk < held.uttrekk or repeated:
            self._count(connection, source, "changed" if merged else "unchanged")
            return
        self._check_previous(mappe, held)
        if mappe.innhold is not None and not held.slettet and mappe.digest == held.innhold:
            batch.touch(source.kilde, held.sak, mappe.uttrekk, mappe.levering)
            self._count(connection, source, "changed" if merged else "unchanged")
            return
        self._put(batch, source, mappe, held.sak, held=not held.slettet)
        if mappe.innhold is None:
            what = "changed" if held.slettet and merged else "unchanged" if held.slettet else "removed"
        else:
            what = "new" if held.slettet else "changed"
        self._count(connection, source, what)

    def _put(self, batch: CaseBatch, source: _Source, mappe: Mappe, sak: int, *, held: bool) -> None:
        digest = None if mappe.innhold is None else mappe.digest
        row = SakRow(sak, mappe.uttrekk, mappe.levering, digest, int(mappe.innhold is None))
        batch.put(source.kilde, row, mappe.innhold, held=held)

    def _check_previous(self, mappe: Mappe, held: SakRow | None) -> None:
        if mappe.forrige is not None and (held is None or held.levering != mappe.forrige):
            self.findings.append(Code.FORRIGE_NOT_SEEN.at(mappe.file, mappe.line, "Barnevern@ForrigeId"))


def _nokler(mappe: Mappe) -> tuple[bytes, ...]:
    """The ids that its case is known by."""
    return (mappe.nokkel,) if mappe.migrert is None else (mappe.nokkel, mappe.migrert)


def _day(uttrekk: str) -> str:
    return oslo_day(parse_instant(uttrekk)).isoformat()
