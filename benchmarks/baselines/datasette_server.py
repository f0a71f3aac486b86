"""Runs Datasette on the program's store, with its JSON API.

    .make/peers/bin/python benchmarks/baselines/datasette_server.py STORE

Prints its address, and ends when its input is closed.
"""

import socket
import subprocess
import sys
import time

_START_SECONDS = 30


def main() -> None:
    """Run Datasette until the input is closed."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "datasette", "serve", sys.argv[1], "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as datasette:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                time.sleep(0.1)
        print(f"http://127.0.0.1:{port}/", flush=True)
        sys.stdin.read()
        datasette.terminate()


if __name__ == "__main__":
    main()
