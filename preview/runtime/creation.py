"""Creates those parts of an application that depend on many settings."""

from preview.core.leader_lock import LeaderLock
from preview.core.settings import Settings
from preview.i18n.catalog import MessageCatalog
from preview.ingest.deliveries import Deliveries
from preview.ingest.inbox.watcher import InboxWatcher
from preview.model.limits import Limits
from preview.parsing.process_client import ParserProcess


def create_parser(settings: Settings, key: bytes) -> ParserProcess:
    """Return the process that parses deliveries; it is not started."""
    return ParserProcess(
        key,
        Limits.from_settings(settings),
        progress_seconds=settings.parser_timeout_seconds,
        seconds_per_mb=settings.parser_seconds_per_mb,
    )


def create_inbox_watcher(settings: Settings, deliveries: Deliveries, texts: MessageCatalog) -> InboxWatcher | None:
    """Return the watcher of the inbox, or None if the settings name no inbox."""
    if settings.effective_inbox_dir is None:
        return None
    return InboxWatcher(
        settings.effective_inbox_dir,
        LeaderLock(settings.data_dir / "inbox.lock"),
        deliveries,
        texts,
        imported_file_policy=settings.inbox_taken,
        settle_seconds=settings.inbox_settle_seconds,
        max_delivery_bytes=settings.max_delivery_bytes,
    )
