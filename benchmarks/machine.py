"""Describes the machine that measures, and how busy it is: results of a busy machine are noisy."""

import platform
from os import cpu_count, getloadavg
from pathlib import Path

from preview.storage.sqlite import sqlite_version


def describe_machine() -> str:
    """Return the machine and the versions that the results depend on."""
    return (
        f"{cpu_count()} cores, {_processor()}; {platform.system()} {platform.release()}; "
        f"Python {platform.python_version()}, SQLite {sqlite_version()}"
    )


def load_average() -> float:
    """Return how many processes have used or waited for a core in the last minute, on average."""
    return round(getloadavg()[0], 1)


def _processor() -> str:
    path = Path("/proc/cpuinfo")
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())
