"""Puts unique random values (canaries) into every part of a delivery that must not be stored, and searches for them in
data.
"""

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

_NON_ASCII = "ø"  # what percent, entity and JSON escapes have to escape


class Canaries:
    """Creates, remembers and finds canaries. Each is unique; all but numbers contain a common random mark."""

    def __init__(self) -> None:
        self._mark = secrets.token_hex(4)
        self._count = itertools.count(1)
        self._numbers: set[str] = set()
        self._uuids: set[str] = set()

    def word(self) -> str:
        """Return a canary for a name, a code or an attribute."""
        return f"q{self._mark}z{next(self._count)}"

    def text(self) -> str:
        """Return a canary for free text."""
        return f"Bl{_NON_ASCII}mst {self.word()} i{_NON_ASCII}l"

    def id(self) -> str:
        """Return a canary that is a UUID."""
        second, third, fourth = secrets.token_hex(2), secrets.token_hex(2)[1:], secrets.token_hex(2)[1:]
        value = f"{self._mark}-{second}-4{third}-8{fourth}-{next(self._count):012x}"
        self._uuids.add(value)
        return value

    def number(self, prefix: str = "", digits: int = 11) -> str:
        """Return a canary for a birth number that begins with `beginning`, a DUF number or a journal number."""
        value = prefix + "".join(secrets.choice("123456789") for _ in range(digits - len(prefix)))
        self._numbers.add(value)
        return value

    def find_in(self, data: bytes) -> set[str]:
        """Return the encodings in which the data contains a canary."""
        lower = data.lower()
        return {name for name, forms in self._encodings() if any(form in lower for form in forms)}

    def _encodings(self) -> Iterator[tuple[str, list[bytes]]]:
        for plain in (f"q{self._mark}z", f"{self._mark}-", *self._numbers):
            yield "as it is", [plain.encode()]
            yield "in UTF-16", [plain.encode("utf-16-le"), plain.encode("utf-16-be")]
            yield "as hex", [plain.encode().hex().encode()]
            yield "in entities", ["".join(f"&#{ord(canary)};" for canary in plain).encode(), _hex_entities(plain)]
            yield "in percent escapes", ["".join(f"%{ord(canary):02x}" for canary in plain).encode()]
            yield "in Base64", [form.lower() for form in _base64(plain.encode())]
        for canary in self._uuids:
            yield "as the bytes of a UUID", [uuid.UUID(canary).bytes.lower(), uuid.UUID(canary).bytes_le.lower()]
            yield "as a UUID without hyphens", [canary.replace("-", "").encode()]
        for canary in self._numbers:
            yield "as an integer", [int(canary).to_bytes(8, "big")[2:].lower()]
        text = f"l{_NON_ASCII}mst q{self._mark}"
        yield (
            "escaped",
            [quote(text).lower().encode(), text.encode("ascii", "xmlcharrefreplace"), json.dumps(text)[1:-1].encode()],
        )


def _hex_entities(plain: str) -> bytes:
    return "".join(f"&#x{ord(character):x};" for character in plain).encode()


def _base64(data: bytes) -> list[bytes]:
    """Return the Base64 of the data within longer data, at each of the three offsets and without the edges."""
    return [base64.b64encode(b"\x00" * shift + data)[4 if shift else 0 : -4] for shift in range(3)]


def clean_folder(canaries: Canaries, number: int, case_id: str | None = None) -> bytes:
    """Return a valid case file with a canary in each place that allows one; with `case_id` it was not migrated."""
    personer = [
        personalia(
            fodt="2010-03-15",
            id=canaries.id(),
            Fodselsnummer=canaries.number("150310"),
            DUFnummer=canaries.number(digits=12),
        ),
        personalia(
            "2019-01-01",
            fodt="2010-03-14",
            id=canaries.id(),
            Navn=canaries.text(),
            Fodselsnummer=canaries.number("140310"),
        ),
    ]
    melding_id, undersokelse_id = canaries.id(), canaries.id()
    unknown: dict[str, Any] = {canaries.word(): canaries.text()}
    meldinger = [
        element(
            "Melding",
            [
                element(
                    "Melder", [element("Presisering", text=canaries.text())], Kode="1", Presisering=canaries.text()
                ),
                element("Saksinnhold", text=canaries.text(), Kode="20"),
                konklusjon("2024-01-12", "2", Presisering=canaries.text()),
                f"<!-- {canaries.text()} --><?{canaries.word()} {canaries.text()}?>",
            ],
            Id=melding_id,
            StartDato="2024-01-10",
            MigrertId=canaries.id(),
        )
    ]
    case = sak(
        case_id or canaries.id(),
        personer=personer,
        meldinger=meldinger,
        undersokelser=[undersokelse("2024-01-12", "2024-03-01", id=undersokelse_id, Presisering=canaries.text())],
        planer=[plan("2024-03-01", id=canaries.id(), evaluert=["2024-06-01"], Presisering=canaries.text())],
        tiltak=[
            tiltak(
                "2024-03-02",
                kategori="1.1",
                id=canaries.id(),
                tilsyn=[utfort("2024-05-01", id=canaries.id())],
                Presisering=canaries.text(),
            )
        ],
        andre=[
            case_xml.vedtak("2024-03-01", id=canaries.id(), Saksbehandler=canaries.text()),
            element(canaries.word(), text=canaries.text()),
        ],
        flyttinger=[case_xml.flytting("2024-04-01", id=canaries.id(), Presisering=canaries.text())],
        relasjoner=[relasjon("Melding", melding_id, "Undersokelse", undersokelse_id, id=canaries.id())],
        migrert=None if case_id else canaries.id(),
        Journalnummer=canaries.number(digits=13),
        Presisering=canaries.text(),
        **unknown,
    )
    giver = case_xml.avgiver(org=f"98765{number:04}", kommune=f"{number:04}", Kontaktperson=canaries.text())
    return barnevern([case], id=canaries.id(), uttrekk="2024-12-30T12:00:00+01:00", sender=giver).encode()


def files_with_findings(canaries: Canaries, number: int) -> Iterator[tuple[str, bytes]]:
    """Return files whose wrong value is a canary, each with its expected findings."""
    giver = case_xml.avgiver(org=f"98765{number:04}", kommune=f"{number:04}")

    def file(head: dict[str, str] | None = None, **case: Any) -> bytes:
        given: dict[str, Any] = {"id": canaries.id(), **(head or {})}
        return barnevern([sak(case.pop("id", canaries.id()), **case)], sender=giver, **given).encode()

    word = canaries.word
    bad = f"2024-01-{canaries.number(digits=9)}"
    yield "no_date", file(meldinger=[melding(bad)])
    yield "no_end_date", file(meldinger=[melding("2024-01-01", word())])
    yield "no_date", file(undersokelser=[undersokelse(word())])
    yield "no_date", file(planer=[plan(word()), plan("2024-01-01", evaluert=[word()])])
    yield "no_date", file(flyttinger=[case_xml.flytting(word())])
    yield "no_date", file(tiltak=[tiltak("2024-01-01", tilsyn=[utfort(word())])])
    yield "birth_date", file(personer=[personalia(fodt=word(), Fodselsnummer=canaries.number("150310"))])
    yield "fodselsnummer", file(personer=[personalia(Fodselsnummer=canaries.number("993399"))])
    yield "sak_start", file(start=word())
    yield "unknown_code", file(meldinger=[melding("2024-01-01", "2024-01-02", word())])
    yield "unknown_code", file(planer=[plan("2024-01-01", type=word())])
    yield "unknown_code", file(tiltak=[tiltak("2024-01-01", kategori=word(), opphevelse=word())])
    yield "unknown_code", file(flyttinger=[case_xml.flytting("2024-01-01", word(), word())])
    yield "lovhjemmel", file(tiltak=[tiltak("2024-01-01", lov=f"{word()} {word()}-{word()}")])
    yield (
        "lovhjemmel",
        file(tiltak=[tiltak("2024-01-01", hjemmel=element("Lovhjemmel", [element("Lov", text=canaries.text())]))]),
    )
    yield (
        "dangling_relasjon",
        file(
            relasjoner=[relasjon("Melding", canaries.id(), "Undersokelse", canaries.id(), Presisering=canaries.text())]
        ),
    )
    yield "dangling_slettet", file(slettinger=[slettet("Melding", canaries.id()), slettet(word(), canaries.id())])
    repeated = canaries.id()
    yield (
        "repeated_id",
        file(
            meldinger=[
                melding("2024-01-01", id=repeated),
                melding("2024-02-01", id=repeated, Presisering=canaries.text()),
            ]
        ),
    )
    yield "forrige_not_seen", file({"forrige": canaries.id()})
    yield (
        "early_person",
        file(
            personer=[],
            Fodselsnummer=canaries.number("150310"),
            Fodseldato="2010-03-15",
            Kjonn="1",
            Navn=canaries.text(),
        ),
    )
    yield (
        "kommunenummer",
        barnevern([sak(canaries.id())], sender=case_xml.avgiver(org=f"98765{number:04}", kommune=word())).encode(),
    )


def refused_files(canaries: Canaries) -> Iterator[tuple[str, bytes]]:
    """Return files that are refused, each with its finding: a parser's error message would quote a canary."""
    word, text = canaries.word, canaries.text
    whole = clean_folder(canaries, 9).decode()

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
    yield "no_avgiver", barnevern([sak(canaries.id(), Journalnummer=word())], sender=None).encode()
    yield (
        "organisasjonsnummer",
        barnevern([sak(canaries.id())], sender=case_xml.avgiver(org=canaries.number())).encode(),
    )
    yield "uttrekk", barnevern([sak(canaries.id())], uttrekk=word()).encode()
    yield (
        "future_uttrekk",
        barnevern(
            [sak(canaries.id())], uttrekk="2999-01-01T00:00:00Z", id=canaries.id(), forrige=canaries.id()
        ).encode(),
    )
    yield "no_sak", barnevern([element(word(), text=text(), Id=canaries.id())]).encode()
    yield "sak_id", barnevern([sak(None, Journalnummer=word())]).encode()


def csv_files(canaries: Canaries, known: str) -> Iterator[tuple[set[str], bytes]]:
    """Return CSV files whose wrong values are canaries, each with its findings; `known` is the id of a stored
    organisation.
    """
    word, key = canaries.word, "antall_arsverk"
    lines = [
        f"org-{_NON_ASCII}{word()},2024,{key},1,",
        f"org-{word()},2024,{key},1,",
        f"{known},{word()},{key},1,",
        f"{known},2024,{word()},1,",
        f"{known},2024,{key},{word()},",
        f"{known},2024,{key},1,{word() * 9}",
        f"{known},2024,{word()}",
        f'{known},2024,"{word()}"{word()},1,',
    ]
    codes = {
        "csv_organization_id",
        "csv_unknown_organization",
        "csv_period",
        "csv_field",
        "csv_value",
        "csv_source",
        "csv_line",
    }
    yield codes, "\n".join(["organization_id,period_id,field_key,value,data_source", *lines]).encode()
    lines = [
        f"{word()},Et navn,987654321,",
        f"org-a,{canaries.text()}\x07,987654321,",
        f"org-a,Et navn,{canaries.number()},",
        f"org-a,Et navn,987654321,{word()}",
    ]
    codes = {"csv_organization_id", "csv_organization_name", "csv_organisasjonsnummer", "csv_bydelsnummer"}
    yield codes, "\n".join(["organization_id,organization_name,organisasjonsnummer,bydelsnummer", *lines]).encode()


def annual_file(canaries: Canaries, number: int) -> bytes:
    """Return a KOSTRA 15F file, which also contains the name of a caseworker."""
    individ = element(
        "Individ",
        [
            element(
                "Melding",
                [element("Melder", Kode="1", Presisering=canaries.text())],
                Id=canaries.word(),
                StartDato="2023-01-10",
            ),
            element(
                "Tiltak",
                [element("Kategori", Kode=canaries.word(), Presisering=canaries.text())],
                Id=canaries.word(),
                StartDato=canaries.word(),
            ),
        ],
        Id=canaries.word(),
        StartDato="2023-01-10",
        Journalnummer=canaries.word(),
        Fodselsnummer=canaries.number("150310"),
        DUFnummer=canaries.number(digits=12),
        Saksbehandler=canaries.text(),
        Avslutta3112="2",
    )
    giver = element(
        "Avgiver",
        Organisasjonsnummer=f"98765{number:04}",
        Versjon="2023",
        Kommunenummer=f"{number:04}",
        Kommunenavn="Testkommune",
    )
    return f'<?xml version="1.0" encoding="ISO-8859-1"?>{element("Barnevern", [giver, individ])}'.encode("latin-1")
