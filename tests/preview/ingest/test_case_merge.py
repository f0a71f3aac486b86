"""Tests that deliveries give the same case base in any order, with tombstones, migrated ids, repetitions (rule 1)."""

from itertools import pairwise
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from preview.ingest.case_merge import CaseMerger
from preview.model.case_records import CaseFolder
from preview.storage.database import Connection, Database
from tests.builders.case_records import case_folder
from tests.support.empty_store import copy_empty_store


def case_base(connection: Connection) -> object:
    """Return the stored cases by their ids, without running numbers."""
    stored: dict[int, set[bytes]] = {}
    for sak, nokkel in connection.execute("SELECT sak, key FROM sak_id").fetchall():
        stored.setdefault(sak, set()).add(nokkel)
    cases: list[object] = []
    for sak, uttrekk, innhold, fodt, slettet in connection.execute(
        "SELECT sak, extract_at, content_hash, fodt, slettet FROM sak"
    ).fetchall():
        meldinger = connection.execute(
            "SELECT nr, mottatt, konkludert, frist FROM melding WHERE sak = ? ORDER BY nr", (sak,)
        ).fetchall()
        cases.append((sorted(stored.pop(sak)), uttrekk, innhold, fodt, slettet, meldinger))
    assert not stored, "ids that lead nowhere"
    extract = connection.execute("SELECT first_extract_at, last_extract_at, case_system FROM source").fetchall()
    orphans = connection.execute(
        "SELECT count(*) FROM melding WHERE (source, sak) NOT IN (SELECT source, sak FROM sak WHERE NOT slettet)"
    ).fetchone()
    assert orphans == (0,)
    return sorted(cases), extract  # type: ignore[type-var]


def merged_case_base(folder: Path, deliveries: list[list[CaseFolder]]) -> object:
    """Import the deliveries into a new store, each in one transaction, and return its case base."""
    for file in folder.glob("fold.sqlite*"):
        file.unlink()
    copy_empty_store(folder / "fold.sqlite")
    database = Database(folder / "fold.sqlite")
    try:
        for number, folders in enumerate(deliveries, start=1):
            database.write(
                lambda connection, number=number: connection.execute(
                    """INSERT INTO delivery (delivery, delivery_status, full, size_bytes, sha256, actor, received_at)
                    VALUES (?, 'reading', 0, 0, '', 't', '')""",
                    (number,),
                )
            )
            merger = CaseMerger(number, full=False)
            database.write(lambda connection, merger=merger, folders=folders: merger.apply(connection, folders))
        return database.read(case_base)
    finally:
        database.close()


SAKER = st.sampled_from(["a", "b", "c", "d"])
FOLDERS = st.lists(
    st.tuples(SAKER, st.one_of(st.none(), st.integers(0, 3)), st.one_of(st.none(), st.none(), SAKER)),
    min_size=1,
    max_size=9,
)


@settings(max_examples=60)
@given(st.data())
def test_any_order_and_batching_merges_to_the_same_case_base(tmp_path_factory: object, data: st.DataObject) -> None:
    folder: Path = tmp_path_factory.mktemp("fold")  # type: ignore[attr-defined]
    drawn = data.draw(FOLDERS)
    folders = [
        case_folder(step, sak, content, migrert if migrert != sak else None)
        for step, (sak, content, migrert) in enumerate(drawn)
    ]
    repeated = folders + data.draw(st.lists(st.sampled_from(folders), max_size=4))
    shuffled = data.draw(st.permutations(repeated))
    cuts = data.draw(st.lists(st.integers(0, len(shuffled)), max_size=4).map(sorted))
    batches = [shuffled[start:end] for start, end in pairwise([0, *cuts, len(shuffled)])]
    assert merged_case_base(folder, batches) == merged_case_base(folder, [[case] for case in folders])
