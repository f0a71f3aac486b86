"""The grammar of the v4 folder as far as the demo uses it, from Barnevern_v4.xsd: what an element must and may have, and in which order."""

import re
from collections.abc import Iterator
from typing import NamedTuple
from xml.etree.ElementTree import Element

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z")
DATE = re.compile(r"\d{4}-\d{2}-\d{2}\Z")
INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})\Z")
TYPES = "Personalia|Melding|Undersokelse|Plan|Tiltak|Vedtak|Ettervern|OversendelseFylkesnemnd|Flytting|Relasjon"
VALUES = {
    "DatoUttrekk": INSTANT,
    "Organisasjonsnummer": re.compile(r"\d{9}\Z"),
    "Kommunenummer": re.compile(r"\d{4}\Z"),
    "Bydelsnummer": re.compile(r"\d{2}\Z"),
    "Fodselsnummer": re.compile(r"\d{11}\Z"),
    "Journalnummer": re.compile(r".{1,36}\Z"),
    "Kjonn": re.compile(r"[012]\Z"),
    "Avsluttet": re.compile(r"(true|false)\Z"),
    "ErSlettet": re.compile(r"(true|false)\Z"),
    "FraType": re.compile(f"({TYPES})\\Z"),
    "TilType": re.compile(f"({TYPES})\\Z"),
    "Type": re.compile(f"({TYPES})\\Z"),
    **dict.fromkeys(("Id", "ForrigeId", "MigrertId", "FraId", "TilId"), UUID),
    **dict.fromkeys(("StartDato", "SluttDato", "Fodseldato", "UtfortDato", "EndretDato", "TilbudSendtDato"), DATE),
}
CODES = {
    "Melding/Konklusjon": "1 2 3 4 5 6 7 8 9 10",
    "Undersokelse/Konklusjon": "1 2 3 4 5 6 7 8 9",
    "Ettervern/Konklusjon": "1 2 3",
    "Tiltak/Opphevelse": "1 2 3 4",
    "Tilsyn/Hyppighet": "2 4",
    "Vedtak/Status": "1 2 3 4",
    "Flytting/ArsakFra": "1.1.1 1.1.2 1.1.3 1.1.4 1.2.1 1.2.2 1.3 2.1 2.2 2.3 2.4 2.5 2.6 2.7 2.8",
    "Flytting/FlyttingTil": "1 2 3 4 5 6 7 9",
    "Tiltak/Kategori": "1.1 2.1 2.2 2.3 2.5 3.1 3.2 3.3 3.4 3.5 3.6 3.9 3.10 4.1 4.2 4.3 4.4 4.5 4.6 4.8 5.1 5.4 6.2 6.4 8.2 8.4 8.5",
}
"""The codes of the format; of those that ask for a Presisering only Opphevelse 4, which has one."""


class Rule(NamedTuple):
    """Attributes that must and that may be there; children in their order, `?` at most one, `*` any number, `+` at least one."""

    required: str = ""
    optional: str = ""
    children: str = ""


HJEMMEL = "Lov Kapittel Paragraf Ledd* Bokstav* Punktum*"
RULES = {
    "Barnevern": Rule("Id DatoUttrekk", "ForrigeId", "Fagsystem Avgiver Sak"),
    "Fagsystem": Rule("Leverandor Navn Versjon"),
    "Avgiver": Rule("Organisasjonsnummer Kommunenummer Kommunenavn", "Bydelsnummer Bydelsnavn"),
    "Sak": Rule(
        "Id StartDato Journalnummer",
        "MigrertId SluttDato Avsluttet ErSlettet",
        "Personalia* Melding* Undersokelse* Plan* Tiltak* Vedtak* Ettervern* OversendelseFylkesnemnd* Flytting* Relasjon* Slettet*",
    ),
    "Personalia": Rule("Id StartDato Fodselsnummer Fodseldato Kjonn"),
    "Melding": Rule("Id StartDato", "", "Melder* Saksinnhold* Konklusjon?"),
    "Melding/Konklusjon": Rule("SluttDato Kode"),
    "Undersokelse": Rule("Id StartDato", "", "Vedtaksgrunnlag* BarnetsMedvirkning? UtvidetFrist? Konklusjon?"),
    "Undersokelse/Konklusjon": Rule("SluttDato Kode"),
    "BarnetsMedvirkning": Rule("", "", "StartDato MedvirkningType"),
    "UtvidetFrist": Rule("StartDato", "Innvilget"),
    "Plan": Rule("Id StartDato Plantype", "", "Evaluering* Konklusjon?"),
    "Plan/Konklusjon": Rule("SluttDato"),
    "Evaluering": Rule("UtfortDato"),
    "Tiltak": Rule("Id StartDato", "", "Lovhjemmel JmfrLovhjemmel* Kategori Tiltaksgrunnlag* Tilsyn? Oppfolging? Opphevelse? Konklusjon?"),
    "Tiltak/Konklusjon": Rule("SluttDato"),
    "Vedtak/Konklusjon": Rule("SluttDato"),
    "Tilsyn": Rule("", "", "Ansvarlig+ Hyppighet+ Utfort*"),
    "Ansvarlig": Rule("Id StartDato Kommunenummer"),
    "Hyppighet": Rule("Id StartDato Kode"),
    "Utfort": Rule("Id UtfortDato"),
    "Vedtak": Rule("Id StartDato", "", "Lovhjemmel JmfrLovhjemmel* Krav* Status+ Konklusjon?"),
    "Status": Rule("Id EndretDato Kode"),
    "Ettervern": Rule("Id TilbudSendtDato", "", "Konklusjon?"),
    "Ettervern/Konklusjon": Rule("SluttDato Kode"),
    "OversendelseFylkesnemnd": Rule("Id StartDato", "", "Lovhjemmel JmfrLovhjemmel*"),
    "Flytting": Rule("Id SluttDato", "", "ArsakFra FlyttingTil"),
    "Relasjon": Rule("Id FraId FraType TilId TilType"),
    "Slettet": Rule("Id Type SluttDato"),
    "Lovhjemmel": Rule("", "", HJEMMEL),
    **dict.fromkeys(("Melder", "Saksinnhold", "Vedtaksgrunnlag", "Tiltaksgrunnlag", "Kategori", "ArsakFra", "FlyttingTil"), Rule("Kode")),
    "Opphevelse": Rule("Kode", "Presisering"),
    **dict.fromkeys(("Lov", "Kapittel", "Paragraf", "Ledd", "Bokstav", "StartDato", "MedvirkningType"), Rule()),
}


def faults(element: Element, parent: str = "") -> Iterator[str]:
    """What in the element, or below it, is against the grammar."""
    name = f"{parent}/{element.tag}" if f"{parent}/{element.tag}" in RULES else element.tag
    if name not in RULES:
        yield f"{parent}/{element.tag} is not known"
        return
    rule = RULES[name]
    given, required = set(element.attrib), set(rule.required.split())
    if required - given or given - required - set(rule.optional.split()):
        yield f"{name} has the attributes {sorted(given)}"
    for attribute, value in element.attrib.items():
        if attribute in VALUES and not VALUES[attribute].match(value):
            yield f"{name}@{attribute} is {value}"
    if (place := f"{parent}/{element.tag}") in CODES and element.get("Kode") not in CODES[place].split():
        yield f"{place}@Kode is {element.get('Kode')}"
    if not _order(rule.children).match("".join(f"{child.tag} " for child in element)):
        yield f"{name} has the children {[child.tag for child in element]}"
    for child in element:
        yield from faults(child, element.tag)


def _order(children: str) -> re.Pattern[str]:
    parts = (re.fullmatch(r"(\w+)([?*+]?)", child) for child in children.split())
    return re.compile("".join(f"(?:{part[1]} ){part[2]}" for part in parts if part) + r"\Z")
