"""Assemble the program and serve it: `python app.py serve` is the same as `bufdir-preview serve`."""

import logging
import os
import sys
from functools import partial
from typing import TYPE_CHECKING

from preview.cli import commands
from preview.core import logging_config
from preview.core.settings import Settings
from preview.runtime import preloading

# What serves is imported in the functions that need it: other commands start without it.
if TYPE_CHECKING:
    from components.server import DashboardFactory
    from preview.runtime.application import Application
    from preview.runtime.sockets import ListenSocket
    from preview.runtime.supervisor import ChildContext

log = logging.getLogger(__name__)


def preload_modules() -> "DashboardFactory":
    """Import what the server needs: before processes are forked, or while the API answers; return the dashboard's."""
    preloading.preload("api_handlers.routes", "components.server", "components.dashboard")
    from components.dashboard import create_dashboard

    return create_dashboard


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; work that runs then is finished or returned to its queue.

    Raises:
        ConfigurationError: If the watched folder would take the store's own files.
        AddressInUse: If the address or port is taken.
        StoreError: If the store cannot be used, or SQLite is too old for several processes.
    """
    from preview.ingest.inbox.placement import check_inbox_placement
    from preview.runtime import capacity, signals, sockets, start_line, supervisor
    from preview.storage.sqlite import require_multiple_processes

    capacity.raise_descriptor_limit(settings)
    logging_config.log_uncaught_exceptions()
    check_inbox_placement(settings)
    signals.prepare_signals()
    multi_process, boot_id = settings.processes > 1, os.urandom(8).hex()
    if multi_process:
        require_multiple_processes()
    socket_class = sockets.ReusePortSocket if multi_process else sockets.ListenSocket
    listen_socket = socket_class(settings.address, settings.port)
    announce_ready = partial(start_line.announce, settings, listen_socket)
    run = partial(run_process, settings, boot_id, listen_socket)
    if multi_process:
        preload_modules()
        seconds = settings.process_timeout_seconds
        sys.exit(supervisor.Supervisor(settings.processes, run, announce_ready, seconds).run())
    run(supervisor.ChildContext(1, announce_ready))


def run_process(settings: Settings, boot_id: str, listen_socket: "ListenSocket", context: "ChildContext") -> None:
    """Run one server process until it is asked to stop."""
    from preview.runtime import event_loop, signals
    from preview.runtime.application import Application

    if settings.processes > 1:
        logging_config.set_process_id(context.number)
    application = Application.open(settings, boot_id, create=context.is_first)
    try:
        event_loop.run(_serve(application, listen_socket, context))
    finally:
        signals.ignore_stop_signals()
        application.close()


def main() -> None:
    """Run the command line."""
    commands.build_cli(serve)(prog_name="bufdir-preview")


async def _serve(application: "Application", listen_socket: "ListenSocket", context: "ChildContext") -> None:
    import asyncio

    from api_handlers import response_cache, routes
    from api_handlers.event_broadcaster import EventBroadcaster
    from components.server import Server
    from preview.runtime import signals, supervisor

    stop = signals.create_stop_event(context.parent_pipe)
    application.start()
    broadcaster = EventBroadcaster(application)
    api_routes = routes.build_routes(application, broadcaster)
    cache = response_cache.create_response_cache(application, broadcaster)
    server = Server(application, api_routes, listen_socket.listen(), cache)
    loading = asyncio.create_task(server.load_dashboard(preload_modules))
    if context.parent_pipe is not None:  # The modules are preloaded, and the supervisor must learn of every failure.
        await loading
    context.announce_ready()
    signs_of_life = asyncio.create_task(supervisor.give_signs_of_life(context))
    await loading
    from preview.demo.background import start_demo_tasks

    demo_tasks = start_demo_tasks(application)
    await stop.wait()
    log.info("stopping")
    supervisor.start_shutdown_watchdog()
    broadcaster.drain()
    server.stop()
    await application.finish_requests()
    await server.close_connections()
    for demo_task in demo_tasks:
        await asyncio.to_thread(demo_task.stop)
    signs_of_life.cancel()


if __name__ == "__main__":
    main()
