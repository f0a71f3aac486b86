"""What signals do to a process before its event loop handles them, and after."""

import asyncio
import signal
import sys

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)


def prepare_signals() -> None:
    """Let Ctrl-C end the program with exit code 0 while it starts; ignore signals that would kill it by default."""
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    for name in ("SIGHUP", "SIGUSR1"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def create_stop_event(parent_pipe: int | None) -> asyncio.Event:
    """Return the event that a request to stop sets from now on; on the running event loop.

    Args:
        parent_pipe: A descriptor that becomes readable when the supervisor has ended; None without one.
    """
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for signal_number in STOP_SIGNALS:
        loop.add_signal_handler(signal_number, stop.set)
    if parent_pipe is not None:
        loop.add_reader(parent_pipe, stop.set)
    return stop


def ignore_stop_signals() -> None:
    """Ignore further requests to stop, because the process stops already; the watchdog limits how long it takes."""
    for signal_number in STOP_SIGNALS:
        signal.signal(signal_number, signal.SIG_IGN)
