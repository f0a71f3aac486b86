"""The program: builds the parts and serves them. `python app.py serve` is the same as `bufdir-preview serve`."""

import asyncio
import gc
import importlib
import logging
import os
import secrets
import signal
import sys
from collections.abc import Callable

from preview.cli import commands
from preview.core import logging_config
from preview.core.clock import today
from preview.core.errors import StoreError
from preview.core.settings import Settings
from preview.demo.live import CaseSystem
from preview.demo.loading import Loading
from preview.runtime.application import Application
from preview.runtime.sockets import OwnPort, SharedPort
from preview.runtime.supervisor import Post, Supervisor, end_in_time
from preview.storage.database import SAFE_SQLITE, sqlite_is_safe

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 0.3
"""So long have answers under way to go out."""


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where there is one for the platform."""
    if sys.platform != "linux":
        return None
    import uvloop

    return uvloop.new_event_loop


def _load() -> None:
    """What takes a second of the processor, for which no other command shall wait: before there are processes, once for all."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # who has threads must not fork
    for name in ("api_handlers.routes", "components.server"):
        importlib.import_module(name)


async def _serve(application: Application, port: OwnPort, post: Post) -> None:
    from api_handlers.event_broadcaster import Broadcaster
    from api_handlers.routes import routes
    from components.server import serve as serve_pages

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if post.lifeline is not None:
        loop.add_reader(post.lifeline, stop.set)
    application.start()
    broadcaster = Broadcaster(application)
    server = serve_pages(application, routes(application, broadcaster), port.listen())
    server.start()
    # What is loaded stays: the collector, which stops every thread, need not walk through it again and again (200 to 400 ms each time).
    gc.collect()
    gc.freeze()
    post.serving()
    settings = application.settings
    shows: list[Loading | CaseSystem] = [Loading(application, today())] if settings.demo else []
    if settings.demo_live and settings.inbox:
        shows.append(CaseSystem(application.database, settings.inbox))
    for show in shows:
        show.start()
    await stop.wait()
    log.info("stopping")
    end_in_time()
    broadcaster.drain()
    server.stop()
    for show in shows:
        await asyncio.to_thread(show.stop)
    await asyncio.sleep(_DRAIN_SECONDS)


def _work(settings: Settings, boot_id: str, port: OwnPort, post: Post) -> None:
    """One process; until it is told to stop."""
    application = Application.open(settings, boot_id)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(application, port, post))
    finally:
        application.close()


def serve(settings: Settings) -> None:
    """Serves until told to stop by SIGTERM or SIGINT; what runs then ends or is given back."""
    several, boot_id = settings.processes > 1, secrets.token_hex(8)
    if several and not sqlite_is_safe():
        raise StoreError(f"This SQLite is too old for several processes; it must be {'.'.join(map(str, SAFE_SQLITE))} or later.")
    port = (SharedPort if several else OwnPort)(settings.address, settings.port)

    def tell() -> None:
        print(f"Bufdir Preview: http://{settings.address}:{port.number}{settings.prefix}/", flush=True)  # noqa: T201

    def work(post: Post) -> None:
        logging_config.name_process(post.number)
        _work(settings, boot_id, port, post)

    if several:
        _load()
        sys.exit(Supervisor(settings.processes, work, tell).run())
    _work(settings, boot_id, port, Post(1, tell))


def main() -> None:
    """The command line."""
    commands.build_cli(serve)(prog_name="bufdir-preview")


if __name__ == "__main__":
    main()
