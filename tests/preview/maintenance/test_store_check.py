"""The check of a store finds each kind of fault, and none in a sound store."""

import shutil
from pathlib import Path

import pytest

from preview.core.errors import StoreError
from preview.form.catalogue import Catalogue
from preview.maintenance.store_check import check_store
from preview.reports.reconcile import ReportConfig
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, open_application

TILTAK = [case_xml.tiltak("2023-02-02")]
"""Two children with a hjelpetiltak: a count that suppression withholds."""

CONFIG = ReportConfig(Catalogue.load(), suppress=False)


@pytest.fixture(scope="module")
def store_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with two cases, a figure and two snapshots of 2023 and 2024."""
    folder, service = tmp_path_factory.mktemp("store"), SampleService()
    with open_application(folder) as application:
        deliver(
            application,
            *(service.folder(case, "2025-01-15", ["2023-02-01", "2024-02-01"], tiltak=TILTAK) for case in (1, 2)),
        )
        deliver(application, service.figures("2024,antall_arsverk,7.5,lonn"))
        for period_id in ("2023", "2024"):
            aggregate(application, service.organization_id, period_id)
        deliver(application, b"<Barnevern/>")
    return folder


@pytest.fixture
def store(store_template: Path, data_dir: Path) -> Path:
    """A copy of the data folder."""
    shutil.copytree(store_template, data_dir, dirs_exist_ok=True)
    return data_dir


def break_store(store: Path, statement: str) -> None:
    """Change the store behind the program's back; references are not checked."""
    with open_application(store, started=False) as application:
        # foreign_keys cannot be switched within a transaction; deferring it and dropping the violation at commit cannot
        # either.
        application.database.write(lambda connection: connection.execute(statement))


def test_sound_store_has_no_faults(store: Path) -> None:
    assert check_store(store, CONFIG) == []


def test_store_is_checked_beside_a_working_application(data_dir: Path, service: SampleService) -> None:
    with open_application(data_dir) as application:
        deliver(application, service.folder(1, "2025-01-15", ["2024-02-01"]))
        aggregate(application, service.organization_id, "2024")
        assert check_store(data_dir, CONFIG) == []


@pytest.mark.parametrize(
    ("statement", "fault"),
    [
        ("UPDATE snapshot SET snapshot_status = 'historical'", "the status is historical and should be current"),
        ("UPDATE snapshot SET cache_valid = 0", "cache_valid is False and should be True"),
        (
            "UPDATE snapshot_value SET value = 99 WHERE field_key = 'antall_meldinger_mottatt'",
            "does not show the stored values",
        ),
        ("UPDATE snapshot SET document = CAST('{}' AS BLOB)", "does not show the stored values"),
        ("UPDATE snapshot SET populated = 3", "3 fields are counted as populated"),
        ("UPDATE organization SET organization_name = 'Another'", "was not rendered after its last change"),
        ("UPDATE source SET version = version + 1", "cache_valid is True and should be False"),
        ("UPDATE delivery SET spool = 'a' WHERE delivery = 1", "delivery 1 has ended and still has a spool file"),
        ("UPDATE delivery SET finding_count = 0", "counts fewer findings than are stored"),
        ("INSERT INTO import_lock (source, delivery) VALUES (1, 1)", "delivery 1 has ended and still locks a source"),
        ("UPDATE sak SET slettet = 1", "is a tombstone that has content"),
        ("DELETE FROM sak_id", "has no id"),
        ("UPDATE job SET job_status = 'failed'", "has deliveries behind it and has not completed"),
        ("UPDATE input_change SET delivery = 77", "v4 has a delivery that is missing"),
        ("UPDATE audit SET event = event + 1000", "of the audit trail has an event that was never given out"),
        ("UPDATE audit SET event = NULL", "of the audit trail has a value of no event"),
        ("DELETE FROM figure_version", "has no version"),
        ("UPDATE event SET type = 'snapshot_deleted' WHERE event = 1", "event 1 has data of another event"),
        ("UPDATE event SET event = event + 1000 WHERE event = 1", "event 1001 has an id that was never given out"),
        (
            (
                "INSERT INTO melding "
                "SELECT source, 77, nr, mottatt, konkludert, konklusjon, frist FROM melding WHERE sak = 1"
            ),
            "has rows in melding",
        ),
        ("UPDATE sqlite_sequence SET seq = 1 WHERE name = 'event'", "has an id that was never given out"),
    ],
)
def test_fault_is_found(store: Path, statement: str, fault: str) -> None:
    break_store(store, statement)
    faults = check_store(store, CONFIG)
    assert any(fault in found for found in faults), faults


def test_damaged_file_is_found(store: Path) -> None:
    path = store / "store.sqlite"
    content = bytearray(path.read_bytes())
    for page in range(4096 * 8, len(content), 4096):
        content[page + 8 : page + 64] = bytes(56)
    path.write_bytes(content)
    assert damage(store)


def damage(store: Path) -> list[str]:
    """The faults of a store, a refusal to read it among them."""
    try:
        return check_store(store, CONFIG)
    except StoreError as error:
        return [error.detail]


def test_missing_store_is_refused_and_not_made(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no store in"):
        check_store(tmp_path / "nothing", CONFIG)
    assert not (tmp_path / "nothing").exists()


def test_other_setting_for_small_counts_is_noticed(store: Path) -> None:
    assert check_store(store, ReportConfig(CONFIG.catalogue, suppress=True))
