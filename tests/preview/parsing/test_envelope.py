"""The envelope of a case folder: who delivers, when, which case (`domain.md` 1.2 to 1.6, 1.10, 4.1, and rows 2 and 3 of 10)."""

import hashlib
import hmac
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from preview.model.case_records import Avgiver
from preview.parsing import barnevern as barnevern_reader
from tests.builders.case_xml import OLD_PLAN, avgiver, barnevern, element, folder, melding, plan, sak, uid
from tests.preview.parsing.parser_helpers import KEY, NOW, contents, controls_in, findings, findings_in, innhold, one_mappe, refusal


def file(giver: str | None = "", saker: list[str] | None = None, **more: Any) -> bytes:
    return barnevern([sak()] if saker is None else saker, giver=giver, **more).encode()


def test_without_avgiver_the_file_is_refused() -> None:
    assert refusal(file(giver=None)) == ("no_avgiver", 2, "Barnevern/Avgiver")


@pytest.mark.parametrize("number", [None, "", "99999999", "9999999999", "99999999x", "٩٩٩٩٩٩٩٩٩", "999 999 999"])
def test_an_organisasjonsnummer_that_is_not_nine_digits_refuses_the_file(number: str | None) -> None:
    assert refusal(file(avgiver(org=number))) == ("organisasjonsnummer", 2, "Avgiver@Organisasjonsnummer")


def test_who_delivers() -> None:
    assert one_mappe(file(avgiver(bydel="02"))).avgiver == Avgiver("999999999", "0301", "Testkommune", "02", "Testbydel")
    assert one_mappe(file()).avgiver == Avgiver("999999999", "0301", "Testkommune", "", "")
    padded = avgiver(org=" 999999999 ", kommune=" 0301 ", kommunenavn=" Testkommune ", bydel="2", Bydelsnavn=" Testbydel ")
    assert one_mappe(file(padded)).avgiver == Avgiver("999999999", "0301", "Testkommune", "02", "Testbydel")


@pytest.mark.parametrize("number", [None, "", "301", "03011", "03O1"])
def test_a_kommunenummer_that_is_not_four_digits_is_an_error_and_unknown(number: str | None) -> None:
    data = file(avgiver(kommune=number))
    assert findings_in(data) == [("error", "kommunenummer", "Avgiver@Kommunenummer")]
    assert one_mappe(data).avgiver.kommunenummer == ""


@pytest.mark.parametrize("number", ["002", "O2", "-1"])
def test_a_bydelsnummer_that_is_none_is_an_error_and_as_if_there_were_none(number: str) -> None:
    data = file(avgiver(bydel=number))
    assert findings_in(data) == [("error", "bydelsnummer", "Avgiver@Bydelsnummer")]
    assert one_mappe(data).avgiver.bydelsnummer == ""
    assert one_mappe(data).avgiver.bydelsnavn == ""


@pytest.mark.parametrize("text", [None, "", "2024-12-31", "yesterday", "2024-12-31T23:59+01:00", "2024-02-30T00:00:00Z"])
def test_a_dato_uttrekk_that_is_missing_or_unreadable_refuses_the_file(text: str | None) -> None:
    assert refusal(folder(uttrekk=text)) == ("uttrekk", 2, "Barnevern@DatoUttrekk")


def test_a_dato_uttrekk_more_than_a_day_ahead_refuses_the_file() -> None:
    last = NOW + timedelta(hours=24)
    assert one_mappe(folder(uttrekk=last.isoformat())).uttrekk == "2025-06-16T12:00:00.000000Z"
    assert refusal(folder(uttrekk=(last + timedelta(seconds=1)).isoformat()))[0] == "future_uttrekk"
    # The same instant, written in another zone.
    assert refusal(folder(uttrekk="2025-06-16T22:00:01+10:00")) == ("future_uttrekk", 2, "Barnevern@DatoUttrekk")
    assert not contents(folder(uttrekk="2025-06-16T22:00:00+10:00")).refused


def test_a_dato_uttrekk_without_zone_is_norwegian_time_with_a_notice() -> None:
    assert findings_in(folder(uttrekk="2024-07-01T12:00:00")) == [("notice", "no_zone", "Barnevern@DatoUttrekk")]
    assert one_mappe(folder(uttrekk="2024-07-01T12:00:00")).uttrekk == "2024-07-01T10:00:00.000000Z"
    assert one_mappe(folder(uttrekk="2024-01-01T12:00:00")).uttrekk == "2024-01-01T11:00:00.000000Z"


def test_a_dato_uttrekk_without_zone_is_also_held_against_the_clock() -> None:
    now = datetime(2024, 7, 1, 10, 0, tzinfo=UTC)
    assert not contents(folder(uttrekk="2024-07-02T12:00:00"), now).refused
    assert contents(folder(uttrekk="2024-07-02T12:00:01"), now).refused


def test_without_a_sak_the_file_is_refused() -> None:
    assert refusal(file(saker=[])) == ("no_sak", 2, "Barnevern/Sak")


@pytest.mark.parametrize("name", [None, "  "])
def test_a_sak_without_id_refuses_the_file(name: str | None) -> None:
    assert refusal(file(saker=[sak(), sak(name)])) == ("sak_id", 2, "Sak@Id")


def test_a_file_of_more_cases_than_a_country_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(barnevern_reader, "MAX_CASES", 3)
    assert len(contents(file(saker=[sak() for _ in range(3)])).mapper) == 3
    assert refusal(file(saker=[sak() for _ in range(4)])) == ("too_large", 2, "Barnevern/Sak")


def test_several_sak_in_a_file_are_taken_each_with_a_notice() -> None:
    data = file(saker=[sak(uid(1), meldinger=[melding("2024-01-10")]), sak(uid(2)), sak(uid(3), slettet=True)])
    assert findings_in(data) == [("notice", "several_sak", "Barnevern/Sak")]
    read = contents(data).mapper
    assert len({each.nokkel for each in read}) == 3
    assert len({each.levering for each in read}) == 1
    assert [each.innhold and len(each.innhold.meldinger) for each in read] == [1, 0, None]


def test_a_findings_count_is_of_its_own_case_and_of_the_file_with_the_first() -> None:
    """What a control tells is no fault of the source, and does not count."""
    late = sak(uid(3), meldinger=[melding("2024-01-10", "2024-01-20")])
    saker = [sak(uid(1), planer=[plan(*OLD_PLAN)]), sak(uid(2), meldinger=[melding(None), melding("")]), late, sak(uid(4))]
    data = file(saker=saker, uttrekk="2024-12-31T12:00:00")
    assert [each.innhold and each.innhold.funn for each in contents(data).mapper] == [2, 2, 0, 0]
    assert len(contents(data).findings) == 6
    assert controls_in(data) == [("notice", "melding_3", "Melding"), ("warning", "sak_21", "Sak")]


@pytest.mark.parametrize("written", [True, "1", " true "])
def test_a_deleted_sak_is_a_tombstone_and_nothing_in_it_is_read(written: object) -> None:
    data = folder(slettet=written, meldinger=[melding(None)])
    mappe = one_mappe(data)
    assert mappe.innhold is None
    assert mappe.digest == b""
    assert findings_in(data) == []


@pytest.mark.parametrize("written", [False, "0"])
def test_a_sak_that_says_it_is_not_deleted_is_not(written: object) -> None:
    assert innhold(slettet=written, meldinger=[melding("2024-01-10")]).meldinger != []


def test_the_case_system_by_its_name() -> None:
    assert one_mappe(folder(fagsystem=" Modulus Barn ")).fagsystem == "Modulus Barn"
    assert one_mappe(folder(fagsystem=None)).fagsystem == ""
    assert len(one_mappe(folder(fagsystem="x" * 5000)).fagsystem) == 300


def test_the_place_of_the_sak() -> None:
    mappe = one_mappe(folder())
    assert (mappe.file, mappe.line) == (1, 2)


def test_ids_are_kept_as_hashes_under_the_key() -> None:
    mappe = one_mappe(folder(uid(1), levering=uid(2), forrige=uid(3), migrert=uid(4)))
    assert mappe.nokkel == hmac.digest(KEY, b"sak:" + uid(1).encode(), hashlib.sha256)
    assert mappe.migrert == hmac.digest(KEY, b"sak:" + uid(4).encode(), hashlib.sha256)
    assert mappe.levering == hmac.digest(KEY, b"levering:" + uid(2).encode(), hashlib.sha256)
    assert mappe.forrige == hmac.digest(KEY, b"levering:" + uid(3).encode(), hashlib.sha256)
    other = one_mappe(folder(uid(1), levering=uid(2), forrige=uid(3), migrert=uid(4)), key=b"another key")
    assert not {mappe.nokkel, mappe.migrert, mappe.levering, mappe.forrige} & {other.nokkel, other.migrert, other.levering, other.forrige}


def test_the_migrated_id_of_one_file_is_the_sak_id_of_another() -> None:
    old = one_mappe(folder("0A0B0C0D-0000-4000-8000-00000000000A"))
    new = one_mappe(folder(uid(1), migrert=" 0a0b0c0d-0000-4000-8000-00000000000a "))
    assert new.migrert == old.nokkel


def test_the_former_delivery_of_one_file_is_the_id_of_another() -> None:
    assert one_mappe(folder(forrige=uid(7).upper())).forrige == one_mappe(folder(levering=uid(7))).levering
    assert one_mappe(folder()).forrige is None
    assert one_mappe(folder(levering=None)).levering == b""


@pytest.mark.parametrize("name", [None, "", "i1", "12345", "00000000-0000-0000-0000-000000000000", uid(1) + "0", "{" + uid(1) + "}"])
def test_a_migrated_id_that_is_no_uuid_is_ignored(name: str | None) -> None:
    assert one_mappe(folder(migrert=name)).migrert is None
    assert findings_in(folder(migrert=name)) == []


def test_a_case_migrated_from_itself_is_not_two() -> None:
    assert one_mappe(folder(uid(1), migrert=uid(1))).migrert is None


def test_the_digest_knows_an_unchanged_folder() -> None:
    case: dict[str, Any] = {"meldinger": [melding("2024-01-10")], "fodt": "2010-03-15"}
    first, again = one_mappe(folder(**case)), one_mappe(folder(uttrekk="2025-01-31T00:00:00Z", **case))
    assert first.digest == again.digest  # other ids, another delivery: nothing that is kept has changed
    assert first.digest == hmac.digest(KEY, b"innhold:" + msgspec.msgpack.encode(first.innhold), hashlib.sha256)
    changed: list[dict[str, Any]] = [
        {**case, "meldinger": [melding("2024-01-11")]},
        {**case, "meldinger": [melding("2024-01-10", "2024-01-12")]},
        {**case, "fodt": "2010-04-15"},
        {**case, "meldinger": [melding("2024-01-10"), melding(None)]},  # a finding more
    ]
    assert len({one_mappe(folder(**each)).digest for each in (case, *changed)}) == 5
    assert one_mappe(folder(**{**case, "fodt": "2010-03-16"})).digest == first.digest  # the day of birth is not kept
    assert one_mappe(folder(**case), key=b"another key").digest != first.digest


EARLY = {"personer": [], "Fodselsnummer": "15031000100", "Fodseldato": "2010-03-15", "Kjonn": "1"}


def test_early_files_carry_the_person_on_the_sak() -> None:
    assert findings(**EARLY) == [("notice", "early_person", "Sak")]
    assert innhold(**EARLY).fodt == "2010-03"
    assert findings(personer=[], Kjonn="1") == [("notice", "early_person", "Sak"), ("error", "birth_date", "Sak@Fodseldato")]


def test_a_sak_with_neither_is_no_early_one() -> None:
    assert findings(personer=[]) == []
    assert innhold(personer=[]).fodt is None


def test_the_elements_of_the_envelope_may_stand_in_any_order() -> None:
    giver = avgiver()
    data = barnevern([sak()], giver=None).replace("<Sak ", element("Other") + "<Sak ").replace("</Barnevern>", giver + "</Barnevern>")
    assert one_mappe(data.encode()).avgiver.organisasjonsnummer == "999999999"
    assert findings_in(data.encode()) == []
