from contextlib import suppress
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from api_handlers.problem_details import NotJson
from api_handlers.request_parsing import NoQuery, OrganizationId, Paging, PeriodId, parse_body, parse_query
from preview.core.errors import Fault, Invalid


class Wanted(msgspec.Struct, frozen=True):
    organization_id: OrganizationId
    confirmed: Annotated[bool, Meta(title="true", extra_json_schema={"const": True})]
    period_id: PeriodId | None = None


def body_faults(body: bytes) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        parse_body(Wanted, body)
    return caught.value.faults


def query_faults(query: str) -> list[Fault]:
    with pytest.raises(Invalid) as caught:
        parse_query(Paging, query)
    return caught.value.faults


def test_a_body_becomes_its_type() -> None:
    assert parse_body(Wanted, b'{"confirmed": true, "organization_id": "org-1042"}') == Wanted("org-1042", True)


def test_every_fault_of_a_body_is_named_with_its_place() -> None:
    assert body_faults(b'{"organization_id": "1042", "confirmed": false, "period_id": null, "why": 1}') == [
        Fault("/why", "is not known here"),
        Fault("/organization_id", "must be org- and 1 to 40 of a to z, 0 to 9 and -"),
        Fault("/confirmed", "must be true"),
        Fault("/period_id", "must be YYYY, YYYY-H1 or YYYY-H2"),
    ]


def test_what_is_missing_is_named() -> None:
    assert body_faults(b"{}") == [Fault("/organization_id", "is required"), Fault("/confirmed", "is required")]


@pytest.mark.parametrize("text", ["org-1042\n", "org-", "org-" + "a" * 41, "org-Å", "xorg-1042"])
def test_a_pattern_is_matched_whole(text: str) -> None:
    body = msgspec.json.encode({"organization_id": text, "confirmed": True})
    assert [fault.pointer for fault in body_faults(body)] == ["/organization_id"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"a": "\xff"}', b"NaN", b"[" * 100_000, b'"\\ud800"'])
def test_what_is_no_json(body: bytes) -> None:
    with pytest.raises(NotJson):
        parse_body(Wanted, body)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"a"', b"1e999"])
def test_json_that_is_no_object(body: bytes) -> None:
    assert [fault.pointer for fault in body_faults(body)] == [""]


def test_a_query_becomes_its_type() -> None:
    assert parse_query(Paging, "") == Paging(1, 20)
    assert parse_query(Paging, "limit=100&page=7") == Paging(7, 100)


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "+1", "1_0", "01", " 1", "1 ", "", "x", "٣", "1e1", "9" * 5000])
def test_a_number_is_written_plainly(text: str) -> None:
    assert query_faults(f"page={text.replace(' ', '%20').replace('+', '%2B')}") == [Fault("/page", "must be a whole number from 1")]


def test_a_parameter_that_is_not_known_or_stands_twice() -> None:
    assert query_faults("page=1&page=2&a~/b=1") == [Fault("/page", "is given twice"), Fault("/a~0~1b", "is not known here")]
    with pytest.raises(Invalid):
        parse_query(NoQuery, "x")


def test_a_long_name_comes_back_cut() -> None:
    (fault,) = query_faults("a" * 5000 + "=1")
    assert len(fault.pointer) < 100


@given(st.binary())
def test_no_body_is_a_fault_of_ours(body: bytes) -> None:
    with suppress(NotJson, Invalid):
        parse_body(Wanted, body)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_no_query_is_a_fault_of_ours(query: str) -> None:
    with suppress(Invalid):
        parse_query(Paging, query)
