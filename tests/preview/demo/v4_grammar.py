"""Checks case files against the part of Barnevern_v4.xsd that the demo uses: attributes, children and their order."""

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
    "Tiltak/Kategori": "1.1 2.1 2.2 2.3 2.5 3.1 3.2 3.3 3.4 3.5 3.6 3.9 3.10 4.1 4.2 4.3 4.4 4.5 4.6 4.8 "
    "5.1 5.4 6.2 6.4 8.2 8.4 8.5",
}
"""Codes of the format; of those that need a Presisering, only Opphevelse 4, which has one in the demo."""


class ElementRule(NamedTuple):
    """Required and optional attributes; children in order, `?` at most one, `*` any number, `+` at least one."""

    required: str = ""
    optional: str = ""
    children: str = ""


HJEMMEL_CHILDREN = "Lov Kapittel Paragraf Ledd* Bokstav* Punktum*"
RULES = {
    "Barnevern": ElementRule("Id DatoUttrekk", "ForrigeId", "Fagsystem Avgiver Sak"),
    "Fagsystem": ElementRule("Leverandor Navn Versjon"),
    "Avgiver": ElementRule("Organisasjonsnummer Kommunenummer Kommunenavn", "Bydelsnummer Bydelsnavn"),
    "Sak": ElementRule(
        "Id StartDato Journalnummer",
        "MigrertId SluttDato Avsluttet ErSlettet",
        "Personalia* Melding* Undersokelse* Plan* Tiltak* Vedtak* Ettervern* OversendelseFylkesnemnd* Flytting* "
        "Relasjon* Slettet*",
    ),
    "Personalia": ElementRule("Id StartDato Fodselsnummer Fodseldato Kjonn"),
    "Melding": ElementRule("Id StartDato", "", "Melder* Saksinnhold* Konklusjon?"),
    "Melding/Konklusjon": ElementRule("SluttDato Kode"),
    "Undersokelse": ElementRule("Id StartDato", "", "Vedtaksgrunnlag* BarnetsMedvirkning? UtvidetFrist? Konklusjon?"),
    "Undersokelse/Konklusjon": ElementRule("SluttDato Kode"),
    "BarnetsMedvirkning": ElementRule("", "", "StartDato MedvirkningType"),
    "UtvidetFrist": ElementRule("StartDato", "Innvilget"),
    "Plan": ElementRule("Id StartDato Plantype", "", "Evaluering* Konklusjon?"),
    "Plan/Konklusjon": ElementRule("SluttDato"),
    "Evaluering": ElementRule("UtfortDato"),
    "Tiltak": ElementRule(
        "Id StartDato",
        "",
        "Lovhjemmel JmfrLovhjemmel* Kategori Tiltaksgrunnlag* Tilsyn? Oppfolging? Opphevelse? Konklusjon?",
    ),
    "Tiltak/Konklusjon": ElementRule("SluttDato"),
    "Vedtak/Konklusjon": ElementRule("SluttDato"),
    "Tilsyn": ElementRule("", "", "Ansvarlig+ Hyppighet+ Utfort*"),
    "Ansvarlig": ElementRule("Id StartDato Kommunenummer"),
    "Hyppighet": ElementRule("Id StartDato Kode"),
    "Utfort": ElementRule("Id UtfortDato"),
    "Vedtak": ElementRule("Id StartDato", "", "Lovhjemmel JmfrLovhjemmel* Krav* Status+ Konklusjon?"),
    "Status": ElementRule("Id EndretDato Kode"),
    "Ettervern": ElementRule("Id TilbudSendtDato", "", "Konklusjon?"),
    "Ettervern/Konklusjon": ElementRule("SluttDato Kode"),
    "OversendelseFylkesnemnd": ElementRule("Id StartDato", "", "Lovhjemmel JmfrLovhjemmel*"),
    "Flytting": ElementRule("Id SluttDato", "", "ArsakFra FlyttingTil"),
    "Relasjon": ElementRule("Id FraId FraType TilId TilType"),
    "Slettet": ElementRule("Id Type SluttDato"),
    "Lovhjemmel": ElementRule("", "", HJEMMEL_CHILDREN),
    **dict.fromkeys(
        ("Melder", "Saksinnhold", "Vedtaksgrunnlag", "Tiltaksgrunnlag", "Kategori", "ArsakFra", "FlyttingTil"),
        ElementRule("Kode"),
    ),
    "Opphevelse": ElementRule("Kode", "Presisering"),
    **dict.fromkeys(("Lov", "Kapittel", "Paragraf", "Ledd", "Bokstav", "StartDato", "MedvirkningType"), ElementRule()),
}


def grammar_errors(element: Element, parent: str = "") -> Iterator[str]:
    """Yield the violations of the grammar in the element and below it."""
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
    if (path := f"{parent}/{element.tag}") in CODES and element.get("Kode") not in CODES[path].split():
        yield f"{path}@Kode is {element.get('Kode')}"
    if not _order(rule.children).match("".join(f"{child.tag} " for child in element)):
        yield f"{name} has the children {[child.tag for child in element]}"
    for child in element:
        yield from grammar_errors(child, element.tag)


def _order(children: str) -> re.Pattern[str]:
    parts = (re.fullmatch(r"(\w+)([?*+]?)", child) for child in children.split())
    return re.compile("".join(f"(?:{part[1]} ){part[2]}" for part in parts if part) + r"\Z")
