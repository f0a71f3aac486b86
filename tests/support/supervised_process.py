"""Run a supervisor with two processes, each of which behaves as the file `N` of a folder says.

    python -m tests.support.supervised_process FOLDER

The content of the file is the mode of process N: empty (ready until it is stopped), `fails` (exits before it is ready),
`full` (meets a full disk before it is ready), `crashes` (exits afterwards), `hangs` (gives one sign of life and no
more), or `stubborn` (becomes ready and ignores SIGTERM).
"""

import errno
import os
import select
import signal
import sys
import time
from pathlib import Path

from preview.core import logging_config
from preview.runtime.supervisor import ChildContext, Supervisor

HANG_TIMEOUT_SECONDS = 1.5
BACKOFF = (0.0, 0.05, 0.1)
EXIT_CODE_BEFORE_READY, EXIT_CODE_AFTER_READY = 7, 9


def main() -> None:
    """Run the supervisor and exit with its exit code."""
    folder = Path(sys.argv[1])

    def run_child(context: ChildContext) -> None:
        mode = (folder / str(context.number)).read_text()
        print(f"{context.number} {os.getpid()}", flush=True)
        if mode == "fails":
            os._exit(EXIT_CODE_BEFORE_READY)
        if mode == "full":
            raise OSError(errno.ENOSPC, "No space left on device")
        if mode == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        context.announce_ready()
        if mode == "crashes":
            os._exit(EXIT_CODE_AFTER_READY)
        if mode == "stubborn":
            time.sleep(60)
        if mode == "hangs":
            (folder / str(context.number)).write_text("")  # its replacement works
            context.give_sign_of_life()
            time.sleep(60)
        assert context.parent_pipe is not None
        select.select([context.parent_pipe], [], [])

    def on_ready() -> None:
        print("serving", flush=True)

    logging_config.configure_logging("info")
    sys.exit(Supervisor(2, run_child, on_ready, HANG_TIMEOUT_SECONDS, BACKOFF, stop_timeout=0.5).run())


if __name__ == "__main__":
    main()
