"""What a reader hands on of a folder or a 15F file: codes and dates that the 34 fields read, and keyed hashes; never the person (`domain.md` 4).

Dates are ISO text (`2024-01-31`), compared as text. Codes outside their list are `None` (`domain.md` 10).
"""

import msgspec


class Melding(msgspec.Struct, frozen=True, array_like=True):
    """`mottatt` and `konkludert` are days, `konklusjon` 1..10, `frist` the last day in time (`domain.md` 5.4)."""

    mottatt: str
    konkludert: str | None
    konklusjon: int | None
    frist: str


class Undersokelse(msgspec.Struct, frozen=True, array_like=True):
    """`konklusjon` 1..9; `frist` by `domain.md` 4.5 and 5.4."""

    startet: str
    konkludert: str | None
    konklusjon: int | None
    frist: str


class Plan(msgspec.Struct, frozen=True, array_like=True):
    """`type` 1..8."""

    start: str
    slutt: str | None
    type: int | None


class Tiltak(msgspec.Struct, frozen=True, array_like=True):
    """Flags by `domain.md` 4.4, 0 or 1; `opphevet` is the code of Opphevelse, 1..4."""

    start: str
    slutt: str | None
    kategori: str | None
    omsorg: int
    akutt: int
    hjelpetiltak: int
    plassering: int
    opphevet: int | None


class Flytting(msgspec.Struct, frozen=True, array_like=True):
    """`arsak` is ArsakFra (`1.2.1`), `til` FlyttingTil (`4`)."""

    dato: str
    arsak: str | None
    til: str | None


class CaseContent(msgspec.Struct, frozen=True, array_like=True):
    """All that is kept of one case. `fodt` is year and month (`2007-03`). `funn` counts the findings in the folder."""

    fodt: str | None
    meldinger: list[Melding]
    undersokelser: list[Undersokelse]
    planer: list[Plan]
    evalueringer: list[str]
    tiltak: list[Tiltak]
    tilsyn: list[str]
    flyttinger: list[Flytting]
    finding_count: int


class Avgiver(msgspec.Struct, frozen=True, array_like=True):
    """Who delivers. `bydelsnummer` and `bydelsnavn` are empty where there is none."""

    organisasjonsnummer: str
    kommunenummer: str
    kommunenavn: str
    bydelsnummer: str
    bydelsnavn: str


class CaseFolder(msgspec.Struct, frozen=True, array_like=True):
    """One v4 folder, de-identified. `nokkel`, `migrert`, `levering`, `forrige` and `digest` are HMAC-SHA-256 under the store's key.

    `uttrekk` is `clock.instant_text` of DatoUttrekk; `innhold` is None for a Sak with ErSlettet (a tombstone).
    `digest` is over the encoded `innhold` (empty for a tombstone). `file` and `line` say where, for findings of the fold.
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


class Individ(msgspec.Struct, frozen=True, array_like=True):
    """One child of a 15F file, de-identified: a case of its own, whatever its Id (`domain.md` 2.2).

    `digest` is HMAC-SHA-256 under the store's key over the encoded `innhold`.
    """

    content: CaseContent
    content_hash: bytes


class BydelPart(msgspec.Struct, frozen=True, array_like=True):
    """The children of a 15F file with one Bydelsnummer, or of all without one (`domain.md` 2.4). `avgiver` names the bydel."""

    avgiver: Avgiver
    individer: list[Individ]


class AnnualFile(msgspec.Struct, frozen=True, array_like=True):
    """One 15F file, whole: what a municipality reports of the year `aar` (`domain.md` 2).

    `funn` counts the findings of the file itself, besides those within its children. `file` and `line` say where.
    """

    file: int
    line: int
    organisasjonsnummer: str
    year: int
    finding_count: int
    parts: list[BydelPart]


class SupplementaryFigure(msgspec.Struct, frozen=True, array_like=True):
    """A line of a supplementary-figures CSV (`domain.md` 6.1), its value parsed; `verdi` None takes the figure away."""

    file: int
    line: int
    organization_id: str
    period_id: str
    field_key: str
    value: float | None
    data_source: str


class OrganizationListing(msgspec.Struct, frozen=True, array_like=True):
    """A line of an organisations file (`domain.md` 3.1)."""

    file: int
    line: int
    organization_id: str
    organization_name: str
    organisasjonsnummer: str
    bydelsnummer: str
