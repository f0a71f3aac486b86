"""Bare lxml: reads every entry of a ZIP and parses it, nothing else. Prints the seconds of wall clock and of processor.

python -m benchmarks.baselines.bare_lxml ZIP
"""

import sys
import time
import zipfile

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types


def main() -> None:
    """Timed without the start of the interpreter, which the program beside it is timed with."""
    wall, cpu = time.perf_counter(), time.process_time()
    with zipfile.ZipFile(sys.argv[1]) as archive:
        for entry in archive.infolist():
            etree.fromstring(archive.read(entry))
    print(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main()
