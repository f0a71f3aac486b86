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
from preview.demo.case_system import CaseSystemSimulator
from preview.demo.loader import DemoLoader
from preview.runtime.application import Application
from preview.runtime.sockets import ListenSocket, ReusePortSocket
from preview.runtime.supervisor import ChildContext, Supervisor, start_shutdown_watchdog
from preview.storage.database import MIN_MULTIPROCESS_SQLITE, supports_multiple_processes

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 0.3
"""So long have answers under way to go out."""


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where there is one for the platform."""
    if sys.platform != "linux":
        return None
    import uvloop

    return uvloop.new_event_loop


def preload_modules() -> None:
    """What takes a second of the processor, for which no other command shall wait: before there are processes, once for all."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # who has threads must not fork
    for name in ("api_handlers.routes", "components.server"):
        importlib.import_module(name)


async def _serve(application: Application, listen_socket: ListenSocket, context: ChildContext) -> None:
    from api_handlers.event_broadcaster import EventBroadcaster
    from api_handlers.routes import build_routes
    from components.server import create_server as serve_pages

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for signal_number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_number, stop.set)
    if context.parent_pipe is not None:
        loop.add_reader(context.parent_pipe, stop.set)
    application.start()
    broadcaster = EventBroadcaster(application)
    server = serve_pages(application, build_routes(application, broadcaster), listen_socket.listen())
    server.start()
    # What is loaded stays: the collector, which stops every thread, need not walk through it again and again (200 to 400 ms each time).
    gc.collect()
    gc.freeze()
    context.announce_ready()
    settings = application.settings
    demo_tasks: list[DemoLoader | CaseSystemSimulator] = [DemoLoader(application, today())] if settings.demo else []
    if settings.demo_live and settings.effective_inbox_dir:
        demo_tasks.append(CaseSystemSimulator(application.database, settings.effective_inbox_dir))
    for demo_task in demo_tasks:
        demo_task.start()
    await stop.wait()
    log.info("stopping")
    start_shutdown_watchdog()
    broadcaster.drain()
    server.stop()
    for demo_task in demo_tasks:
        await asyncio.to_thread(demo_task.stop)
    await asyncio.sleep(_DRAIN_SECONDS)


def run_process(settings: Settings, boot_id: str, listen_socket: ListenSocket, context: ChildContext) -> None:
    """One process; until it is told to stop."""
    application = Application.open(settings, boot_id)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(application, listen_socket, context))
    finally:
        application.close()


def serve(settings: Settings) -> None:
    """Serves until told to stop by SIGTERM or SIGINT; what runs then ends or is given back."""
    multi_process, boot_id = settings.processes > 1, secrets.token_hex(8)
    if multi_process and not supports_multiple_processes():
        raise StoreError(
            f"This SQLite is too old for several processes; it must be {'.'.join(map(str, MIN_MULTIPROCESS_SQLITE))} or later."
        )
    listen_socket = (ReusePortSocket if multi_process else ListenSocket)(settings.address, settings.port)

    def announce_ready() -> None:
        print(f"Bufdir Preview: http://{settings.address}:{listen_socket.port}{settings.prefix}/", flush=True)  # noqa: T201

    def run_child(context: ChildContext) -> None:
        logging_config.set_process_id(context.number)
        run_process(settings, boot_id, listen_socket, context)

    if multi_process:
        preload_modules()
        sys.exit(Supervisor(settings.processes, run_child, announce_ready).run())
    run_process(settings, boot_id, listen_socket, ChildContext(1, announce_ready))


def main() -> None:
    """The command line."""
    commands.build_cli(serve)(prog_name="bufdir-preview")


if __name__ == "__main__":
    main()
