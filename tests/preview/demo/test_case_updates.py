"""Tests of case updates: each step changes one case according to the law, and nothing else."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from preview.core.clock import OSLO
from preview.demo.case_updates import CaseUpdate, count_running_cases, updated_folder
from tests.preview.demo.conftest import TODAY, Demo
from tests.preview.demo.v4_grammar import grammar_errors

AT = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=9)
LATER = TODAY + timedelta(days=3)
RECEIVED, CONCLUDED = [CaseUpdate(TODAY)], [CaseUpdate(TODAY, TODAY)]


def sak(organization_id: str, nr: int, turns: Sequence[CaseUpdate], at: datetime = AT) -> Element:
    """Return the Sak of a case file after checking its grammar."""
    root = fromstring(updated_folder(organization_id, TODAY, nr, turns, at))
    assert list(grammar_errors(root)) == []
    found = root.find("Sak")
    assert found is not None
    return found


def added(before: Element, after: Element) -> list[Element]:
    """Return the elements of `after` that are not in `before` with equal content."""
    stored = {tostring(element).strip() for element in before}
    return [element for element in after if tostring(element).strip() not in stored]


def has_open_undersokelse(case: Element) -> bool:
    return any(each.find("Konklusjon") is None for each in case.findall("Undersokelse"))


def cases(organization_id: str, open_undersokelse: bool) -> list[int]:
    """Return the running cases with a running undersøkelse, or those without one."""
    running = range(count_running_cases(organization_id, TODAY))
    found = [nr for nr in running if has_open_undersokelse(sak(organization_id, nr, [])) == open_undersokelse]
    assert found
    return found


@pytest.mark.parametrize("organization_id", ["org-1042", "org-5501", "org-3405", "org-5025"])
def test_first_update_starts_from_the_last_sent_folder(demo: Demo, organization_id: str) -> None:
    stored = {
        folder.sak.attrib["Id"]: folder.sak for folder in demo.folders[organization_id] if folder.root is not None
    }
    for nr in range(count_running_cases(organization_id, TODAY)):
        case = sak(organization_id, nr, [])
        assert added(stored[case.attrib["Id"]], case) == []


@pytest.mark.parametrize("organization_id", ["org-1042", "org-5501", "org-5025"])
def test_first_step_adds_only_a_melding(organization_id: str) -> None:
    for nr in cases(organization_id, open_undersokelse=False)[:10]:
        (melding,) = added(sak(organization_id, nr, []), sak(organization_id, nr, RECEIVED))
        assert (melding.tag, melding.get("StartDato"), melding.find("Konklusjon")) == (
            "Melding",
            TODAY.isoformat(),
            None,
        )


def test_second_step_concludes_the_melding() -> None:
    found: set[str] = set()
    for nr in cases("org-1042", open_undersokelse=False)[:60]:
        (received,) = added(sak("org-1042", nr, []), sak("org-1042", nr, RECEIVED))
        case = sak("org-1042", nr, [CaseUpdate(TODAY, LATER)], AT + timedelta(days=3))
        melding, *more = added(sak("org-1042", nr, []), case)
        konklusjon = melding.find("Konklusjon")
        assert konklusjon is not None
        assert konklusjon.attrib["SluttDato"] == LATER.isoformat()
        assert (melding.get("Id"), melding.get("StartDato")) == (received.get("Id"), TODAY.isoformat())
        assert [element.tag for element in more] == (
            ["Undersokelse", "Relasjon"] if konklusjon.attrib["Kode"] == "2" else []
        )
        if more:
            undersokelse, relasjon = more
            assert undersokelse.get("StartDato") == LATER.isoformat()
            assert (relasjon.get("FraId"), relasjon.get("TilId")) == (melding.get("Id"), undersokelse.get("Id"))
        found.add(konklusjon.attrib["Kode"])
    assert {"2", "3"} <= found


def test_melding_joins_a_running_undersokelse() -> None:
    """The previous update started the undersøkelse by a melding."""
    for nr in cases("org-1042", open_undersokelse=False)[:60]:
        if has_open_undersokelse(sak("org-1042", nr, CONCLUDED)):
            joined = (
                sak("org-1042", nr, [*CONCLUDED, CaseUpdate(TODAY, TODAY)]).findall("Melding")[-1].find("Konklusjon")
            )
            assert joined is not None
            assert joined.get("Kode") == "4"
            return
    pytest.fail("no melding opened an undersokelse")


@pytest.mark.parametrize("organization_id", ["org-1042", "org-5501", "org-1103"])
def test_running_undersokelse_leads_to_a_tiltak(organization_id: str) -> None:
    for nr in cases(organization_id, open_undersokelse=True)[:15]:
        decided = sak(organization_id, nr, RECEIVED)
        undersokelse, vedtak, relasjon = added(sak(organization_id, nr, []), decided)
        konklusjon = undersokelse.find("Konklusjon")
        assert konklusjon is not None
        assert (konklusjon.get("Kode"), konklusjon.get("SluttDato")) == ("1", TODAY.isoformat())
        assert (undersokelse.get("StartDato") or "") <= TODAY.isoformat()
        assert (vedtak.tag, vedtak.get("StartDato")) == ("Vedtak", TODAY.isoformat())
        assert (relasjon.get("FraId"), relasjon.get("TilId")) == (undersokelse.get("Id"), vedtak.get("Id"))
        tiltak, relasjon = added(decided, sak(organization_id, nr, [CaseUpdate(TODAY, LATER)], AT + timedelta(days=3)))
        assert (tiltak.tag, tiltak.get("StartDato"), tiltak.find("Konklusjon")) == ("Tiltak", LATER.isoformat(), None)
        assert (relasjon.get("FraId"), relasjon.get("TilId")) == (vedtak.get("Id"), tiltak.get("Id"))


def test_earlier_updates_stay_unchanged() -> None:
    """Every update adds to the previous one, whatever the day."""
    turns = [CaseUpdate(TODAY + timedelta(days=day), TODAY + timedelta(days=day + 1)) for day in range(0, 8, 2)]
    for nr in (*cases("org-5501", open_undersokelse=True)[:3], *cases("org-5501", open_undersokelse=False)[:3]):
        before: set[bytes] = set()
        for number in range(1, len(turns) + 1):
            case = sak("org-5501", nr, turns[:number], AT + timedelta(days=20))
            closed = {
                tostring(each).strip()
                for each in case
                if each.tag != "Undersokelse" or each.find("Konklusjon") is not None
            }
            assert before < closed
            before = closed


def test_updated_folder_is_deterministic_and_dated() -> None:
    content = updated_folder("org-1042", TODAY, 4, CONCLUDED, AT)
    assert content == updated_folder("org-1042", TODAY, 4, CONCLUDED, AT)
    assert fromstring(content).get("DatoUttrekk") == "2026-11-24T09:00:00+01:00"
    assert fromstring(content).get("Id") != fromstring(
        updated_folder("org-1042", TODAY, 4, CONCLUDED, AT + timedelta(hours=1))
    ).get("Id")


def test_organisation_without_deliveries_has_no_cases() -> None:
    with pytest.raises(KeyError):
        count_running_cases("org-5056", date(2026, 11, 24))
