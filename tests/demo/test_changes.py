"""The case system that goes on working: one melding more, then its conclusion, and nothing else."""

from datetime import date, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring, tostring

import pytest

from preview.clock import OSLO
from preview.demo import next_folder
from tests.demo.conftest import TODAY, Demo
from tests.demo.grammar import faults

AT = datetime.combine(TODAY, datetime.min.time(), OSLO) + timedelta(hours=9)


def sak(content: bytes) -> Element:
    """The Sak of a folder, which must keep the grammar."""
    root = fromstring(content)
    assert list(faults(root)) == []
    found = root.find("Sak")
    assert found is not None
    return found


def melding_of(content: bytes) -> Element:
    """The newest melding."""
    return sak(content).findall("Melding")[-1]


@pytest.mark.parametrize("organization_id", ["org-1042", "org-5501", "org-3405", "org-5025"])
def test_a_case_gets_a_melding_and_nothing_else(demo: Demo, organization_id: str) -> None:
    held = {folder.sak.attrib["Id"]: folder.sak for folder in demo.folders[organization_id] if folder.root is not None}
    for step in range(0, 12, 2):
        changed = sak(next_folder(organization_id, TODAY, step, AT))
        before = {tostring(element).strip() for element in held[changed.attrib["Id"]]}
        after = {tostring(element).strip() for element in changed}
        (new,) = after - before
        assert before <= after
        melding = fromstring(new)
        assert (melding.tag, melding.get("StartDato"), melding.find("Konklusjon")) == ("Melding", TODAY.isoformat(), None)


def test_the_next_step_concludes_it() -> None:
    later = AT + timedelta(days=3)
    codes: set[str] = set()
    for step in range(0, 60, 2):
        received = melding_of(next_folder("org-1042", TODAY, step, AT))
        content = next_folder("org-1042", TODAY, step + 1, later, received=TODAY)
        concluded = melding_of(content)
        konklusjon = concluded.find("Konklusjon")
        assert konklusjon is not None
        assert konklusjon.attrib["SluttDato"] == later.date().isoformat()
        assert (concluded.get("Id"), concluded.get("StartDato")) == (received.get("Id"), TODAY.isoformat())
        codes.add(konklusjon.attrib["Kode"])
        led = [r for r in sak(content).findall("Relasjon") if r.get("FraId") == concluded.get("Id")]
        assert len(led) == (konklusjon.attrib["Kode"] == "2")
        assert all(sak(content).find(f"Undersokelse[@Id='{relasjon.get('TilId')}']") is not None for relasjon in led)
    assert {"2", "3", "4"} <= codes


def test_without_a_day_of_receipt_it_is_that_of_the_conclusion() -> None:
    concluded = melding_of(next_folder("org-1042", TODAY, 1, AT))
    konklusjon = concluded.find("Konklusjon")
    assert konklusjon is not None
    assert concluded.get("StartDato") == konklusjon.get("SluttDato") == TODAY.isoformat()


def test_each_step_has_a_case_of_its_own_until_all_have_had_their_turn() -> None:
    first = sak(next_folder("org-5025", TODAY, 0, AT))
    seen = [first.get("Id")]
    while (case := sak(next_folder("org-5025", TODAY, 2 * len(seen), AT))).get("Id") != seen[0]:
        seen.append(case.get("Id"))
    assert len(seen) == len(set(seen)) > 5
    assert len(case.findall("Melding")) == len(first.findall("Melding")) + 1
    assert case.findall("Melding")[-2].find("Konklusjon") is not None


def test_it_is_the_same_each_time_and_dated_as_asked() -> None:
    content = next_folder("org-1042", TODAY, 4, AT)
    assert content == next_folder("org-1042", TODAY, 4, AT)
    assert fromstring(content).get("DatoUttrekk") == "2026-11-24T09:00:00+01:00"
    assert fromstring(content).get("Id") != fromstring(next_folder("org-1042", TODAY, 5, AT)).get("Id")


def test_an_organisation_that_does_not_deliver_has_no_next_folder() -> None:
    with pytest.raises(KeyError):
        next_folder("org-5056", date(2026, 11, 24), 0, AT)
