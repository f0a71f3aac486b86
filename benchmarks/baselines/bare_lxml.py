"""Parses every entry of ZIPs with lxml, nothing else. Prints the seconds of wall clock and of processor time.

python -m benchmarks.baselines.bare_lxml ZIP...
"""

import sys
import time
import zipfile

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] a module in C, without types


def main() -> None:
    """Parse and print. The start of the interpreter is not timed, in favour of the baseline."""
    wall, cpu = time.perf_counter(), time.process_time()
    for path in sys.argv[1:]:
        with zipfile.ZipFile(path) as archive:
            for entry in archive.infolist():
                etree.fromstring(archive.read(entry))
    print(time.perf_counter() - wall, time.process_time() - cpu)


if __name__ == "__main__":
    main()
