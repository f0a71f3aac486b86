"""Commits to a store beside the server on it, one commit for each line of its input.

    python -m benchmarks.committing DATA_DIR SNAPSHOT

Prints `ready`, then for each commit the moment before it (seconds since 1970). Its worker does not run: the job that each asks for is the
server's.
"""

import sys
import time
from pathlib import Path

from preview.application import Application
from preview.settings import Settings


def main() -> None:
    """Until its input is closed."""
    application = Application.open(Settings(data_dir=Path(sys.argv[1]), auto_aggregate=False))
    try:
        print("ready", flush=True)
        for _ in sys.stdin:
            began = time.time()
            application.snapshots.invalidate(sys.argv[2], "Measured until it is seen", "benchmark", None)
            print(began, flush=True)
    finally:
        application.close()


if __name__ == "__main__":
    main()
