"""Findings of deliveries, as far as they are stored."""

from collections import Counter

from preview.model.findings import CHECK_PREFIX, Finding, Severity
from preview.storage.bulk import execute_rows
from preview.storage.database import Connection

MAX_STORED_FINDINGS = 1000
"""Most faults stored per delivery, and most findings of Statistics Norway's checks, which are counted apart."""
MAX_STORED_REFUSALS = 10_000
"""The refusal of each of the first so many files of a delivery is stored, whatever the number of findings before it."""


_IS_CHECK = f"code GLOB '{CHECK_PREFIX}*'"
_LISTED_FINDINGS = f"SELECT nr FROM finding WHERE delivery = ? ORDER BY {_IS_CHECK}, nr LIMIT ?"


class FindingWriter:
    """Stores the findings of one delivery, as far as the limits allow.

    Stored are the first `MAX_STORED_FINDINGS` faults, as many findings of checks, and the refusals of the first
    `MAX_STORED_REFUSALS` files. It counts what it has stored: one whose transaction was rolled back is of no more use.
    """

    def __init__(self, number: int) -> None:
        """Create the writer of the delivery with that number."""
        self._number = number
        self._stored: Counter[bool] | None = None  # of checks under True, of faults under False

    def add(self, connection: Connection, previous_count: int, findings: list[Finding]) -> None:
        """Store the next findings.

        Args:
            connection: A write transaction.
            previous_count: Findings of the delivery before these, stored or not.
            findings: The next ones, in the order in which they were found.
        """
        if self._stored is None:
            self._stored = _stored_counts(connection, self._number) if previous_count else Counter()
        rows: list[tuple[object, ...]] = []
        for nr, finding in enumerate(findings, start=previous_count):
            is_check = finding.code.startswith(CHECK_PREFIX)
            is_refusal = finding.severity is Severity.REFUSED and finding.file <= MAX_STORED_REFUSALS
            if self._stored[is_check] < MAX_STORED_FINDINGS or is_refusal:
                self._stored[is_check] += 1
                rows.append(
                    (
                        self._number,
                        nr,
                        str(finding.severity),
                        finding.code,
                        finding.file,
                        finding.line,
                        finding.element,
                        finding.detail,
                    )
                )
        execute_rows(connection, "INSERT INTO finding VALUES", rows)


def findings(connection: Connection, number: int) -> list[Finding]:
    """Return at most `MAX_STORED_FINDINGS` findings in the order of discovery; faults have precedence over checks."""
    return _select_findings(
        connection, f"delivery = ? AND nr IN ({_LISTED_FINDINGS}) ORDER BY nr", (number, number, MAX_STORED_FINDINGS)
    )


def finding_counts(connection: Connection, number: int) -> list[tuple[str, str, int, int, int]]:
    """Return (severity, code, count, file and line of the first) of the `findings`, in the order of discovery."""
    rows = connection.execute(
        f"""SELECT severity, code, count(*), file, line, min(nr) FROM finding
        WHERE delivery = ? AND nr IN ({_LISTED_FINDINGS})
        GROUP BY severity, code ORDER BY min(nr)""",
        (number, number, MAX_STORED_FINDINGS),
    )
    return [tuple(row[:5]) for row in rows.fetchall()]


def refusals(connection: Connection, number: int) -> list[Finding]:
    """Return the findings that refused a file, in the order of discovery."""
    return _select_findings(connection, "delivery = ? AND severity = ? ORDER BY nr", (number, str(Severity.REFUSED)))


def _stored_counts(connection: Connection, number: int) -> Counter[bool]:
    """Return the numbers of stored findings: of checks under True, of faults under False."""
    rows = connection.execute(f"SELECT {_IS_CHECK}, count(*) FROM finding WHERE delivery = ? GROUP BY 1", (number,))
    return Counter({bool(is_check): count for is_check, count in rows.fetchall()})


def _select_findings(connection: Connection, where: str, parameters: tuple[object, ...]) -> list[Finding]:
    rows = connection.execute(
        f"SELECT severity, code, file, line, element, detail FROM finding WHERE {where}", parameters
    )
    return [Finding(Severity(row[0]), *row[1:]) for row in rows.fetchall()]
