"""Unique random words in every place of a delivery that must stop at the door, and a search for them in any disguise."""

import base64
import itertools
import json
import secrets
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from tests.builders import case_xml
from tests.builders.case_xml import (
    barnevern,
    element,
    konklusjon,
    melding,
    personalia,
    plan,
    relasjon,
    sak,
    slettet,
    tiltak,
    undersokelse,
    utfort,
)

_FOREIGN = "ø"  # what percent, entity and JSON escapes have to escape


class Sentinels:
    """Makes them, remembers them, finds them. All but numbers share a random mark; each is unique."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(4)
        self._count = itertools.count(1)
        self._numbers: set[str] = set()
        self._uuids: set[str] = set()

    def word(self) -> str:
        """As a name, a code or an attribute may look."""
        return f"q{self._mark}z{next(self._count)}"

    def text(self) -> str:
        """Free text."""
        return f"Bl{_FOREIGN}mst {self.word()} i{_FOREIGN}l"

    def id(self) -> str:
        """A UUID."""
        made = f"{self._mark}-{secrets.token_hex(2)}-4{secrets.token_hex(2)[1:]}-8{secrets.token_hex(2)[1:]}-{next(self._count):012x}"
        self._uuids.add(made)
        return made

    def number(self, beginning: str = "", digits: int = 11) -> str:
        """As a birth number (that of someone born on `beginning`), a DUF number or a journal number may look."""
        made = beginning + "".join(secrets.choice("123456789") for _ in range(digits - len(beginning)))
        self._numbers.add(made)
        return made

    def found_in(self, data: bytes) -> set[str]:
        """The disguises in which any of them is in the data."""
        lower = data.lower()
        return {name for name, forms in self._disguises() if any(form in lower for form in forms)}

    def _disguises(self) -> Iterator[tuple[str, list[bytes]]]:
        for plain in (f"q{self._mark}z", f"{self._mark}-", *self._numbers):
            yield "as it is", [plain.encode()]
            yield "in UTF-16", [plain.encode("utf-16-le"), plain.encode("utf-16-be")]
            yield "as hex", [plain.encode().hex().encode()]
            yield "in entities", ["".join(f"&#{ord(each)};" for each in plain).encode(), _hex_entities(plain)]
            yield "in percent escapes", ["".join(f"%{ord(each):02x}" for each in plain).encode()]
            yield "in Base64", [form.lower() for form in _base64(plain.encode())]
        for each in self._uuids:
            yield "as the bytes of a UUID", [uuid.UUID(each).bytes.lower(), uuid.UUID(each).bytes_le.lower()]
            yield "as a UUID without hyphens", [each.replace("-", "").encode()]
        for each in self._numbers:
            yield "as an integer", [int(each).to_bytes(8, "big")[2:].lower()]
        text = f"l{_FOREIGN}mst q{self._mark}"
        yield "escaped", [quote(text).lower().encode(), text.encode("ascii", "xmlcharrefreplace"), json.dumps(text)[1:-1].encode()]


def _hex_entities(plain: str) -> bytes:
    return "".join(f"&#x{ord(each):x};" for each in plain).encode()


def _base64(data: bytes) -> list[bytes]:
    """Of the data inside anything longer: in the three places that they can have among groups of three bytes, without the edges."""
    return [base64.b64encode(b"\x00" * shift + data)[4 if shift else 0 : -4] for shift in range(3)]


def good(planted: Sentinels, number: int, case_id: str | None = None) -> bytes:
    """A folder without a fault of its own, a sentinel in each place that allows one. With `case_id` it was not migrated."""
    personer = [
        personalia(fodt="2010-03-15", id=planted.id(), Fodselsnummer=planted.number("150310"), DUFnummer=planted.number(digits=12)),
        personalia("2019-01-01", fodt="2010-03-14", id=planted.id(), Navn=planted.text(), Fodselsnummer=planted.number("140310")),
    ]
    melding_id, undersokelse_id = planted.id(), planted.id()
    unknown: dict[str, Any] = {planted.word(): planted.text()}
    meldinger = [
        element(
            "Melding",
            [
                element("Melder", [element("Presisering", text=planted.text())], Kode="1", Presisering=planted.text()),
                element("Saksinnhold", text=planted.text(), Kode="20"),
                konklusjon("2024-01-12", "2", Presisering=planted.text()),
                f"<!-- {planted.text()} --><?{planted.word()} {planted.text()}?>",
            ],
            Id=melding_id,
            StartDato="2024-01-10",
            MigrertId=planted.id(),
        )
    ]
    case = sak(
        case_id or planted.id(),
        personer=personer,
        meldinger=meldinger,
        undersokelser=[undersokelse("2024-01-12", "2024-03-01", id=undersokelse_id, Presisering=planted.text())],
        planer=[plan("2024-03-01", id=planted.id(), evaluert=["2024-06-01"], Presisering=planted.text())],
        tiltak=[
            tiltak(
                "2024-03-02", kategori="1.1", id=planted.id(), tilsyn=[utfort("2024-05-01", id=planted.id())], Presisering=planted.text()
            )
        ],
        andre=[case_xml.vedtak("2024-03-01", id=planted.id(), Saksbehandler=planted.text()), element(planted.word(), text=planted.text())],
        flyttinger=[case_xml.flytting("2024-04-01", id=planted.id(), Presisering=planted.text())],
        relasjoner=[relasjon("Melding", melding_id, "Undersokelse", undersokelse_id, id=planted.id())],
        migrert=None if case_id else planted.id(),
        Journalnummer=planted.number(digits=13),
        Presisering=planted.text(),
        **unknown,
    )
    giver = case_xml.avgiver(org=f"98765{number:04}", kommune=f"{number:04}", Kontaktperson=planted.text())
    return barnevern([case], id=planted.id(), uttrekk="2024-12-30T12:00:00+01:00", giver=giver).encode()


def with_findings(planted: Sentinels, number: int) -> Iterator[tuple[str, bytes]]:
    """What each of these files must make a finding of, and the file: the value that is wrong is a sentinel."""
    giver = case_xml.avgiver(org=f"98765{number:04}", kommune=f"{number:04}")

    def file(head: dict[str, str] | None = None, **case: Any) -> bytes:
        given: dict[str, Any] = {"id": planted.id(), **(head or {})}
        return barnevern([sak(case.pop("id", planted.id()), **case)], giver=giver, **given).encode()

    word = planted.word
    bad = f"2024-01-{planted.number(digits=9)}"
    yield "no_date", file(meldinger=[melding(bad)])
    yield "no_end_date", file(meldinger=[melding("2024-01-01", word())])
    yield "no_date", file(undersokelser=[undersokelse(word())])
    yield "no_date", file(planer=[plan(word()), plan("2024-01-01", evaluert=[word()])])
    yield "no_date", file(flyttinger=[case_xml.flytting(word())])
    yield "no_date", file(tiltak=[tiltak("2024-01-01", tilsyn=[utfort(word())])])
    yield "birth_date", file(personer=[personalia(fodt=word(), Fodselsnummer=planted.number("150310"))])
    yield "fodselsnummer", file(personer=[personalia(Fodselsnummer=planted.number("993399"))])
    yield "sak_start", file(start=word())
    yield "unknown_code", file(meldinger=[melding("2024-01-01", "2024-01-02", word())])
    yield "unknown_code", file(planer=[plan("2024-01-01", type=word())])
    yield "unknown_code", file(tiltak=[tiltak("2024-01-01", kategori=word(), opphevelse=word())])
    yield "unknown_code", file(flyttinger=[case_xml.flytting("2024-01-01", word(), word())])
    yield "lovhjemmel", file(tiltak=[tiltak("2024-01-01", lov=f"{word()} {word()}-{word()}")])
    yield "lovhjemmel", file(tiltak=[tiltak("2024-01-01", hjemmel=element("Lovhjemmel", [element("Lov", text=planted.text())]))])
    yield (
        "dangling_relasjon",
        file(relasjoner=[relasjon("Melding", planted.id(), "Undersokelse", planted.id(), Presisering=planted.text())]),
    )
    yield "dangling_slettet", file(slettinger=[slettet("Melding", planted.id()), slettet(word(), planted.id())])
    repeated = planted.id()
    yield (
        "repeated_id",
        file(meldinger=[melding("2024-01-01", id=repeated), melding("2024-02-01", id=repeated, Presisering=planted.text())]),
    )
    yield "forrige_not_seen", file({"forrige": planted.id()})
    yield "early_person", file(personer=[], Fodselsnummer=planted.number("150310"), Fodseldato="2010-03-15", Kjonn="1", Navn=planted.text())
    yield "kommunenummer", barnevern([sak(planted.id())], giver=case_xml.avgiver(org=f"98765{number:04}", kommune=word())).encode()


def refused(planted: Sentinels) -> Iterator[tuple[str, bytes]]:
    """Why each of these files must be refused, and the file: it is broken where a parser's message would quote a sentinel."""
    word, text = planted.word, planted.text
    whole = good(planted, 9).decode()

    def broken(before: str, after: str) -> bytes:
        assert before in whole
        return whole.replace(before, after, 1).encode()

    opening = "<Saksinnhold"
    yield "not_well_formed", broken(opening, f"<{word()}>{text()}{opening}")
    yield "not_well_formed", broken(opening, f"</{word()}>{opening}")
    yield "not_well_formed", broken("</Sak>", "")
    yield "not_well_formed", broken("<Sak ", f'<Sak {(twice := word())}="{text()}" {twice}="{text()}" ')
    yield "not_well_formed", broken("<Sak ", f"<Sak {word()}={word()} ")
    yield "not_well_formed", broken("<Sak ", f'<Sak {word()}:{word()}="{text()}" ')
    yield "not_well_formed", broken(opening, f"<{word()}:{word()}>{text()}</{word()}:{word()}>{opening}")
    yield "not_well_formed", broken("<Sak ", f'<Sak {word()}="{text()}<{word()}" ')
    yield "not_well_formed", broken(opening, f"&#x{word()};{opening}")
    yield "not_well_formed", broken(opening, f"<![CDATA[{text()}")
    yield "not_well_formed", broken(opening, f"<!-- {text()} -- {text()} -->{opening}")
    yield "not_well_formed", broken(opening, f"<?{text()}")
    yield "not_well_formed", broken("</Barnevern>", f"</Barnevern><{word()}>{text()}</{word()}>")
    yield "not_well_formed", broken("</Barnevern>", f"</Barnevern>{text()}")
    yield "not_well_formed", f"<{word()} {text()}".encode()
    yield "entity", broken(opening, f"&{word()};{opening}")
    yield "entity", broken("<Sak ", f'<Sak {word()}="&{word()};" ')
    yield "doctype", broken("<Barnevern", f'<!DOCTYPE {word()} [<!ENTITY {word()} "{text()}">]><Barnevern')
    yield "doctype", broken("<Barnevern", f'<!DOCTYPE {word()} SYSTEM "file:///{word()}"><Barnevern')
    yield "encoding", broken('encoding="UTF-8"', f'encoding="{word()}"')
    yield "encoding", whole.encode("latin-1")
    yield "encoding", broken('encoding="UTF-8"', 'encoding="us-ascii"')
    yield "unknown_format", f"<{word()}><{word()}>{text()}</{word()}></{word()}>".encode()
    yield "unknown_format", text().encode()
    yield "unknown_format", f"{word()},{word()}\n{text()},{text()}\n".encode()
    yield "no_avgiver", barnevern([sak(planted.id(), Journalnummer=word())], giver=None).encode()
    yield "organisasjonsnummer", barnevern([sak(planted.id())], giver=case_xml.avgiver(org=planted.number())).encode()
    yield "uttrekk", barnevern([sak(planted.id())], uttrekk=word()).encode()
    yield "future_uttrekk", barnevern([sak(planted.id())], uttrekk="2999-01-01T00:00:00Z", id=planted.id(), forrige=planted.id()).encode()
    yield "no_sak", barnevern([element(word(), text=text(), Id=planted.id())]).encode()
    yield "sak_id", barnevern([sak(None, Journalnummer=word())]).encode()


def csv(planted: Sentinels, known: str) -> Iterator[tuple[set[str], bytes]]:
    """Which findings each of these files must have, and the file: every value that is wrong is a sentinel. `known` is an organisation that is."""
    word, key = planted.word, "antall_arsverk"
    lines = [
        f"org-{_FOREIGN}{word()},2024,{key},1,",
        f"org-{word()},2024,{key},1,",
        f"{known},{word()},{key},1,",
        f"{known},2024,{word()},1,",
        f"{known},2024,{key},{word()},",
        f"{known},2024,{key},1,{word() * 9}",
        f"{known},2024,{word()}",
        f'{known},2024,"{word()}"{word()},1,',
    ]
    codes = {"csv_organization_id", "csv_unknown_organization", "csv_period", "csv_field", "csv_value", "csv_source", "csv_line"}
    yield codes, "\n".join(["organization_id,period_id,field_key,value,data_source", *lines]).encode()
    lines = [
        f"{word()},Et navn,987654321,",
        f"org-a,{planted.text()}\x07,987654321,",
        f"org-a,Et navn,{planted.number()},",
        f"org-a,Et navn,987654321,{word()}",
    ]
    codes = {"csv_organization_id", "csv_organization_name", "csv_organisasjonsnummer", "csv_bydelsnummer"}
    yield codes, "\n".join(["organization_id,organization_name,organisasjonsnummer,bydelsnummer", *lines]).encode()


def kostra(planted: Sentinels, number: int) -> bytes:
    """A KOSTRA 15F file, which names the caseworker too."""
    individ = element(
        "Individ",
        [
            element("Melding", [element("Melder", Kode="1", Presisering=planted.text())], Id=planted.word(), StartDato="2023-01-10"),
            element(
                "Tiltak",
                [element("Kategori", Kode=planted.word(), Presisering=planted.text())],
                Id=planted.word(),
                StartDato=planted.word(),
            ),
        ],
        Id=planted.word(),
        StartDato="2023-01-10",
        Journalnummer=planted.word(),
        Fodselsnummer=planted.number("150310"),
        DUFnummer=planted.number(digits=12),
        Saksbehandler=planted.text(),
        Avslutta3112="2",
    )
    giver = element(
        "Avgiver", Organisasjonsnummer=f"98765{number:04}", Versjon="2023", Kommunenummer=f"{number:04}", Kommunenavn="Testkommune"
    )
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>{element("Barnevern", [giver, individ])}'.encode("latin-1")
