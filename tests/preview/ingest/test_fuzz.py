"""Tests of hostile input: mutated files never crash the parser, exceed its memory limit or leave a transaction open,
and a valid file after them gives its numbers.
"""

import random
from pathlib import Path

import pytest
from sqlite_utils.utils import sqlite3  # pyright: ignore[reportPrivateImportUsage]

from tests.builders.case_xml import folder
from tests.builders.kostra_xml import annual_file, flytting, individ, melding, plan, tiltak, undersokelse
from tests.builders.services import SampleService
from tests.preview.parsing.xml_versions import complete
from tests.support.fuzz_mutations import mutate
from tests.support.pipeline import aggregate, deliver, document, open_application, values, wait_until, zip_files
from tests.support.published_files import published_folder

CAP_BYTES = 256 * 2**20
PER_DELIVERY = 12
FIGURES = (
    b"organization_id,period_id,field_key,value,data_source\n"
    b"org-1,2024,antall_arsverk,12.5,lonn\n"
    b"org-1,2024,antall_arsverk_ubesatt,,\n"
)
ORGANIZATIONS = (
    b"organization_id,organization_name,organisasjonsnummer,bydelsnummer\n"
    b"org-1,Tjenesten,999999999,02\n"
    b"org-2,Annen,888888888,\n"
)


@pytest.fixture
def published() -> Path | None:
    """Return the folder of published example files, None without it."""
    return published_folder()


def seeds(cases: Path | None) -> list[bytes]:
    """Return valid files of every kind, with the published ones if they are available."""
    case = individ(
        meldinger=[melding("2020-02-10", "2020-02-17", "2", [undersokelse("2020-02-17", "2020-04-01")])],
        planer=[plan("2020-03-01", "2020-09-01")],
        tiltak=[tiltak("2020-03-01", "2020-10-01")],
        flyttinger=[flytting("2020-05-01")],
    )
    made = [complete(1), complete(3), complete(4), folder(), annual_file(case, case), FIGURES, ORGANIZATIONS]
    made.append(zip_files(made[:3]))
    published = (
        []
        if cases is None
        else sorted(path.read_bytes() for path in cases.rglob("*.*") if path.suffix in (".xml", ".dat"))
    )
    return made + published


def parser_processes() -> set[str]:
    """Return the parser processes of this process, of every open application."""
    children = [pid for task in Path("/proc/self/task").iterdir() for pid in (task / "children").read_text().split()]
    return {pid for pid in children if b"preview.parsing.worker_process" in Path(f"/proc/{pid}/cmdline").read_bytes()}


def peak_bytes(pid: str) -> int:
    """Return the peak memory of the process."""
    return 1024 * int(Path(f"/proc/{pid}/status").read_text().split("VmHWM:")[1].split()[0])


def assert_nothing_is_open(store: Path) -> None:
    """Return whether no transaction is open: another connection can then empty the write-ahead log."""
    connection = sqlite3.connect(store, isolation_level=None, timeout=0)

    def emptied() -> bool:
        try:
            busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError:
            return False
        return not busy

    try:
        wait_until(emptied, "the transactions to end")
    finally:
        connection.close()


def attack(data_dir: Path, files: list[bytes], deliveries: int, seed: int) -> None:
    """Deliver mutated files, and then a valid one."""
    rng = random.Random(seed)
    files_read = files_refused = 0
    service = SampleService()
    others = parser_processes()
    with open_application(data_dir, reader_memory_bytes=CAP_BYTES) as application:
        deliver(application, service.folder(1, "2024-05-01", ["2024-02-01"]))
        (reader,) = parser_processes() - others
        for _ in range(deliveries):
            bad = [
                mutate(rng.choice(files), rng.choice(files), rng.randrange(2**32))
                for _ in range(rng.randint(1, PER_DELIVERY))
            ]
            if not any(bad):
                continue
            imported = deliver(application, *bad, full=rng.random() < 0.2)
            assert imported.delivery_status in ("taken", "refused")
            files_read += imported.files - imported.refused_files
            files_refused += imported.refused_files
            wait_until(lambda: not list((data_dir / "spool").iterdir()), "the spool to be empty")
        assert parser_processes() - others == {reader}, "a reader crashed"
        assert peak_bytes(reader) < CAP_BYTES
        assert min(files_read, files_refused) > deliveries / 4, (
            "mutations should be accepted as well as be refused at it"
        )
        assert_nothing_is_open(data_dir / "store.sqlite")
        deliver(application, service.folder(1, "2024-05-02", ["2024-02-01", "2024-02-02"]))
        requested = aggregate(application, service.organization_id, "2024")
        assert values(document(application, requested.snapshot_id))["antall_meldinger_mottatt"] == 2


@pytest.mark.parametrize("seed", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_mutated_files_cause_no_failure(data_dir: Path, published: Path | None, seed: int) -> None:
    attack(data_dir, seeds(published), deliveries=200, seed=seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 110))
def test_many_mutated_files_cause_no_failure(data_dir: Path, published: Path | None, seed: int) -> None:
    attack(data_dir, seeds(published), deliveries=1_000, seed=seed)
