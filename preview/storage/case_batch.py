"""The cases that a batch of folders touches: looked up in one go before it and written in one go after it.

Between two statements another thread may take the interpreter, and others wait for the write lock: a batch is a dozen statements,
not several for each of its folders.
"""

from collections.abc import Iterable

from preview.model.case_records import Innhold
from preview.storage import cases
from preview.storage.cases import SakRow, Standing
from preview.storage.database import Connection

Key = tuple[int, bytes]
"""A source and an id that a case of it is known by."""


class CaseBatch:
    """Knows the cases behind the ids that it is made for, and what the batch has done to them so far. `flush` writes that down."""

    def __init__(self, connection: Connection, keys: Iterable[Key] = ()) -> None:
        self._connection = connection
        self._saker: dict[Key, int] = {}
        self._rows: dict[tuple[int, int], SakRow] = {}
        self._next: dict[int, int] = {}
        self._standing: dict[tuple[int, int], Standing] = {}
        self._touched: set[tuple[int, int]] = set()
        self._linked: list[Key] = []
        self._gone: set[tuple[int, int]] = set()
        self._innhold: dict[tuple[int, int], Innhold] = {}
        by_kilde: dict[int, list[bytes]] = {}
        for kilde, nokkel in dict.fromkeys(keys):
            by_kilde.setdefault(kilde, []).append(nokkel)
        for kilde, nokler in by_kilde.items():
            for nokkel, row in cases.saker_by_nokkel(connection, kilde, nokler):
                self._saker[kilde, nokkel] = row.sak
                self._rows[kilde, row.sak] = row

    def known_by(self, kilde: int, nokkel: bytes) -> SakRow | None:
        """The case known by that id, as it stands now."""
        sak = self._saker.get((kilde, nokkel))
        return None if sak is None else self._rows[kilde, sak]

    def next_sak(self, kilde: int) -> int:
        """A number that no case of the source has."""
        if kilde not in self._next:
            self._next[kilde] = cases.next_sak(self._connection, kilde)
        self._next[kilde] += 1
        return self._next[kilde] - 1

    def put(self, kilde: int, row: SakRow, innhold: Innhold | None, *, held: bool) -> None:
        """What holds of a case from now on. `held` says that rows of it are there, or are among those collected."""
        key = (kilde, row.sak)
        self._rows[key] = row
        self._standing[key] = Standing(kilde, row, innhold.fodt if innhold else None, innhold.funn if innhold else 0)
        self._replace(key, innhold, held=held)

    def touch(self, kilde: int, sak: int, uttrekk: str, levering: bytes) -> None:
        """A newer folder with the same content holds."""
        key = (kilde, sak)
        old = self._rows[key]
        row = self._rows[key] = SakRow(sak, uttrekk, levering, old.innhold, old.slettet)
        if key in self._standing:
            self._standing[key] = self._standing[key]._replace(row=row)
        else:
            self._touched.add(key)

    def link(self, kilde: int, nokkel: bytes, sak: int) -> None:
        """From now on the case is known by that id too."""
        if (kilde, nokkel) not in self._saker:
            self._saker[kilde, nokkel] = sak
            self._linked.append((kilde, nokkel))

    def merge(self, kilde: int, sak: int, into: int) -> None:
        """Two ids turn out to be one case: what `sak` was known by leads to `into`, and its rows go."""
        self._write_standing()  # rare: what the store knows of them must be all
        self._replace((kilde, sak), None, held=True)
        cases.merge(self._connection, kilde, sak, into)
        self._rows.pop((kilde, sak))
        for key, known in self._saker.items():
            if key[0] == kilde and known == sak:
                self._saker[key] = into

    def flush(self) -> None:
        """Writes what was collected."""
        self._write_standing()
        cases.delete_innhold(self._connection, self._gone)
        cases.insert_innhold(self._connection, [(kilde, sak, innhold) for (kilde, sak), innhold in self._innhold.items()])
        self._gone.clear()
        self._innhold.clear()

    def _replace(self, key: tuple[int, int], innhold: Innhold | None, *, held: bool) -> None:
        self._innhold.pop(key, None)
        if held:
            self._gone.add(key)
        if innhold is not None:
            self._innhold[key] = innhold

    def _write_standing(self) -> None:
        cases.put_saker(self._connection, self._standing.values())
        cases.touch_saker(self._connection, [(kilde, self._rows[kilde, sak]) for kilde, sak in self._touched])
        cases.link(self._connection, [(kilde, nokkel, self._saker[kilde, nokkel]) for kilde, nokkel in self._linked])
        self._standing.clear()
        self._touched.clear()
        self._linked.clear()
