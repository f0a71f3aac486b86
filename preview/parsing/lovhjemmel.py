"""What a tiltak's legal basis makes of it (`domain.md` 4.4)."""

import re
from functools import lru_cache
from typing import NamedTuple

BVL, BVL2021, BL1981 = "BVL", "BVL2021", "BL1981"
LOVER = {BVL, BVL2021, BL1981}

_KAPITTEL = re.compile(r"[0-9]{1,3}[a-z]{0,2}\Z")
_PARAGRAF = re.compile(r"(?:§\s*)?(?:([0-9]{1,3}[a-z]{0,2})\s*[-–]\s*)?([0-9]{1,4})\s*([a-z]{0,2})\Z")
_OMSORG = {(BVL, "4", "12"), (BVL2021, "5", "1")}
_AKUTT = {(BVL, "4", "6"), (BVL, "4", "9"), *((BVL2021, "4", str(paragraf)) for paragraf in range(1, 6))}
_AKUTT_MED_LEDD = {(BVL, "4", "25"): "2", (BVL, "4", "29"): "4"}


class Hjemmel(NamedTuple):
    """A legal basis, normalised; `ledd` are those named."""

    lov: str
    kapittel: str
    paragraf: str
    ledd: frozenset[str]

    @property
    def provision(self) -> tuple[str, str, str]:
        """Law, chapter, paragraph."""
        return self[:3]


class TiltakFlags(NamedTuple):
    """Each 0 or 1, as stored."""

    omsorg: int
    akutt: int
    hjelpetiltak: int


@lru_cache(maxsize=4096)
def parse_hjemmel(parts: tuple[tuple[str, str], ...]) -> Hjemmel | None:
    """Of the child elements of a Lovhjemmel, as pairs of tag and trimmed text.

    None where the law is not one of `LOVER`, or chapter and paragraph are missing, unreadable or at odds.
    The paragraph may come as `12`, `4-12` or `§ 4-12`.
    """
    values = dict(parts)
    lov, kapittel = values.get("Lov", "").upper(), values.get("Kapittel", "").lower()
    match = _PARAGRAF.match(values.get("Paragraf", "").lower())
    if lov not in LOVER or match is None or not _KAPITTEL.match(kapittel) or match[1] not in (None, kapittel):
        return None
    return Hjemmel(lov, kapittel, match[2] + match[3], frozenset(text for tag, text in parts if tag == "Ledd"))


@lru_cache(maxsize=4096)
def flags(hjemmel: Hjemmel | None, jmfr: tuple[Hjemmel | None, ...]) -> TiltakFlags:
    """The flags of a tiltak under that basis; None is an unknown one, which makes a hjelpetiltak (`domain.md` 2.1)."""
    if hjemmel is None:
        return TiltakFlags(0, 0, 1)
    omsorg = hjemmel.provision in _OMSORG or _is_omsorg_by_4_8(hjemmel, jmfr)
    akutt = hjemmel.provision in _AKUTT or _AKUTT_MED_LEDD.get(hjemmel.provision) in hjemmel.ledd
    samtykke = hjemmel.provision == (BVL2021, "4", "1") or (hjemmel.provision == (BVL, "4", "6") and "1" in hjemmel.ledd)
    return TiltakFlags(int(omsorg), int(akutt), int(samtykke or not (omsorg or akutt)))


def is_placement(kategori: str | None) -> int:
    """1 for a placement outside the home, by its Kategori."""
    return int(kategori is not None and (kategori.startswith(("1.", "2.")) or kategori in ("8.2", "8.4", "8.5")))


def _is_omsorg_by_4_8(hjemmel: Hjemmel, jmfr: tuple[Hjemmel | None, ...]) -> bool:
    if hjemmel.provision != (BVL, "4", "8"):
        return False
    return not hjemmel.ledd.isdisjoint(("2", "3")) or any(each is not None and each.provision == (BVL, "4", "12") for each in jmfr)
