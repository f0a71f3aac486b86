import codecs
from contextlib import suppress
from typing import Annotated

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Meta

from api_handlers.problem_details import MalformedJson
from api_handlers.request_parsing import EmptyQuery, OrganizationId, PageParams, PeriodId, parse_body, parse_query
from preview.core.errors import FieldError, ValidationError


class SampleBody(msgspec.Struct, frozen=True):
    organization_id: OrganizationId
    confirmed: Annotated[bool, Meta(title="true", extra_json_schema={"const": True})]
    period_id: PeriodId | None = None


def body_errors(body: bytes) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        parse_body(SampleBody, body)
    return caught.value.field_errors


def query_errors(query: str) -> list[FieldError]:
    with pytest.raises(ValidationError) as caught:
        parse_query(PageParams, query)
    return caught.value.field_errors


def test_body_is_parsed_into_struct() -> None:
    assert parse_body(SampleBody, b'{"confirmed": true, "organization_id": "org-1042"}') == SampleBody("org-1042", True)


def test_byte_order_mark_before_json_is_ignored() -> None:
    body = b'{"confirmed": true, "organization_id": "org-1042"}'
    assert parse_body(SampleBody, codecs.BOM_UTF8 + body) == parse_body(SampleBody, body)


def test_every_body_error_has_a_json_pointer() -> None:
    assert body_errors(b'{"organization_id": "1042", "confirmed": false, "period_id": null, "why": 1}') == [
        FieldError("/why", "is not a known key"),
        FieldError("/organization_id", "must be org- and 1 to 40 characters of a-z, 0-9 and -"),
        FieldError("/confirmed", "must be true"),
        FieldError("/period_id", "must be YYYY, YYYY-H1 or YYYY-H2"),
    ]


def test_missing_keys_are_reported() -> None:
    assert body_errors(b"{}") == [
        FieldError("/organization_id", "is required"),
        FieldError("/confirmed", "is required"),
    ]


@pytest.mark.parametrize("text", ["org-1042\n", "org-", "org-" + "a" * 41, "org-Å", "xorg-1042"])
def test_pattern_must_match_entire_text(text: str) -> None:
    body = msgspec.json.encode({"organization_id": text, "confirmed": True})
    assert [error.pointer for error in body_errors(body)] == ["/organization_id"]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b'{"a": "\xff"}',
        b"NaN",
        b"[" * 100_000,
        b'"\\ud800"',
        codecs.BOM_UTF8,
        codecs.BOM_UTF8 * 2 + b"{}",
        "{}".encode("utf-16"),
    ],
)
def test_malformed_json_is_rejected(body: bytes) -> None:
    with pytest.raises(MalformedJson):
        parse_body(SampleBody, body)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"a"', b"1e999"])
def test_json_other_than_object_is_rejected(body: bytes) -> None:
    assert [error.pointer for error in body_errors(body)] == [""]


def test_query_is_parsed_into_struct() -> None:
    assert parse_query(PageParams, "") == PageParams(1, 20)
    assert parse_query(PageParams, "limit=100&page=7") == PageParams(7, 100)


@pytest.mark.parametrize("text", ["0", "-1", "1.0", "+1", "1_0", "01", " 1", "1 ", "", "x", "٣", "1e1", "9" * 5000])
def test_only_plain_integers_are_accepted(text: str) -> None:
    assert query_errors(f"page={text.replace(' ', '%20').replace('+', '%2B')}") == [
        FieldError("/page", "must be a whole number from 1")
    ]


def test_unknown_or_repeated_parameter_is_rejected() -> None:
    assert query_errors("page=1&page=2&a~/b=1") == [
        FieldError("/page", "is given more than once"),
        FieldError("/a~0~1b", "is not a known parameter"),
    ]
    with pytest.raises(ValidationError):
        parse_query(EmptyQuery, "x")


def test_long_parameter_name_is_truncated_in_error() -> None:
    (error,) = query_errors("a" * 5000 + "=1")
    assert len(error.pointer) < 100


@given(st.binary())
def test_arbitrary_body_raises_only_client_errors(body: bytes) -> None:
    with suppress(MalformedJson, ValidationError):
        parse_body(SampleBody, body)


@given(st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"])))
def test_arbitrary_query_raises_only_client_errors(query: str) -> None:
    with suppress(ValidationError):
        parse_query(PageParams, query)
