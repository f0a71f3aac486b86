"""The program: builds the parts and serves them. `python app.py serve` is the same as `bufdir-preview serve`."""

import asyncio
import gc
import logging
import signal
import sys
from collections.abc import Callable

from preview import cli
from preview.application import Application
from preview.clock import today
from preview.demo import loading
from preview.demo.live import CaseSystem
from preview.settings import Settings

log = logging.getLogger(__name__)

_DRAIN_SECONDS = 0.3
"""So long have answers under way to go out."""


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop, where there is one for the platform."""
    if sys.platform != "linux":
        return None
    import uvloop

    return uvloop.new_event_loop


async def _serve(application: Application) -> None:
    # Panel alone takes a second of the processor, which no other command shall wait for.
    from api_handlers.broadcaster import Broadcaster
    from api_handlers.routes import routes
    from components import setup

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    application.start()
    broadcaster = Broadcaster(application)
    server = setup.serve(application, routes(application, broadcaster))
    server.start()
    # What is loaded stays: the collector, which stops every thread, need not walk through it again and again (200 to 400 ms each time).
    gc.collect()
    gc.freeze()
    settings = application.settings
    print(f"Bufdir Preview: http://{settings.address}:{server.port}{settings.prefix}/", flush=True)  # noqa: T201
    if settings.demo:
        await asyncio.to_thread(loading.start, application, today())
    case_system = CaseSystem(application.database, settings.inbox) if settings.demo_live and settings.inbox else None
    if case_system:
        case_system.start()
    await stop.wait()
    log.info("stopping")
    if case_system:
        await asyncio.to_thread(case_system.stop)
    broadcaster.drain()
    server.stop()
    await asyncio.sleep(_DRAIN_SECONDS)


def serve(settings: Settings) -> None:
    """Serves until told to stop by SIGTERM or SIGINT; what runs then ends or is given back."""
    application = Application.open(settings)
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(_serve(application))
    finally:
        application.close()


def main() -> None:
    """The command line."""
    cli.commands(serve)(prog_name="bufdir-preview")


if __name__ == "__main__":
    main()
