"""Generates load: as many GETs as a server answers, by wrk if it is installed (a Debian package), else by a Python
client.
"""

import asyncio
import re
import shutil
import subprocess
import time
from collections.abc import Mapping
from urllib.parse import urlsplit

CONNECTIONS = 32

_ANSWER_SECONDS = 30
"""How long an answer may take; wrk's default of two seconds would make an error of a busy machine."""


def load_generator() -> str:
    """Return the name of the load generator in use."""
    return "wrk" if shutil.which("wrk") else "the Python client of benchmarks/generators/gets.py"


def requests_per_second(url: str, seconds: float, headers: Mapping[str, str] | None = None) -> float:
    """Send GETs over persistent connections and return how many were answered per second.

    Raises:
        RuntimeError: An answer is an error.
    """
    header_lines = [f"{name}: {value}" for name, value in (headers or {}).items()]
    if wrk := shutil.which("wrk"):
        command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", f"--timeout={_ANSWER_SECONDS}s"]
        command += [part for line in header_lines for part in ("-H", line)]
        output = subprocess.run([*command, url], capture_output=True, text=True, check=True).stdout
        match = re.search(r"Requests/sec:\s+([0-9.]+)", output)
        if match is None or "Non-2xx" in output or "Socket errors" in output:
            raise RuntimeError("An answer to wrk was an error.")
        return float(match[1])
    return asyncio.run(_measure_with_asyncio(url, seconds, header_lines))


async def _measure_with_asyncio(url: str, seconds: float, header_lines: list[str]) -> float:
    parts = urlsplit(url)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"GET {target} HTTP/1.1", f"Host: {parts.netloc}", *header_lines, "", ""]
    request = "\r\n".join(lines).encode()
    started = time.perf_counter()
    deadline = started + seconds
    counts = await asyncio.gather(
        *(_send_requests(parts.hostname or "", parts.port or 80, request, deadline) for _ in range(CONNECTIONS))
    )
    return sum(counts) / (time.perf_counter() - started)


async def _send_requests(host: str, port: int, request: bytes, deadline: float) -> int:
    reader, writer = await asyncio.open_connection(host, port)
    count = 0
    while time.perf_counter() < deadline:
        writer.write(request)
        headers = await reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"(?i)content-length: (\d+)", headers)
        if headers.startswith(b"HTTP/1.1 200") and length is not None:
            await reader.readexactly(int(length[1]))
        elif not headers.startswith(b"HTTP/1.1 304"):
            raise RuntimeError("An answer of the server was an error.")
        count += 1
    writer.close()
    return count
