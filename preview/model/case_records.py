"""Records that the parser returns: the codes and dates that the 34 fields read, and keyed hashes.

Rule 4 (docs/domain.md) says what is stored of a case. The records hold nothing that identifies a person. Dates are
ISO text (`2024-01-31`), which is compared as text. A code that is not in its list is None (rule 10).
They have no reference cycles, so the garbage collector need not track them (`gc=False`).
"""

import msgspec


class Melding(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A report of concern.

    Attributes:
        mottatt: Day of receipt.
        konkludert: Day of the conclusion, if there is one.
        konklusjon: Code 1 to 10.
        frist: Last day on which a conclusion is in time (rule 5.4).
    """

    mottatt: str
    konkludert: str | None
    konklusjon: int | None
    frist: str


class Undersokelse(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An investigation.

    Attributes:
        startet: Day of the start.
        konkludert: Day of the conclusion, if there is one.
        konklusjon: Code 1 to 9.
        frist: Last day on which a conclusion is in time (rules 4.5 and 5.4).
    """

    startet: str
    konkludert: str | None
    konklusjon: int | None
    frist: str


class Plan(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A plan; `type` is its Plantype, 1 to 8."""

    start: str
    slutt: str | None
    type: int | None


class Tiltak(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A measure.

    Attributes:
        start: Day of the start.
        slutt: Day of the end, if there is one.
        kategori: Code such as `2.1`.
        omsorg: Whether it is a care order: 0 or 1, like the other flags (rule 4.4).
        akutt: Whether it is an emergency measure.
        hjelpetiltak: Whether it is an assistance measure.
        plassering: Whether it is a placement outside the home.
        opphevet: Code of Opphevelse, 1 to 4.
    """

    start: str
    slutt: str | None
    kategori: str | None
    omsorg: int
    akutt: int
    hjelpetiltak: int
    plassering: int
    opphevet: int | None


class Flytting(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A move on a day; `arsak` is the code of ArsakFra (`1.2.1`), `til` that of FlyttingTil (`4`)."""

    dato: str
    arsak: str | None
    til: str | None


class CaseContent(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """All that is stored of one case.

    Attributes:
        fodt: Year and month of birth (`2007-03`), if they are known.
        meldinger: The reports of concern.
        undersokelser: The investigations.
        planer: The plans.
        evalueringer: The days on which a plan was evaluated.
        tiltak: The measures.
        tilsyn: The days of supervision visits.
        flyttinger: The moves.
        finding_count: Number of the faults in the file of the case (rule 10).
    """

    fodt: str | None
    meldinger: list[Melding]
    undersokelser: list[Undersokelse]
    planer: list[Plan]
    evalueringer: list[str]
    tiltak: list[Tiltak]
    tilsyn: list[str]
    flyttinger: list[Flytting]
    finding_count: int


class Avgiver(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The organisation that delivers. `bydelsnummer` and `bydelsnavn` are empty if it is not a bydel."""

    organisasjonsnummer: str
    kommunenummer: str
    kommunenavn: str
    bydelsnummer: str
    bydelsnavn: str


class CaseFolder(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One case of a v4 file, pseudonymised. Its hashes and keys are HMAC-SHA-256 under the store's key (rule 4.1).

    Attributes:
        file: Ordinal of the file in the delivery.
        line: Line of the Sak, for findings of the merge.
        avgiver: The organisation that delivers.
        case_system: Name of the case system.
        extract_at: DatoUttrekk as `clock.sortable_timestamp`.
        delivery_hash: Hash of Barnevern/@Id; empty without one.
        previous_delivery_hash: Hash of ForrigeId, if there is one.
        key: Hash of Sak/@Id.
        migrated_key: Hash of Sak/@MigrertId, if it is another UUID.
        content: The case; None for a Sak with ErSlettet (a tombstone).
        content_hash: Hash of the encoded content; empty for a tombstone.
    """

    file: int
    line: int
    avgiver: Avgiver
    case_system: str
    extract_at: str
    delivery_hash: bytes
    previous_delivery_hash: bytes | None
    key: bytes
    migrated_key: bytes | None
    content: CaseContent | None
    content_hash: bytes


class Individ(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One child of a 15F file, pseudonymised: a case of its own, whatever its Id (rule 2.2).

    Attributes:
        content: The case.
        content_hash: HMAC-SHA-256 of the encoded content under the store's key.
    """

    content: CaseContent
    content_hash: bytes


class BydelPart(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The children of a 15F file with the same Bydelsnummer, or without one (rule 2.4). `avgiver` names the bydel."""

    avgiver: Avgiver
    individer: list[Individ]


class AnnualFile(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One 15F file: what a municipality reports for a year (rule 2).

    Attributes:
        file: Ordinal of the file in the delivery.
        line: Line of the root element.
        organisasjonsnummer: Number of the organisation that delivers.
        year: The year that the file reports on (Versjon).
        finding_count: Number of the faults of the file itself, without those of its children.
        parts: The children by bydel.
    """

    file: int
    line: int
    organisasjonsnummer: str
    year: int
    finding_count: int
    parts: list[BydelPart]


class SupplementaryFigure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a file of supplementary figures (rule 6.1). A `value` of None removes the figure."""

    file: int
    line: int
    organization_id: str
    period_id: str
    field_key: str
    value: float | None
    data_source: str


class OrganizationListing(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of an organisations file (rule 3.1)."""

    file: int
    line: int
    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str
