"""The envelope of a v4 file: organisation, extract time and cases (rules 1.2 to 1.6, 1.10, 4.1 and 10)."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from preview.model.case_records import Avgiver
from preview.parsing import barnevern as barnevern_reader
from tests.builders.case_xml import OLD_PLAN, avgiver, barnevern, element, folder, melding, plan, sak, uid
from tests.preview.parsing.parser_helpers import (
    KEY,
    NOW,
    case_content,
    check_findings_in,
    findings,
    findings_in,
    parse,
    parse_single_folder,
    rejection,
)


def file(giver: str | None = "", saker: list[str] | None = None, **more: Any) -> bytes:
    return barnevern([sak()] if saker is None else saker, sender=giver, **more).encode()


def test_file_without_avgiver_is_refused() -> None:
    assert rejection(file(giver=None)) == ("no_avgiver", 2, "Barnevern/Avgiver")


@pytest.mark.parametrize("number", [None, "", "99999999", "9999999999", "99999999x", "٩٩٩٩٩٩٩٩٩", "999 999 999"])
def test_invalid_organisasjonsnummer_refuses_file(number: str | None) -> None:
    assert rejection(file(avgiver(org=number))) == ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")


def test_avgiver_is_parsed() -> None:
    assert parse_single_folder(file(avgiver(bydel="02"))).avgiver == Avgiver(
        "999999999", "0301", "Testkommune", "02", "Testbydel"
    )
    assert parse_single_folder(file()).avgiver == Avgiver("999999999", "0301", "Testkommune", "", "")
    padded = avgiver(
        org=" 999999999 ", kommune=" 0301 ", kommunenavn=" Testkommune ", bydel="2", Bydelsnavn=" Testbydel "
    )
    assert parse_single_folder(file(padded)).avgiver == Avgiver("999999999", "0301", "Testkommune", "02", "Testbydel")


@pytest.mark.parametrize("number", [None, "", "301", "03011", "03O1"])
def test_invalid_kommunenummer_is_error_and_unknown(number: str | None) -> None:
    data = file(avgiver(kommune=number))
    assert findings_in(data) == [("error", "kommunenummer", "Avgiver@Kommunenummer")]
    assert parse_single_folder(data).avgiver.kommunenummer == ""


@pytest.mark.parametrize("number", ["002", "O2", "-1"])
def test_invalid_bydelsnummer_is_error_and_ignored(number: str) -> None:
    data = file(avgiver(bydel=number))
    assert findings_in(data) == [("error", "bydelsnummer", "Avgiver@Bydelsnummer")]
    assert parse_single_folder(data).avgiver.bydelsnummer == ""
    assert parse_single_folder(data).avgiver.bydelsnavn == ""


@pytest.mark.parametrize(
    "text", [None, "", "2024-12-31", "yesterday", "2024-12-31T23:59+01:00", "2024-02-30T00:00:00Z"]
)
def test_missing_or_invalid_dato_uttrekk_refuses_file(text: str | None) -> None:
    assert rejection(folder(uttrekk=text)) == ("uttrekk", 2, "Barnevern@DatoUttrekk")


def test_dato_uttrekk_over_day_ahead_refuses_file() -> None:
    last = NOW + timedelta(hours=24)
    assert parse_single_folder(folder(uttrekk=last.isoformat())).extract_at == "2025-06-16T12:00:00.000000Z"
    assert rejection(folder(uttrekk=(last + timedelta(seconds=1)).isoformat()))[0] == "future_uttrekk"
    # The same instant, written in another zone.
    assert rejection(folder(uttrekk="2025-06-16T22:00:01+10:00")) == ("future_uttrekk", 2, "Barnevern@DatoUttrekk")
    assert not parse(folder(uttrekk="2025-06-16T22:00:00+10:00")).refused


def test_dato_uttrekk_without_zone_is_norwegian_time() -> None:
    assert findings_in(folder(uttrekk="2024-07-01T12:00:00")) == [("notice", "no_zone", "Barnevern@DatoUttrekk")]
    assert parse_single_folder(folder(uttrekk="2024-07-01T12:00:00")).extract_at == "2024-07-01T10:00:00.000000Z"
    assert parse_single_folder(folder(uttrekk="2024-01-01T12:00:00")).extract_at == "2024-01-01T11:00:00.000000Z"


def test_dato_uttrekk_without_zone_is_checked_against_clock() -> None:
    now = datetime(2024, 7, 1, 10, 0, tzinfo=UTC)
    assert not parse(folder(uttrekk="2024-07-02T12:00:00"), now).refused
    assert parse(folder(uttrekk="2024-07-02T12:00:01"), now).refused


def test_file_without_sak_is_refused() -> None:
    assert rejection(file(saker=[])) == ("no_sak", 2, "Barnevern/Sak")


@pytest.mark.parametrize("name", [None, "  "])
def test_sak_without_id_refuses_file(name: str | None) -> None:
    assert rejection(file(saker=[sak(), sak(name)])) == ("sak_id", 2, "Sak@Id")


def test_file_over_case_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barnevern_reader, "MAX_CASES", 3)
    assert len(parse(file(saker=[sak() for _ in range(3)])).folders) == 3
    assert rejection(file(saker=[sak() for _ in range(4)])) == ("too_large", 2, "Barnevern/Sak")


def test_several_sak_in_file_are_parsed_with_notice() -> None:
    data = file(saker=[sak(uid(1), meldinger=[melding("2024-01-10")]), sak(uid(2)), sak(uid(3), slettet=True)])
    assert findings_in(data) == [("notice", "several_sak", "Barnevern/Sak")]
    read = parse(data).folders
    assert len({folder.key for folder in read}) == 3
    assert len({folder.delivery_hash for folder in read}) == 1
    assert [folder.content and len(folder.content.meldinger) for folder in read] == [1, 0, None]


def test_file_findings_count_towards_first_case() -> None:
    """Findings of checks are no faults and do not count."""
    late = sak(uid(3), meldinger=[melding("2024-01-10", "2024-01-20")])
    saker = [
        sak(uid(1), planer=[plan(*OLD_PLAN)]),
        sak(uid(2), meldinger=[melding(None), melding("")]),
        late,
        sak(uid(4)),
    ]
    data = file(saker=saker, uttrekk="2024-12-31T12:00:00")
    assert [folder.content and folder.content.finding_count for folder in parse(data).folders] == [2, 2, 0, 0]
    assert len(parse(data).findings) == 6
    assert check_findings_in(data) == [("notice", "melding_3", "Melding"), ("warning", "sak_21", "Sak")]


@pytest.mark.parametrize("written", [True, "1", " true "])
def test_deleted_sak_is_tombstone_with_unread_content(written: object) -> None:
    data = folder(slettet=written, meldinger=[melding(None)])
    record = parse_single_folder(data)
    assert record.content is None
    assert record.content_hash == b""
    assert findings_in(data) == []


@pytest.mark.parametrize("written", [False, "0"])
def test_sak_with_false_er_slettet_is_not_deleted(written: object) -> None:
    assert case_content(slettet=written, meldinger=[melding("2024-01-10")]).meldinger != []


def test_case_system_is_name_of_fagsystem() -> None:
    assert parse_single_folder(folder(fagsystem=" Modulus Barn ")).case_system == "Modulus Barn"
    assert parse_single_folder(folder(fagsystem=None)).case_system == ""
    assert len(parse_single_folder(folder(fagsystem="x" * 5000)).case_system) == 300


def test_folder_has_file_ordinal_and_line() -> None:
    record = parse_single_folder(folder())
    assert (record.file, record.line) == (1, 2)


def test_ids_are_hashed_with_store_key() -> None:
    record = parse_single_folder(folder(uid(1), delivery_id=uid(2), forrige=uid(3), migrert=uid(4)))
    assert record.key == hmac.digest(KEY, b"sak:" + uid(1).encode(), hashlib.sha256)
    assert record.migrated_key == hmac.digest(KEY, b"sak:" + uid(4).encode(), hashlib.sha256)
    assert record.delivery_hash == hmac.digest(KEY, b"levering:" + uid(2).encode(), hashlib.sha256)
    assert record.previous_delivery_hash == hmac.digest(KEY, b"levering:" + uid(3).encode(), hashlib.sha256)
    other = parse_single_folder(folder(uid(1), delivery_id=uid(2), forrige=uid(3), migrert=uid(4)), key=b"another key")
    assert not {record.key, record.migrated_key, record.delivery_hash, record.previous_delivery_hash} & {
        other.key,
        other.migrated_key,
        other.delivery_hash,
        other.previous_delivery_hash,
    }


def test_migrated_id_matches_sak_id_of_other_file() -> None:
    old = parse_single_folder(folder("0A0B0C0D-0000-4000-8000-00000000000A"))
    new = parse_single_folder(folder(uid(1), migrert=" 0a0b0c0d-0000-4000-8000-00000000000a "))
    assert new.migrated_key == old.key


def test_forrige_id_matches_id_of_other_file() -> None:
    assert (
        parse_single_folder(folder(forrige=uid(7).upper())).previous_delivery_hash
        == parse_single_folder(folder(delivery_id=uid(7))).delivery_hash
    )
    assert parse_single_folder(folder()).previous_delivery_hash is None
    assert parse_single_folder(folder(delivery_id=None)).delivery_hash == b""


@pytest.mark.parametrize(
    "name", [None, "", "i1", "12345", "00000000-0000-0000-0000-000000000000", uid(1) + "0", "{" + uid(1) + "}"]
)
def test_migrated_id_without_uuid_is_ignored(name: str | None) -> None:
    assert parse_single_folder(folder(migrert=name)).migrated_key is None
    assert findings_in(folder(migrert=name)) == []


def test_migrated_id_equal_to_sak_id_is_ignored() -> None:
    assert parse_single_folder(folder(uid(1), migrert=uid(1))).migrated_key is None


def test_content_hash_is_equal_for_unchanged_content() -> None:
    case: dict[str, Any] = {"meldinger": [melding("2024-01-10")], "fodt": "2010-03-15"}
    first, again = (
        parse_single_folder(folder(**case)),
        parse_single_folder(folder(uttrekk="2025-01-31T00:00:00Z", **case)),
    )
    assert first.content_hash == again.content_hash  # other ids, another delivery, equal content
    assert first.content_hash == hmac.digest(KEY, b"innhold:" + msgspec.msgpack.encode(first.content), hashlib.sha256)
    changed: list[dict[str, Any]] = [
        {**case, "meldinger": [melding("2024-01-11")]},
        {**case, "meldinger": [melding("2024-01-10", "2024-01-12")]},
        {**case, "fodt": "2010-04-15"},
        {**case, "meldinger": [melding("2024-01-10"), melding(None)]},  # a finding more
    ]
    assert len({parse_single_folder(folder(**changed_case)).content_hash for changed_case in (case, *changed)}) == 5
    # the day of birth is not stored
    assert parse_single_folder(folder(**{**case, "fodt": "2010-03-16"})).content_hash == first.content_hash
    assert parse_single_folder(folder(**case), key=b"another key").content_hash != first.content_hash


EARLY = {"personer": [], "Fodselsnummer": "15031000100", "Fodseldato": "2010-03-15", "Kjonn": "1"}


def test_person_on_sak_of_early_file_is_parsed() -> None:
    assert findings(**EARLY) == [("notice", "early_person", "Sak")]
    assert case_content(**EARLY).fodt == "2010-03"
    assert findings(personer=[], Kjonn="1") == [
        ("notice", "early_person", "Sak"),
        ("error", "birth_date", "Sak@Fodseldato"),
    ]


def test_sak_without_person_is_not_early_version() -> None:
    assert findings(personer=[]) == []
    assert case_content(personer=[]).fodt is None


def test_envelope_elements_may_come_in_any_order() -> None:
    giver = avgiver()
    data = (
        barnevern([sak()], sender=None)
        .replace("<Sak ", element("Other") + "<Sak ")
        .replace("</Barnevern>", giver + "</Barnevern>")
    )
    assert parse_single_folder(data.encode()).avgiver.organisasjonsnummer == "999999999"
    assert findings_in(data.encode()) == []
