"""Opens a data folder and composes the nouns over it; nothing else does."""

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from preview.core.clock import now
from preview.core.errors import StoreError
from preview.core.file_lock import FileLock
from preview.core.leader_lock import Lead
from preview.core.settings import Settings
from preview.events.dispatcher import Feed
from preview.events.log import Events
from preview.form.catalogue import Catalogue
from preview.i18n.catalog import Texts
from preview.ingest.deliveries import AutoSettings, Deliveries
from preview.ingest.inbox.watcher import Inbox
from preview.ingest.spool import Spool
from preview.maintenance.erasure import Forgetting
from preview.maintenance.retention import Retention
from preview.model.limits import Limits
from preview.parsing.delivery import Batch
from preview.parsing.process_client import ReaderProcess
from preview.reports.job_queue import Jobs
from preview.reports.organizations import Organizations
from preview.reports.reconcile import Form, render_anew
from preview.reports.snapshots import Snapshots
from preview.runtime.idempotency import Idempotency
from preview.runtime.worker import Step, Worker
from preview.runtime.worker_registry import Liveness
from preview.storage.database import Database, sqlite_is_safe
from preview.storage.hash_key import open_key
from preview.views.overview import Overviews
from preview.views.preview import Previews

_EXECUTOR_THREADS = 16
_INTAKE_THREADS = 8


class Application:
    """One process' view of a store. `open` it, `start` it where it shall work and follow the log, `close` it."""

    def __init__(
        self, settings: Settings, catalogue: Catalogue, texts: Texts, database: Database, only: FileLock | None, boot_id: str
    ) -> None:
        folder = settings.data_dir
        self.settings = settings
        self.catalogue = catalogue
        self.texts = texts
        self.database = database
        self.boot_id = boot_id
        self.executor = ThreadPoolExecutor(_EXECUTOR_THREADS, thread_name_prefix="store-reader")
        # What comes in waits for the disk: on threads of its own, so that what is read does not wait behind it.
        self.intake = ThreadPoolExecutor(_INTAKE_THREADS, thread_name_prefix="intake")
        self._only = only
        self.form = form = Form(catalogue, settings.suppress_small_counts)
        render_anew(database, form)
        self._liveness = Liveness(folder / "workers", database)
        self._reader = ReaderProcess(open_key(folder, database), Limits.of(settings))
        spool = Spool(folder / "spool", settings.max_delivery_bytes, settings.max_uploads, self.worker_number)
        auto = AutoSettings(settings.auto_aggregate, settings.auto_quiet_seconds, settings.auto_latest_seconds)
        self.events = Events(database)
        self.feed = Feed(database, self.events)
        self.organizations = Organizations(database)
        self.deliveries = Deliveries(database, form, spool, auto)
        self.jobs = Jobs(database, form)
        self.snapshots = Snapshots(database, form)
        self.previews = Previews(database, form)
        self.overviews = Overviews(database, form)
        self.idempotency = Idempotency(database, self._liveness.worker, self._liveness.is_alive)
        self.forgetting = Forgetting(database, folder / "forgetting.lock")
        self.retention = Retention(database, form, settings, self.forgetting, Lead(folder / "retention.lock"))
        self._inbox = self._watched(settings)
        watching: dict[str, Step] = {"retention": self.retention.look}
        if self._inbox:
            watching["inbox"] = self._inbox.look
        self.worker = Worker(database, form, settings, self.jobs, self.deliveries, self._liveness, self._read, watching)

    @classmethod
    def open(cls, settings: Settings, boot_id: str = "") -> "Application":
        """Makes the data folder where it is missing. Raises `StoreError`, `CatalogueError`.

        `boot_id` is the same for processes that were started together; one of its own where none is given.
        """
        catalogue, texts = Catalogue.load(), Texts.load()
        settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        only = None if sqlite_is_safe() else _alone(settings.data_dir)
        database = Database(settings.data_dir / "store.sqlite")
        database.read(catalogue.prepare)
        return cls(settings, catalogue, texts, database, only, boot_id or secrets.token_hex(8))

    def start(self) -> None:
        """Follows the log, and takes up work, that of dead workers first."""
        self._liveness.bury()
        self._reader.warm()
        self.deliveries.sweep(self._liveness.is_alive)
        self.feed.start()
        self.worker.start()

    @property
    def worker_number(self) -> int:
        """Under which this process claims work."""
        return self._liveness.worker

    def faults(self) -> list[str]:
        """Why it is not ready; empty when it is."""
        return [f"worker thread {name} has died" for name in self.worker.died] + (["the feed has died"] if self.feed.died else [])

    def close(self) -> None:
        """Lets what runs end, or gives it back, and lets go of the store."""
        self.worker.ask_to_stop()
        self._reader.close()  # nobody waits for the next batch of what is read
        self.worker.stop()
        if self._inbox:
            self._inbox.close()
        self.retention.close()
        self.feed.stop()
        for executor in (self.executor, self.intake):
            executor.shutdown(wait=True, cancel_futures=True)
        self.deliveries.close()
        self._reader.close()
        self._liveness.close()
        self.database.close()
        if self._only is not None:
            self._only.release()

    def _watched(self, settings: Settings) -> Inbox | None:
        """The watched folder, where there is one."""
        if settings.inbox is None:
            return None
        return Inbox(
            settings.inbox,
            Lead(settings.data_dir / "inbox.lock"),
            self.deliveries,
            self.texts,
            taken=settings.inbox_taken,
            settle_seconds=settings.inbox_settle_seconds,
            max_delivery_bytes=settings.max_delivery_bytes,
        )

    def _read(self, path: Path) -> Iterator[Batch]:
        return self._reader.read(path, now())


def _alone(folder: Path) -> FileLock:
    """With an old SQLite, two processes on one store could lose what is committed: only one may open it."""
    lock = FileLock(folder / "process.lock")
    if not lock.try_acquire():
        raise StoreError("Another process has the store open, and this SQLite is too old for two; it must be 3.51.3 or later.")
    return lock
