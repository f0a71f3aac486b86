"""An organisation with everything that one can have, an eraser without waits, and a search for what remains of it."""

from pathlib import Path

from preview.maintenance.erasure import OrganizationEraser
from preview.runtime.application import Application
from preview.storage import idempotency, jobs
from preview.storage.database import Connection
from preview.storage.idempotency import StoredResponseRow
from preview.storage.reviews import acknowledgements, approvals
from preview.storage.reviews.acknowledgements import AcknowledgementRow
from preview.storage.reviews.approvals import NewApproval
from tests.builders import case_xml
from tests.builders.services import SampleService
from tests.support.pipeline import aggregate, deliver, wait_until

PERIODS = ("2023", "2024", "2024-H1")


def populate(application: Application, *services: SampleService) -> None:
    """Give each service everything that an organisation can have, in separate deliveries and in a shared one."""
    for service in services:
        deliver(application, service.listing(service.organization_id, f"Navnet til {service.organization_id}"))
        case_contents = {
            "undersokelser": [case_xml.undersokelse("2023-02-01")],
            "planer": [case_xml.plan("2023-02-01", evaluert=["2023-03-01"])],
            "tiltak": [case_xml.tiltak("2023-02-01", kategori="2.1", tilsyn=["2023-04-01"])],
            "flyttinger": [case_xml.flytting("2023-05-01")],
        }
        first = [service.folder(case, "2023-06-01", ["2023-02-01"], **case_contents) for case in range(1, 4)]
        deliver(application, *first)
        deliver(
            application, service.figures("2024,antall_arsverk,7.5,manuell", "2024,antall_arsverk_ubesatt,1,manuell")
        )
    deliver(
        application,
        *(
            service.folder(1, "2024-06-01", ["2024-02-01"], slettinger=[case_xml.slettet("Melding", case_xml.uid())])
            for service in services
        ),
    )
    for service in services:
        for period in PERIODS:
            aggregate(application, service.organization_id, period)
        retained = aggregate(application, service.organization_id, "2024", force=True)
        application.snapshots.delete(
            aggregate(application, service.organization_id, "2023", force=True).snapshot_id, "test"
        )
        deliver(application, service.folder(2, "2024-07-01", ["2024-03-01"]))
        application.snapshots.invalidate(retained.snapshot_id, "for a reason", "test")
        wait_until(
            lambda retained=retained: application.snapshots.get(retained.snapshot_id).body.find(b'"processing"') < 0,
            "the job",
        )
        insert_job_and_response(application, service.organization_id)
        review(application, service.organization_id)


def review(application: Application, organization_id: str) -> None:
    """Make every kind of decision on the report of 2024."""
    key = (organization_id, "2024")
    application.reviews.comments.add(*key, None, f"Om {organization_id}", "test")

    def insert_decisions(connection: Connection) -> None:
        number = approvals.insert(
            connection,
            NewApproval(
                organization_id=organization_id,
                period_id="2024",
                snapshot=0,
                approved_by="test",
                stated_name=None,
                note=f"Om {organization_id}",
                approved_at="",
                field_values="{}",
                document=organization_id.encode(),
                etag="",
            ),
        )
        approvals.withdraw(connection, number, "test", f"Om {organization_id}", "")
        row = AcknowledgementRow(
            organization_id=organization_id,
            period_id="2024",
            rule_id="mangler",
            field_key="-",
            reason=f"Om {organization_id}",
            acknowledged_by="test",
            acknowledged_at="",
            named_values="",
        )
        acknowledgements.upsert(connection, row)

    application.database.write(insert_decisions)


def insert_job_and_response(application: Application, owner: str) -> None:
    response = StoredResponseRow(b"", 202, "/snap", b'{"organization_id":"%s"}' % owner.encode())
    application.database.write(lambda connection: jobs.schedule(connection, owner, 0, 0))
    application.database.write(lambda connection: idempotency.insert(connection, "snapshots", owner, response, ""))


def immediate_eraser(application: Application) -> OrganizationEraser:
    """Return an eraser that waits for nothing."""
    lock = application.settings.data_dir / "forgetting.lock"
    return OrganizationEraser(application.database, lock, event_grace_seconds=0.0, import_timeout_seconds=0.0)


def all_rows(connection: Connection) -> dict[str, list[tuple[object, ...]]]:
    """Return every row of every table."""
    tables = [
        name
        for (name,) in connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
    ]
    return {table: sorted(connection.execute(f"SELECT * FROM {table}").fetchall(), key=repr) for table in tables}


def columns(connection: Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})").fetchall()]


def owned_keys(connection: Connection, organization_id: str) -> dict[str, set[object]]:
    """Return, by column, the values that mark a row as belonging to this organisation alone."""
    keys: dict[str, set[object]] = {"organization_id": {organization_id}}
    for column, query in (
        ("source", "SELECT source FROM source WHERE organization_id = ?"),
        ("figure_set", "SELECT figure_set FROM figure_set WHERE organization_id = ?"),
        ("snapshot", "SELECT snapshot FROM snapshot WHERE organization_id = ?"),
        ("job", "SELECT job FROM job WHERE organization_id = ?"),
        ("approval", "SELECT approval FROM approval WHERE organization_id = ?"),
        (
            "delivery",
            """SELECT delivery FROM delivery_organization WHERE organization_id = ? AND delivery IN
                (SELECT delivery FROM delivery_organization GROUP BY delivery HAVING count(*) = 1)""",
        ),
    ):
        keys[column] = {value for (value,) in connection.execute(query, (organization_id,)).fetchall()}
        assert keys[column]
    return keys


def identifying_bytes(connection: Connection, service: SampleService, fewest: int = 7) -> list[bytes]:
    """Return byte strings that occur only in data of this organisation.

    Content hashes are not among them: two cases with the same content have the same one.
    """
    hashes = connection.execute(
        """SELECT key, delivery_hash FROM sak JOIN sak_id USING (source, sak) JOIN source USING (source)
        WHERE organization_id = ?""",
        (service.organization_id,),
    ).fetchall()
    etags = connection.execute(
        "SELECT etag FROM snapshot WHERE organization_id = ?", (service.organization_id,)
    ).fetchall()
    identifiers = [value for row in hashes for value in row if value] + [etag.encode() for (etag,) in etags]
    assert len(identifiers) >= fewest
    return [*identifiers, service.organization_id.encode(), service.organisasjonsnummer.encode()]


def bytes_found_in(folder: Path, searched: list[bytes]) -> set[bytes]:
    """Return those of the byte strings that occur in a file of the folder."""
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return {value for value in searched if any(value in content for content in contents)}
