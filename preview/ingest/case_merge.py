"""Merges v4 case files into the case base, in whatever order they arrive (rules 1.1 to 1.5, 1.11 and 1.12,
docs/domain.md).

Each case file (`CaseFolder`) is complete. The case base therefore holds the newest one of each case, or a tombstone,
and all ids by which the case is known.
"""

from collections import Counter
from dataclasses import dataclass, field

from preview.core.clock import local_date, parse_timestamp
from preview.model.case_records import Avgiver, CaseFolder
from preview.model.findings import Finding, FindingCode
from preview.reports.organizations import get_or_create_organization
from preview.storage import cases, organizations
from preview.storage.case_batch import CaseBatch
from preview.storage.cases import SakRow
from preview.storage.database import Connection


@dataclass
class _SourceState:
    """The v4 source of one organisation while a delivery is read.

    Attributes:
        source_id: Number of the source.
        organization_id: The organisation.
        last_full_at: Time of its latest full delivery (rule 1.3).
        first_extract_at: Its first `DatoUttrekk`, a sortable timestamp; empty if none has been read.
        last_extract_at: Its newest `DatoUttrekk`, likewise.
        case_system: `Fagsystem/@Navn` of the newest case file.
        locked: Whether this delivery has changed it (rule S5, docs/api.md).
    """

    source_id: int
    organization_id: str
    last_full_at: str | None
    first_extract_at: str
    last_extract_at: str
    case_system: str
    locked: bool = False


@dataclass
class CaseMerger:
    """The merge of one delivery. Its methods run inside the caller's transactions.

    A delivery that is read again after a crash merges files again that an earlier claim has committed. That changes
    nothing, and they are not counted again.

    Attributes:
        delivery: Number of the delivery.
        full: Whether it was declared full (rule 1.3).
        completed_files: Number of files that earlier claims have committed.
        completed_cases: Number of cases of the file after these that earlier claims have committed.
        counts: Cases by outcome: `new`, `changed`, `unchanged`, `removed`.
        changed_by_organization: Cases that are not unchanged, by organisation.
        findings: Findings since the last `pop_findings`.
        latest_extract_at: Newest `DatoUttrekk` of the delivery, a sortable timestamp.
        file: Ordinal of the file of the last case.
        cases_in_file: Number of cases of that file so far.
    """

    delivery: int
    full: bool
    completed_files: int = 0
    completed_cases: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    changed_by_organization: Counter[str] = field(default_factory=Counter)
    findings: list[Finding] = field(default_factory=list)
    latest_extract_at: str = ""
    file: int = 0
    cases_in_file: int = 0
    _is_replay: bool = False
    _prepared: int | None = None
    _unsaved: set[str] = field(default_factory=set)
    _sources: dict[tuple[str, str], _SourceState] = field(default_factory=dict)
    _delivered_keys: dict[int, set[bytes]] = field(default_factory=dict)
    _kommuner: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def source_ids(self) -> list[tuple[int, str]]:
        """(source, organisation) of which this claim has read a case file."""
        return [(source.source_id, source.organization_id) for source in self._sources.values()]

    def pop_unsaved(self) -> dict[str, int]:
        """Return the changed cases by organisation, of those that were read or changed since the last call."""
        unsaved, self._unsaved = self._unsaved, set()
        return {organization_id: self.changed_by_organization[organization_id] for organization_id in sorted(unsaved)}

    def count_changed(self, organization_id: str, number: int) -> None:
        """Count cases of an organisation that are not unchanged."""
        self.changed_by_organization[organization_id] += number
        self._unsaved.add(organization_id)

    def known_avgivere(self) -> set[tuple[str, str]]:
        """Return the numbers (organisation, bydel) of which this claim has read a case file."""
        return set(self._sources)

    def pop_findings(self) -> list[Finding]:
        """Return the findings since the last call."""
        findings, self.findings = self.findings, []
        return findings

    def apply(self, connection: Connection, folders: list[CaseFolder], *, prepared: int | None = None) -> set[str]:
        """Merge case files into the case base.

        Args:
            connection: The caller's write transaction.
            folders: The case files, in order of reading.
            prepared: Number under which the content of the only one of them has been stored (`prepare_large_case`).

        Returns:
            Ids of the organisations whose source this delivery changes for the first time.
        """
        locked_before = {source.organization_id for source in self._sources.values() if source.locked}
        sources = [self._get_source(connection, folder.avgiver) for folder in folders]
        batch = CaseBatch(
            connection,
            (
                (source.source_id, key)
                for source, folder in zip(sources, folders, strict=True)
                for key in _case_keys(folder)
            ),
        )
        self._prepared = prepared
        for source, folder in zip(sources, folders, strict=True):
            self._begin_case(folder.file)
            self._update_extract_times(connection, source, folder)
            self._merge_folder(connection, batch, source, folder)
        batch.flush()
        if self._prepared is not None:  # Another delivery has stored the case meanwhile.
            cases.detach(connection, [(sources[0].source_id, self._prepared)])
            self._prepared = None
        for source in {source.source_id: source for source in sources}.values():
            organizations.set_extract_times(
                connection, source.source_id, source.first_extract_at, source.last_extract_at, source.case_system
            )
        return {source.organization_id for source in self._sources.values() if source.locked} - locked_before

    def begin_large_case(self, connection: Connection, folder: CaseFolder) -> tuple[int, int, str, bool] | None:
        """Begin to store the content of a case file before it is merged, if the merge will need it.

        The source is marked as being imported first: until the merge, the content belongs to no case.

        Args:
            connection: The caller's write transaction.
            folder: A case file with so much content that it is stored in several transactions.

        Returns:
            (source, number for the content, organisation, whether the source is marked for the first time), or None if
            the stored case is the same or newer.
        """
        source = self._get_source(connection, folder.avgiver)
        batch = CaseBatch(connection, ((source.source_id, key) for key in _case_keys(folder)))
        known_cases = [row for key in _case_keys(folder) if (row := batch.find_by_key(source.source_id, key))]
        current = max(known_cases, key=lambda row: row.extract_at, default=None)
        if current is not None and (
            folder.extract_at < current.extract_at or folder.content_hash == (current.content_hash or b"")
        ):
            return None
        was_locked = source.locked
        self._lock_source(connection, source)
        sak = batch.allocate_sak(source.source_id)
        cases.detach(connection, [(source.source_id, sak)], self.delivery)
        return source.source_id, sak, source.organization_id, not was_locked

    def is_full_taken(self, source_id: int, refused_files: int) -> bool:
        """Return whether the cases that a full delivery does not contain are to be deleted from a source (rule 1.3).

        They are not if a file was refused or if a later full delivery was imported before.
        """
        source = next(source for source in self._sources.values() if source.source_id == source_id)
        return not refused_files and (source.last_full_at is None or self.latest_extract_at > source.last_full_at)

    def missing_cases(self, source_id: int, stored: list[tuple[int, list[bytes]]]) -> list[int]:
        """Return those of the stored cases, given with their keys, that the delivery does not contain."""
        delivered_keys = self._delivered_keys.get(source_id, set())
        return [sak for sak, keys in stored if delivered_keys.isdisjoint(keys)]

    def delete_missing_cases(self, connection: Connection, source_id: int, saker: list[int]) -> set[str]:
        """Delete cases that a full delivery does not contain, and leave tombstones of its time (rule 1.3).

        Args:
            connection: The caller's write transaction.
            source_id: A source of the delivery.
            saker: Its `missing_cases`; one that a newer delivery has changed since stays.

        Returns:
            Ids of the organisations whose source this delivery changes for the first time.
        """
        self._is_replay = False
        source = next(source for source in self._sources.values() if source.source_id == source_id)
        was_locked = source.locked
        batch = CaseBatch(connection)
        for sak in cases.not_newer(connection, source_id, saker, self.latest_extract_at):
            batch.upsert(source_id, SakRow(sak, self.latest_extract_at, None, None, 1), None, has_stored_content=True)
            self._count_outcome(connection, source, "removed")
        batch.flush()
        return set() if was_locked or not source.locked else {source.organization_id}

    def _begin_case(self, file: int) -> None:
        self.cases_in_file = self.cases_in_file + 1 if file == self.file else 1
        self.file = file
        self._is_replay = file <= self.completed_files or (
            file == self.completed_files + 1 and self.cases_in_file <= self.completed_cases
        )

    def _get_source(self, connection: Connection, avgiver: Avgiver) -> _SourceState:
        key = (avgiver.organisasjonsnummer, avgiver.bydelsnummer)
        source = self._sources.get(key)
        if source is None:
            organization_id = get_or_create_organization(connection, avgiver)
            source_id = organizations.get_or_create_source(connection, organization_id, "v4", 0)
            row = organizations.source(connection, source_id)
            source = _SourceState(
                source_id,
                organization_id,
                row.last_full_at,
                row.first_extract_at or "",
                row.last_extract_at or "",
                row.case_system,
            )
            self._sources[key] = source
            self._unsaved.add(organization_id)
        kommune = (source.organization_id, avgiver.kommunenummer, avgiver.kommunenavn)
        if avgiver.kommunenummer and kommune not in self._kommuner:
            organizations.upsert_kommune(connection, *kommune)
            self._kommuner.add(kommune)
        return source

    def _update_extract_times(self, connection: Connection, source: _SourceState, folder: CaseFolder) -> None:
        """Update the first and newest `DatoUttrekk`; a change of the day of either changes the source (rules 1.11,
        1.12).
        """
        self.latest_extract_at = max(self.latest_extract_at, folder.extract_at)
        if not source.first_extract_at or folder.extract_at < source.first_extract_at:
            if not source.first_extract_at or _local_day(folder.extract_at) != _local_day(source.first_extract_at):
                self._lock_source(connection, source)
            source.first_extract_at = folder.extract_at
        if folder.extract_at >= source.last_extract_at:
            if not source.last_extract_at or _local_day(folder.extract_at) != _local_day(source.last_extract_at):
                self._lock_source(connection, source)
            source.last_extract_at, source.case_system = folder.extract_at, folder.case_system

    def _lock_source(self, connection: Connection, source: _SourceState) -> None:
        if not source.locked:
            organizations.lock_for_import(connection, source.source_id, self.delivery)
            source.locked = True

    def _count_outcome(self, connection: Connection, source: _SourceState, outcome: str) -> None:
        self.counts[outcome] += not self._is_replay
        if outcome != "unchanged":
            self.count_changed(source.organization_id, int(not self._is_replay))
            self._lock_source(connection, source)

    def _merge_folder(self, connection: Connection, batch: CaseBatch, source: _SourceState, folder: CaseFolder) -> None:
        source_id = source.source_id
        if self.full:
            self._delivered_keys.setdefault(source_id, set()).add(folder.key)
        keys = _case_keys(folder)
        known_cases = {row.sak: row for key in keys if (row := batch.find_by_key(source_id, key))}
        if (
            all(row.slettet for row in known_cases.values())
            and source.last_full_at is not None
            and folder.extract_at <= source.last_full_at
        ):
            # The case is not stored, and the file is no newer than the last full delivery (rule 1.3).
            self._count_outcome(connection, source, "unchanged")
            return
        current = max(known_cases.values(), key=lambda row: row.extract_at, default=None)
        if current is None:
            self._add_case(connection, batch, source, folder, keys)
            return
        merged = False
        for other in known_cases.values():
            # MigrertId shows that two ids name one case; the newest file of both wins (rule 1.4).
            if other.sak != current.sak:
                batch.merge(source_id, other.sak, current.sak)
                merged = merged or not other.slettet
        for key in keys:
            batch.link(source_id, key, current.sak)
        self._replace_case(connection, batch, source, folder, current, merged)

    def _add_case(
        self,
        connection: Connection,
        batch: CaseBatch,
        source: _SourceState,
        folder: CaseFolder,
        keys: tuple[bytes, ...],
    ) -> None:
        sak = batch.allocate_sak(source.source_id)
        self._store_folder(batch, source, folder, sak, stored=False)
        for key in keys:
            batch.link(source.source_id, key, sak)
        self._check_previous_delivery(folder, None)
        self._count_outcome(connection, source, "unchanged" if folder.content is None else "new")

    def _replace_case(
        self,
        connection: Connection,
        batch: CaseBatch,
        source: _SourceState,
        folder: CaseFolder,
        current: SakRow,
        merged: bool,
    ) -> None:
        """Replace the stored case file by this one if this one is newer (rules 1.1, 1.2)."""
        is_repeat = (
            folder.extract_at == current.extract_at
            and folder.delivery_hash == current.delivery_hash
            and folder.content_hash == (current.content_hash or b"")
        )
        if folder.extract_at < current.extract_at or is_repeat:
            self._count_outcome(connection, source, "changed" if merged else "unchanged")
            return
        self._check_previous_delivery(folder, current)
        if folder.content is not None and not current.slettet and folder.content_hash == current.content_hash:
            batch.set_extract(source.source_id, self._sak_row(folder, current.sak))
            self._count_outcome(connection, source, "changed" if merged else "unchanged")
            return
        self._store_folder(batch, source, folder, current.sak, stored=not current.slettet)
        if folder.content is None:
            outcome = "changed" if current.slettet and merged else "unchanged" if current.slettet else "removed"
        else:
            outcome = "new" if current.slettet else "changed"
        self._count_outcome(connection, source, outcome)

    def _store_folder(
        self, batch: CaseBatch, source: _SourceState, folder: CaseFolder, sak: int, *, stored: bool
    ) -> None:
        row = self._sak_row(folder, sak)
        prepared, self._prepared = self._prepared, None
        batch.upsert(source.source_id, row, folder.content, has_stored_content=stored, prepared=prepared)

    def _sak_row(self, folder: CaseFolder, sak: int) -> SakRow:
        digest = None if folder.content is None else folder.content_hash
        is_deleted = int(folder.content is None)
        return SakRow(
            sak, folder.extract_at, folder.delivery_hash, digest, is_deleted, delivery=self.delivery, file=folder.file
        )

    def _check_previous_delivery(self, folder: CaseFolder, current: SakRow | None) -> None:
        if (
            not self._is_replay
            and folder.previous_delivery_hash is not None
            and (current is None or current.delivery_hash != folder.previous_delivery_hash)
        ):
            self.findings.append(FindingCode.FORRIGE_NOT_SEEN.finding(folder.file, folder.line, "Barnevern@ForrigeId"))


def _case_keys(folder: CaseFolder) -> tuple[bytes, ...]:
    """Return the hashed ids by which the case is known: `Sak/@Id`, and `MigrertId` if there is one."""
    return (folder.key,) if folder.migrated_key is None else (folder.key, folder.migrated_key)


def _local_day(extract_at: str) -> str:
    return local_date(parse_timestamp(extract_at)).isoformat()
