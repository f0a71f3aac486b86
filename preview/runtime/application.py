"""Composition root: open a data folder and build all services over it."""

import asyncio
import logging
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from preview.activity.services import ActivityServices
from preview.core.clock import SteadyClock, now
from preview.core.leader_lock import LeaderLock
from preview.core.settings import Settings
from preview.events.dispatcher import EventDispatcher
from preview.events.log import EventLog
from preview.i18n.catalog import MessageCatalog
from preview.ingest.deliveries import DebounceSettings, Deliveries
from preview.ingest.inbox.placement import check_inbox_placement
from preview.ingest.spool import Spool
from preview.maintenance.erasure import OrganizationEraser
from preview.maintenance.retention import Retention
from preview.parsing.messages import Batch
from preview.reports.job_queue import JobQueue
from preview.reports.organizations import Organizations
from preview.reports.snapshots import Snapshots
from preview.reviews.services import ReviewServices
from preview.runtime.capacity import Capacity, descriptor_limit
from preview.runtime.connections import ConnectionTable
from preview.runtime.creation import create_inbox_watcher, create_parser
from preview.runtime.data_dir_check import DataDirCheck
from preview.runtime.idempotency import IdempotencyStore
from preview.runtime.open_store import OpenStore
from preview.runtime.requests_in_progress import RequestsInProgress
from preview.runtime.upload_slots import UploadSlots
from preview.runtime.worker import Step, Worker
from preview.runtime.worker_registry import WorkerRegistry
from preview.totals.query import TotalsQuery
from preview.views.deliveries import DeliveryQuery
from preview.views.field_history import FieldHistoryQuery
from preview.views.overview import OverviewQuery
from preview.views.preview import PreviewQuery

log = logging.getLogger(__name__)

_LAST_TURN_SECONDS, _LAST_RESPONSE_SECONDS, _LAST_BYTES_SECONDS = 4.0, 1.0, 0.3
"""When the process stops: how long changes wait for the store, responses for the changes, bytes for the network."""

_READ_THREADS = 16
_UPLOAD_THREADS = 8


class Application:
    """The services of one process.

    Call `open`, then `start` if the process is to run work and follow the event log, and `close` at the end.
    """

    def __init__(self, settings: Settings, store: OpenStore, texts: MessageCatalog, boot_id: str) -> None:
        """Build the services. `open` calls this; use `open`."""
        folder = settings.data_dir
        self.settings = settings
        self.texts = texts
        self.database = database = store.database
        self.report_config = report_config = store.report_config
        self.catalogue = report_config.catalogue
        self.boot_id = boot_id
        self.capacity = Capacity.of(settings, descriptor_limit())
        self.connections = ConnectionTable(self.capacity)
        self.upload_slots = UploadSlots(self.capacity)
        self.read_executor = ThreadPoolExecutor(_READ_THREADS, thread_name_prefix="store-reader")
        # Uploads wait for the disk. They have threads of their own, so that reads do not wait for them.
        self.upload_executor = ThreadPoolExecutor(_UPLOAD_THREADS, thread_name_prefix="upload")
        self._store = store
        self._worker_registry = WorkerRegistry(folder / "workers", database)
        self._parser = create_parser(settings, store.key)
        spool = Spool(folder / "spool", settings.max_delivery_bytes, self.worker_id)
        debounce = DebounceSettings(settings.auto_aggregate, settings.auto_quiet_seconds, settings.auto_latest_seconds)
        self.event_log = EventLog(database)
        self.dispatcher = EventDispatcher(database, self.event_log)
        self.organizations = Organizations(database)
        self.deliveries = Deliveries(database, report_config, spool, debounce)
        self.jobs = JobQueue(database, report_config)
        self.snapshots = Snapshots(database, report_config)
        self.reviews = ReviewServices(database, report_config, settings)
        self.activity = ActivityServices(database, report_config)
        self.previews = PreviewQuery(database, report_config, settings)
        self.field_histories = FieldHistoryQuery(database, report_config)
        self.overviews = OverviewQuery(database, report_config, settings)
        self.delivery_pages = DeliveryQuery(database)
        self.totals = TotalsQuery(database, report_config, settings)
        for query in (self.previews, self.totals):
            self.dispatcher.subscribe_erasures(query.on_erased)
        self.requests = RequestsInProgress()
        self.idempotency = IdempotencyStore(SteadyClock().now)
        self.eraser = OrganizationEraser(database, folder / "forgetting.lock")
        self.retention = Retention(
            database, report_config, settings, self.eraser, LeaderLock(folder / "retention.lock")
        )
        self._inbox_watcher = create_inbox_watcher(settings, self.deliveries, texts)
        self._data_dir_check = DataDirCheck(folder, database)
        self.worker = Worker(
            database,
            report_config,
            settings,
            self.jobs,
            self.deliveries,
            self._worker_registry,
            self._read_delivery,
            self._pollers(),
        )

    @classmethod
    def open(cls, settings: Settings, boot_id: str = "", *, create: bool = True) -> "Application":
        """Open the data folder, and create it if it is missing.

        Args:
            settings: All settings.
            boot_id: Id that is equal for processes that were started together; by default a random one.
            create: Whether a missing folder or store is created. A process that replaces another must not: the folder
                may be on a disk that is away for a while.

        Raises:
            Unavailable: If the store cannot be used at the moment, or is missing and `create` is false.
            ConfigurationError: If the watched folder would take the store's own files.
            StoreError: If the store cannot be used.
            CatalogueError: If the form's data or the texts are invalid.
        """
        check_inbox_placement(settings)
        texts = MessageCatalog.load()
        return cls(settings, OpenStore.open(settings, create=create), texts, boot_id or secrets.token_hex(8))

    def start(self) -> None:
        """Start the dispatcher and the worker, after cleaning up what crashed workers left."""
        self._worker_registry.remove_dead_workers()
        self._parser.start()
        self.deliveries.delete_orphans(self._worker_registry.is_alive)
        self.dispatcher.start()
        self.worker.start()

    @property
    def worker_id(self) -> int:
        """Id under which this process claims work."""
        return self._worker_registry.worker_id

    def readiness_failures(self) -> list[str]:
        """Return why the process is not ready, one entry per cause; an empty list means that it is ready."""
        failures = [f"worker thread {name} has stopped" for name in self.worker.failed]
        if self.dispatcher.failed:
            failures.append("the event dispatcher has stopped")
        if cause := self.dispatcher.fault.cause:
            failures.append(f"the event dispatcher waits: {cause.rstrip('.')}")
        if cause := self._data_dir_check.fault.cause:
            failures.append(f"the data folder cannot be used: {cause.rstrip('.')}")
        return failures + [cause.rstrip(".") for cause in self.worker.faults.causes()]

    def readiness_warnings(self) -> list[str]:
        """Return what does not work although the process is ready, one entry per cause.

        Without the watched folder everything else works, so it makes no process unready: a probe would take the
        dashboard and the API away as well.
        """
        watcher = self._inbox_watcher
        return [] if watcher is None else [cause.rstrip(".") for cause in watcher.troubles()]

    async def finish_requests(self) -> None:
        """Wait for the responses to the requests in progress; the process stops and admits no more.

        A change that waits for the store gets its result if its turn comes in time. Else it is refused, and is not
        carried out later: a response must not report a failure of a change that the store has.
        """
        self.database.limit_waiting(_LAST_TURN_SECONDS)
        if not await self.requests.wait_until_none(_LAST_TURN_SECONDS + _LAST_RESPONSE_SECONDS):
            log.warning("some requests are not answered, because their changes take too long")
        await asyncio.sleep(_LAST_BYTES_SECONDS)

    def close(self) -> None:
        """Stop the worker and the dispatcher, then close the store. Unfinished work is returned to its queue."""
        self.worker.request_stop()
        self._parser.close()  # ends the wait for the next batch of a delivery
        self.worker.stop()
        if self._inbox_watcher:
            self._inbox_watcher.close()
        self.retention.close()
        self.dispatcher.stop()
        for executor in (self.read_executor, self.upload_executor):
            executor.shutdown(wait=True, cancel_futures=True)
        self.deliveries.close()
        self._parser.close()
        self._worker_registry.close()
        self._store.close()

    def _pollers(self) -> dict[str, Step]:
        inbox: dict[str, Step] = {"inbox": self._inbox_watcher.poll} if self._inbox_watcher else {}
        return {"retention": self.retention.run_if_due, "data-folder": self._data_dir_check.poll, **inbox}

    def _read_delivery(self, path: Path) -> Iterator[Batch]:
        return self._parser.parse(path, now())
