"""Look up and write the cases of a batch of case files with a dozen statements in all, whatever the size of the batch.

Between two statements another thread may take the interpreter lock while the write lock is held, and other writers
wait. So the lookup precedes the batch, and everything it changes is written after it.
"""

from collections.abc import Iterable

import msgspec

from preview.model.case_records import CaseContent
from preview.storage import cases
from preview.storage.cases import CaseWrite, SakRow
from preview.storage.database import Connection

CaseKey = tuple[int, bytes]
"""Number of a source, and the hash of an id by which it knows a case."""


class CaseBatch:
    """The cases that a batch touches, with the changes of the batch applied in memory; `flush` writes them."""

    def __init__(self, connection: Connection, keys: Iterable[CaseKey] = ()) -> None:
        """Look up the cases.

        Args:
            connection: The write transaction of the batch.
            keys: Every key that the batch can ask for.
        """
        self._connection = connection
        self._sak_by_key: dict[CaseKey, int] = {}
        self._rows: dict[tuple[int, int], SakRow] = {}
        self._next_sak: dict[int, int] = {}
        self._pending_writes: dict[tuple[int, int], CaseWrite] = {}
        self._new_extracts: set[tuple[int, int]] = set()
        self._new_links: list[CaseKey] = []
        self._content_to_delete: set[tuple[int, int]] = set()
        self._content_to_insert: dict[tuple[int, int], CaseContent] = {}
        self._checked_for_size: set[tuple[int, int]] = set()
        self._moved: dict[tuple[int, int], int] = {}
        self._written_moves: set[tuple[int, int]] = set()
        keys_by_source: dict[int, list[bytes]] = {}
        for source, key in dict.fromkeys(keys):
            keys_by_source.setdefault(source, []).append(key)
        for source, source_keys in keys_by_source.items():
            for key, row in cases.saker_by_key(connection, source, source_keys):
                self._sak_by_key[source, key] = row.sak
                self._rows[source, row.sak] = row

    def find_by_key(self, source: int, key: bytes) -> SakRow | None:
        """Return the case that is known by that key, with the changes so far, or None."""
        sak = self._sak_by_key.get((source, key))
        return None if sak is None else self._rows[source, sak]

    def allocate_sak(self, source: int) -> int:
        """Return a case number that is not used in the source."""
        if source not in self._next_sak:
            self._next_sak[source] = cases.next_sak(self._connection, source)
        self._next_sak[source] += 1
        return self._next_sak[source] - 1

    def upsert(
        self,
        source: int,
        row: SakRow,
        content: CaseContent | None,
        *,
        has_stored_content: bool,
        prepared: int | None = None,
    ) -> None:
        """Insert or replace a case and its content.

        The content of a case with very many rows is not replaced in place: the case gets the number under which its
        new content lies, and the old content is detached.

        Args:
            source: Number of the source.
            row: The new state of the case.
            content: Its content; None for a tombstone.
            has_stored_content: Whether the case has content in the store or earlier in this batch.
            prepared: Number under which the content has been stored already (see `cases.detach`).
        """
        row = msgspec.structs.replace(row, sak=self._resolve(source, row.sak))
        key = (source, row.sak)
        self._rows[key] = row
        self._pending_writes[key] = CaseWrite(
            source, row, content.fodt if content else None, content.finding_count if content else 0
        )
        self._replace_content(key, None if prepared else content, has_stored_content=has_stored_content)
        if prepared:
            self._move(source, row.sak, prepared)
            self._next_sak.setdefault(source, cases.next_sak(self._connection, source))
            cases.attach(self._connection, source, prepared)

    def set_extract(self, source: int, newer: SakRow) -> None:
        """Note a newer case file with the same content: only its time, its hash and its place change."""
        sak = self._resolve(source, newer.sak)
        key = (source, sak)
        old = self._rows[key]
        row = self._rows[key] = msgspec.structs.replace(
            newer, sak=sak, content_hash=old.content_hash, slettet=old.slettet
        )
        if key in self._pending_writes:
            self._pending_writes[key] = self._pending_writes[key]._replace(row=row)
        else:
            self._new_extracts.add(key)

    def link(self, source: int, key: bytes, sak: int) -> None:
        """Make the case known by another key too."""
        if (source, key) not in self._sak_by_key:
            self._sak_by_key[source, key] = self._resolve(source, sak)
            self._new_links.append((source, key))

    def merge(self, source: int, sak: int, into: int) -> None:
        """Merge two cases that turn out to be one: keys of `sak` lead to `into`, and the rows of `sak` are deleted."""
        self._flush_case_rows()  # the store must know all keys of both cases; a merge is rare
        sak, into = self._resolve(source, sak), self._resolve(source, into)
        self._replace_content((source, sak), None, has_stored_content=True)
        cases.merge(self._connection, source, sak, into)
        self._rows.pop((source, sak))
        self._lead_keys(source, sak, into)

    def flush(self) -> None:
        """Write all collected changes."""
        self._flush_case_rows()
        self._detach_large_content()
        cases.delete_content(self._connection, self._content_to_delete)
        cases.insert_content(
            self._connection, [(source, sak, content) for (source, sak), content in self._content_to_insert.items()]
        )
        self._content_to_delete.clear()
        self._content_to_insert.clear()

    def _replace_content(self, key: tuple[int, int], content: CaseContent | None, *, has_stored_content: bool) -> None:
        self._content_to_insert.pop(key, None)
        if has_stored_content:
            self._content_to_delete.add(key)
        if content is not None:
            self._content_to_insert[key] = content

    def _resolve(self, source: int, sak: int) -> int:
        """Return the number that a case has now."""
        while (source, sak) in self._moved:
            sak = self._moved[source, sak]
        return sak

    def _move(self, source: int, sak: int, new_sak: int) -> None:
        """Give a case that is to be written another number, under which it has no content in the store."""
        self._moved[source, sak] = new_sak
        row = self._rows[source, new_sak] = msgspec.structs.replace(self._rows.pop((source, sak)), sak=new_sak)
        self._pending_writes[source, new_sak] = self._pending_writes.pop((source, sak))._replace(row=row)
        if (content := self._content_to_insert.pop((source, sak), None)) is not None:
            self._content_to_insert[source, new_sak] = content
        self._new_extracts.discard((source, sak))
        self._lead_keys(source, sak, new_sak)

    def _lead_keys(self, source: int, sak: int, new_sak: int) -> None:
        for key, known_sak in self._sak_by_key.items():
            if key[0] == source and known_sak == sak:
                self._sak_by_key[key] = new_sak

    def _detach_large_content(self) -> None:
        """Leave content with very many rows to be deleted later, and give cases that stay another number."""
        unchecked = sorted(self._content_to_delete - self._checked_for_size)
        self._checked_for_size.update(unchecked)
        large = cases.large(self._connection, unchecked)
        for source, sak in large:
            if (source, sak) in self._pending_writes:
                self._move(source, sak, self.allocate_sak(source))
        cases.detach(self._connection, large)
        self._content_to_delete.difference_update(large)

    def _flush_case_rows(self) -> None:
        self._detach_large_content()
        moved = [key for key in self._moved if key not in self._written_moves]
        cases.upsert_saker(self._connection, self._pending_writes.values())
        cases.set_extracts(self._connection, [(source, self._rows[source, sak]) for source, sak in self._new_extracts])
        cases.link(self._connection, [(source, key, self._sak_by_key[source, key]) for source, key in self._new_links])
        for source, sak in moved:
            cases.merge(self._connection, source, sak, self._moved[source, sak])
        self._written_moves.update(moved)
        self._pending_writes.clear()
        self._new_extracts.clear()
        self._new_links.clear()
