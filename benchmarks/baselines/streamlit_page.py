"""Serves a minimal Streamlit page with the table of a snapshot, and one chart below it.

    .make/peers/bin/python benchmarks/baselines/streamlit_page.py SNAPSHOT.json

Prints its address, and ends when its input is closed. Streamlit runs this file itself for each visit, which then writes
the page. The table is the lighter one of the two that Streamlit has: plain rows, no grid on a canvas.
"""

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# pyright: reportMissingImports=false
import httpx
import streamlit  # (only in the environment of the peers)
from streamlit import runtime

HEADER = ("Felt", "I år", "I fjor", "Endring", "Kilde")
OPTIONS = {
    "server.address": "127.0.0.1",
    "server.headless": "true",
    "server.fileWatcherType": "none",
    "browser.gatherUsageStats": "false",
    "logger.level": "error",
}
START_SECONDS = 60


def write_page(document: dict[str, Any]) -> None:
    """Write the page of a snapshot, in a run of Streamlit's."""
    streamlit.title(document["organization_name"])
    fields = [field for section in document["sections"] for field in section["fields"]]
    streamlit.table([dict(zip(HEADER, _cells(field), strict=True)) for field in fields])
    bars = document["sections"][0]["fields"]
    chart = {"field": [field["field_key"] for field in bars], "value": [field["value"] for field in bars]}
    streamlit.bar_chart(chart, x="field", y="value")


def _cells(field: dict[str, Any]) -> tuple[str, ...]:
    now, before = field["value"], field["prior_period_value"]
    change = "" if now is None or before is None else f"{now - before:+g}"
    return (field["field_key"], str(now or "–"), str(before or "–"), change, field["data_source"] or "")


def serve(snapshot: str) -> None:
    """Run Streamlit on this file until the input is closed."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    options = [part for name, value in {**OPTIONS, "server.port": str(port)}.items() for part in (f"--{name}", value)]
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", __file__, *options, "--", snapshot],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}/"
        _wait_until_ready(f"{address}_stcore/health")
        print(address, flush=True)
        sys.stdin.read()
    finally:
        server.kill()
        server.wait()


def _wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            if httpx.get(url, timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError("Streamlit did not start.")


if __name__ == "__main__":
    if runtime.exists():
        write_page(json.loads(Path(sys.argv[1]).read_bytes()))
    else:
        serve(sys.argv[1])
