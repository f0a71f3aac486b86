"""Commits to a store while a server runs on it, once per input line: `delete SNAPSHOT` or
`request ORGANIZATION PERIOD`.

    python -m benchmarks.generators.commits DATA_DIR

Prints `ready`, then for each commit the time before it, in seconds since 1970. This process runs no worker: the server
runs the requested jobs.
"""

import sys
import time
from pathlib import Path

from preview.core.settings import Settings
from preview.runtime.application import Application


def main() -> None:
    """Run until the input is closed."""
    application = Application.open(Settings(data_dir=Path(sys.argv[1]), auto_aggregate=False))
    try:
        print("ready", flush=True)
        for line in sys.stdin:
            action, *arguments = line.split()
            started = time.time()
            if action == "delete":
                application.snapshots.delete(arguments[0], "benchmark", None)
            else:
                application.snapshots.request(arguments[0], arguments[1], False, "benchmark")
            print(started, flush=True)
    finally:
        application.close()


if __name__ == "__main__":
    main()
