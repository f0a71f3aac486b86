"""Assemble the program and serve it: `python app.py serve` is the same as `bufdir-preview serve`."""

import asyncio
import gc
import importlib
import logging
import os
import secrets
import sys
from functools import partial

from preview.cli import commands
from preview.core import logging_config
from preview.core.hosts import format_authority
from preview.core.settings import Settings
from preview.demo.background import start_demo_tasks
from preview.ingest.inbox.placement import check_inbox_placement
from preview.runtime.application import Application
from preview.runtime.event_loop import loop_factory, prefer_event_loop
from preview.runtime.signals import STOP_SIGNALS, ignore_stop_signals, prepare_signals
from preview.runtime.sockets import ListenSocket, ReusePortSocket
from preview.runtime.start_line import start_line
from preview.runtime.supervisor import ChildContext, Supervisor, give_signs_of_life, start_shutdown_watchdog
from preview.storage.sqlite import require_multiple_processes

log = logging.getLogger(__name__)


def preload_modules() -> None:
    """Import what takes a second of CPU time, once before the processes are forked. Other commands do not need it."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a process with threads must not fork
    for name in ("api_handlers.routes", "components.server"):
        importlib.import_module(name)


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; work that runs then is finished or returned to its queue.

    Raises:
        ConfigurationError: If the watched folder would take the store's own files.
        AddressInUse: If the address or port is taken.
        StoreError: If the store cannot be used, or SQLite is too old for several processes.
    """
    logging_config.log_uncaught_exceptions()
    check_inbox_placement(settings)
    prepare_signals()
    multi_process, boot_id = settings.processes > 1, secrets.token_hex(8)
    if multi_process:
        require_multiple_processes()
    listen_socket = (ReusePortSocket if multi_process else ListenSocket)(settings.address, settings.port)
    announce_ready = partial(_announce_ready, settings, listen_socket)
    run = partial(run_process, settings, boot_id, listen_socket)
    if multi_process:
        preload_modules()
        sys.exit(Supervisor(settings.processes, run, announce_ready, settings.process_timeout_seconds).run())
    run(ChildContext(1, announce_ready))


def run_process(settings: Settings, boot_id: str, listen_socket: ListenSocket, context: ChildContext) -> None:
    """Run one server process until it is asked to stop."""
    if settings.processes > 1:
        logging_config.set_process_id(context.number)
    prefer_event_loop()
    application = Application.open(settings, boot_id, create=context.is_first)
    try:
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(_serve(application, listen_socket, context))
    finally:
        ignore_stop_signals()
        application.close()


def main() -> None:
    """Run the command line."""
    commands.build_cli(serve)(prog_name="bufdir-preview")


async def _serve(application: Application, listen_socket: ListenSocket, context: ChildContext) -> None:
    from api_handlers import response_cache, routes
    from api_handlers.event_broadcaster import EventBroadcaster
    from components.server import create_server

    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for signal_number in STOP_SIGNALS:
        loop.add_signal_handler(signal_number, stop.set)
    if context.parent_pipe is not None:
        loop.add_reader(context.parent_pipe, stop.set)
    application.start()
    broadcaster = EventBroadcaster(application)
    api_routes = routes.build_routes(application, broadcaster)
    cache = response_cache.create_response_cache(application, broadcaster)
    server = create_server(application, api_routes, listen_socket.listen(), cache)
    server.start()
    # Loaded modules stay. A collection that skips them stops the threads for 200 to 400 ms less.
    gc.collect()
    gc.freeze()
    context.announce_ready()
    signs_of_life = asyncio.create_task(give_signs_of_life(context))
    demo_tasks = start_demo_tasks(application)
    await stop.wait()
    log.info("stopping")
    start_shutdown_watchdog()
    broadcaster.drain()
    server.stop()
    await application.finish_requests()
    for demo_task in demo_tasks:
        await asyncio.to_thread(demo_task.stop)
    signs_of_life.cancel()


def _announce_ready(settings: Settings, listen_socket: ListenSocket) -> None:
    address = format_authority(settings.address, listen_socket.port)
    log.info("%s", start_line(settings))
    print(f"Bufdir Preview: http://{address}{settings.prefix}/", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
