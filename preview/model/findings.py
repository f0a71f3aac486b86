"""Findings: remarks about a delivery by place and code, without any value or file name of it.

Rule 10 (docs/domain.md) lists what is a fault.
"""

from enum import StrEnum

import msgspec

CHECK_PREFIX = "kontroll_"
"""First part of the code of every finding of a check of Statistics Norway (parsing/ssb_checks)."""


class Severity(StrEnum):
    """Severity of a finding; that of a finding for which a whole file is refused is `refused`."""

    REFUSED = "refused"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Finding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A remark about a place in a delivery.

    Attributes:
        severity: Its severity.
        code: Names the kind of finding, and keys its texts in the three languages.
        file: Ordinal of the file in the delivery, from 1; 0 for the delivery as a whole.
        line: Line in the file, from 1; 0 if there is none.
        element: Path in the format, such as `Melding/Konklusjon@SluttDato`.
        detail: One English sentence without any value of the delivery.
    """

    severity: Severity
    code: str
    file: int
    line: int
    element: str
    detail: str


class FindingCode(StrEnum):
    """Every code of a finding but those of checks, with severity and sentence. The texts translate the sentence."""

    severity: Severity
    detail: str

    def __new__(cls, value: str, severity: Severity, detail: str) -> "FindingCode":
        member = str.__new__(cls, value)
        member._value_ = value
        member.severity = severity
        member.detail = detail
        return member

    def finding(self, file: int, line: int = 0, element: str = "", detail: str = "") -> Finding:
        """Return the finding of this code at a place.

        Args:
            file: Ordinal of the file in the delivery.
            line: Line in the file; 0 if there is none.
            element: Path in the format.
            detail: A sentence that is more precise than that of the code.
        """
        return Finding(self.severity, self.value, file, line, element, detail or self.detail)

    # A file (or an entry of an archive) as such.
    TOO_LARGE = "too_large", Severity.REFUSED, "The file is larger than the limit."
    NOT_A_FILE = "not_a_file", Severity.REFUSED, "This is a link or a device, not a file, and is not followed."
    UNREADABLE_FILE = "unreadable_file", Severity.REFUSED, "The file could not be read from the disk."
    NO_FILE = "no_file", Severity.REFUSED, "There is no file in the ZIP archive or folder."
    ARCHIVE_UNREADABLE = (
        "archive_unreadable",
        Severity.REFUSED,
        "The ZIP archive is damaged or cut off, or is more than one archive.",
    )
    ARCHIVE_OVERLAP = "archive_overlap", Severity.REFUSED, "Entries of the ZIP archive share the same bytes."
    ARCHIVE_BOMB = "archive_bomb", Severity.REFUSED, "The ZIP archive unpacks to more than the limits allow."
    TOO_SLOW = "too_slow", Severity.REFUSED, "Reading the delivery takes far longer than its size allows."
    ARCHIVE_PATH = "archive_path", Severity.REFUSED, "The entry's path leads out of the ZIP archive."
    ARCHIVE_LINK = "archive_link", Severity.REFUSED, "The entry is a link, which is not followed."
    ARCHIVE_ENCRYPTED = "archive_encrypted", Severity.REFUSED, "The entry is encrypted."
    ARCHIVE_NESTED = (
        "archive_nested",
        Severity.REFUSED,
        "The entry is an archive itself; archives within archives are not read.",
    )
    ARCHIVE_METHOD = (
        "archive_method",
        Severity.REFUSED,
        "The entry is compressed in another way than ZIP's usual one (deflate).",
    )
    ARCHIVE_ENTRY = "archive_entry", Severity.REFUSED, "The entry is damaged."

    # XML as such.
    ENCODING = (
        "encoding",
        Severity.REFUSED,
        "The bytes do not decode as declared, or the declared encoding is not one that is read.",
    )
    DOCTYPE = "doctype", Severity.REFUSED, "The file has a document type declaration (DTD), which is not allowed."
    ENTITY = "entity", Severity.REFUSED, "The file refers to an entity of its own, which is not allowed."
    NOT_WELL_FORMED = "not_well_formed", Severity.REFUSED, "The file is not well-formed XML."
    BYTE_ORDER_MARK = "byte_order_mark", Severity.NOTICE, "The file begins with a byte-order mark."
    UNKNOWN_FORMAT = (
        "unknown_format",
        Severity.REFUSED,
        "The file is of no known format, by its root and children or its head line.",
    )

    # The envelope of a case folder or a 15F file.
    NO_AVGIVER = "no_avgiver", Severity.REFUSED, "There is no Avgiver, so it is not known who delivers."
    ORGANISASJONSNUMMER = "organisasjonsnummer", Severity.REFUSED, "The Organisasjonsnummer is missing or not 9 digits."
    KOMMUNENUMMER = "kommunenummer", Severity.ERROR, "The Kommunenummer is missing or not 4 digits; taken as unknown."
    BYDELSNUMMER = "bydelsnummer", Severity.ERROR, "The Bydelsnummer is not 2 digits; taken as if there were none."
    UTTREKK = "uttrekk", Severity.REFUSED, "The DatoUttrekk is missing or not a date and time."
    FUTURE_UTTREKK = "future_uttrekk", Severity.REFUSED, "The DatoUttrekk is more than 24 hours ahead."
    NO_ZONE = "no_zone", Severity.NOTICE, "The DatoUttrekk has no time zone; taken as Norwegian time."
    NO_SAK = "no_sak", Severity.REFUSED, "There is no Sak."
    SAK_ID = "sak_id", Severity.REFUSED, "A Sak has no Id."
    SEVERAL_SAK = "several_sak", Severity.NOTICE, "The file has several Sak; one is usual. Each is imported."
    EARLY_PERSON = (
        "early_person",
        Severity.NOTICE,
        "The Sak carries the person itself, as in early versions of the format.",
    )
    VERSJON = "versjon", Severity.REFUSED, "The Versjon is missing or not a year."
    NO_INDIVID = "no_individ", Severity.REFUSED, "There is no Individ."
    NO_UTVIDET_FRIST = (
        "no_utvidet_frist",
        Severity.NOTICE,
        "The format has no extended deadlines; three months apply to every Undersokelse.",
    )

    # Within a case.
    NO_DATE = "no_date", Severity.ERROR, "The date is missing or unreadable; the element is left out."
    SAK_START = "sak_start", Severity.ERROR, "The StartDato of the case is missing or unreadable; taken as unknown."
    BIRTH_DATE = "birth_date", Severity.ERROR, "The Fodseldato is missing or unreadable; the age is not known."
    NO_END_DATE = (
        "no_end_date",
        Severity.ERROR,
        "The SluttDato is missing or unreadable; taken as not concluded or not ended.",
    )
    UNKNOWN_CODE = (
        "unknown_code",
        Severity.ERROR,
        "The code is missing or not in its list; counted only where it is not asked for.",
    )
    LOVHJEMMEL = (
        "lovhjemmel",
        Severity.ERROR,
        "The Lovhjemmel is missing or unknown; counted only where it is not asked for.",
    )
    END_BEFORE_START = "end_before_start", Severity.WARNING, "The end is before the start."
    AFTER_UTTREKK = (
        "after_uttrekk",
        Severity.WARNING,
        "The date is after the extract time: the DatoUttrekk, or the year of the Versjon.",
    )
    OUTSIDE_SAK = "outside_sak", Severity.WARNING, "The date is outside the dates of the case."
    FODSELSNUMMER = "fodselsnummer", Severity.WARNING, "The Fodselsnummer holds no possible date."
    NO_FODSELSNUMMER = (
        "no_fodselsnummer",
        Severity.WARNING,
        "There is no Fodselsnummer, which alone holds the birth date; the age is not known.",
    )
    REPEATED_NUMBER = (
        "repeated_number",
        Severity.WARNING,
        "The number repeats in the file; each Individ counts as a case of its own.",
    )
    REPEATED_ID = "repeated_id", Severity.WARNING, "The Id repeats with other content; the first one counts."
    DANGLING_RELASJON = "dangling_relasjon", Severity.WARNING, "The Relasjon points at an element that is not there."
    DANGLING_SLETTET = "dangling_slettet", Severity.WARNING, "The Slettet points at an element that is not there."
    MORE_FINDINGS = "more_findings", Severity.NOTICE, "The file has more findings than are listed."

    # The merge.
    FORRIGE_NOT_SEEN = (
        "forrige_not_seen",
        Severity.WARNING,
        "The ForrigeId is not that of the stored delivery of this case.",
    )
    FULL_NOT_TAKEN = (
        "full_not_taken",
        Severity.NOTICE,
        "The delivery does not count as full: it is merged like any other and deletes no case.",
    )

    EARLIER_FILE = (
        "earlier_file",
        Severity.NOTICE,
        "A later file of the same organisation and year is stored; this one changes nothing.",
    )

    # The two CSV files.
    CSV_ENCODING = (
        "csv_encoding",
        Severity.REFUSED,
        "The characters of the CSV file are neither UTF-8, UTF-16 nor Windows-1252.",
    )
    CSV_HEADER = (
        "csv_header",
        Severity.REFUSED,
        "The first line of the CSV file does not name the columns of supplementary figures or of a list of services.",
    )
    CSV_WINDOWS_1252 = (
        "csv_windows_1252",
        Severity.NOTICE,
        "The CSV file is not UTF-8; read as Windows-1252, as Excel may write it.",
    )
    CSV_LINE = (
        "csv_line",
        Severity.ERROR,
        "The line does not have as many columns as the head line, or its quotes do not match.",
    )
    CSV_ORGANIZATION_ID = (
        "csv_organization_id",
        Severity.ERROR,
        "The organization_id is not org- and 1 to 40 of a-z, 0-9 and hyphen.",
    )
    CSV_ORGANIZATION_NAME = "csv_organization_name", Severity.ERROR, "The organization_name is missing or too long."
    CSV_ORGANISASJONSNUMMER = "csv_organisasjonsnummer", Severity.ERROR, "The organisasjonsnummer is not 9 digits."
    CSV_BYDELSNUMMER = "csv_bydelsnummer", Severity.ERROR, "The bydelsnummer is not 2 digits."
    CSV_PERIOD = "csv_period", Severity.ERROR, "The period_id is not YYYY, YYYY-H1 or YYYY-H2."
    CSV_FIELD = "csv_field", Severity.ERROR, "The field_key is unknown, or of a field that is computed."
    CSV_VALUE = "csv_value", Severity.ERROR, "The value is not a number."
    CSV_SOURCE = "csv_source", Severity.ERROR, "The data_source is too long or not plain text."
    CSV_UNKNOWN_ORGANIZATION = "csv_unknown_organization", Severity.ERROR, "The organisation is not known."
    CSV_ORGANIZATION_TAKEN = (
        "csv_organization_taken",
        Severity.ERROR,
        "The organization_id or the number belongs to another organisation.",
    )


class FileRejected(Exception):
    """Raised within the parser to refuse a whole file; `parse_file` turns it into the only finding of the file."""

    def __init__(self, code: FindingCode, line: int = 0, element: str = "", detail: str = "") -> None:
        super().__init__(code.value)
        self.code = code
        self.line = line
        self.element = element
        self.detail = detail

    def finding(self, file: int) -> Finding:
        """Return the finding that says why the file is refused."""
        return self.code.finding(file, self.line, self.element, self.detail)


UNCOUNTED_CODES = (FindingCode.FORRIGE_NOT_SEEN, FindingCode.EARLIER_FILE, FindingCode.MORE_FINDINGS)
"""Codes of findings at a file that are no faults of it: they come from its order among others, or say that it has more
faults than are listed.
"""


class FindingCollector:
    """Collects the findings of one file, at most `MAX_STORED` faults and as many findings of checks: memory is limited.

    Attributes:
        file: Ordinal of the file in the delivery.
        count: Number of faults (rule 10), stored or not. Findings of checks are no faults: the rule `funn` does not
            count them.
        findings: The stored findings, in order.
    """

    MAX_STORED = 1000

    def __init__(self, file: int) -> None:
        self.file = file
        self.count = 0
        self.findings: list[Finding] = []
        self._check_count = 0

    def add(self, code: FindingCode, line: int, element: str) -> None:
        """Add a fault at a line and a path of the format."""
        self.count += 1
        self._store(code.finding(self.file, line, element), self.count)

    def add_check_finding(self, finding: Finding) -> None:
        """Add a finding of a check."""
        self._check_count += 1
        self._store(finding, self._check_count)

    def _store(self, finding: Finding, ordinal: int) -> None:
        if ordinal <= self.MAX_STORED:
            self.findings.append(finding)
        elif ordinal == self.MAX_STORED + 1:
            self.findings.append(FindingCode.MORE_FINDINGS.finding(self.file))
