"""A supervisor with two processes that do nothing but serve, each as a file `N` in a folder says.

    python -m tests.support.supervised_process FOLDER

A process reads what it shall do: nothing (serve until told to stop), `dies` (before it serves), `falls` (after), or `stubborn` (serves,
and does not stop).
"""

import os
import select
import signal
import sys
import time
from pathlib import Path

from preview.core import logging_config
from preview.runtime.supervisor import Post, Supervisor

PAUSES = (0.0, 0.05, 0.1)
DIES_WITH, FALLS_WITH = 7, 9


def main() -> None:
    """Ends with the supervisor's exit code."""
    folder = Path(sys.argv[1])

    def work(post: Post) -> None:
        mode = (folder / str(post.number)).read_text()
        print(f"{post.number} {os.getpid()}", flush=True)
        if mode == "dies":
            os._exit(DIES_WITH)
        if mode == "stubborn":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        post.serving()
        if mode == "falls":
            os._exit(FALLS_WITH)
        if mode == "stubborn":
            time.sleep(60)
        assert post.lifeline is not None
        select.select([post.lifeline], [], [])

    logging_config.set_up("info")
    sys.exit(Supervisor(2, work, lambda: print("serving", flush=True), PAUSES, stop_seconds=0.5).run())


if __name__ == "__main__":
    main()
