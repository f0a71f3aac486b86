import pytest

from api_handlers.content_negotiation import accepts, cors_headers, is_json


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", True),
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("text/html, application/*;q=0.1", True),
        ("text/html", False),
        ("application/jsonp", False),
        ("application/json;q=0", False),
        ("application/json;q=0, */*", False),
        ("*/*;q=0, application/json", True),
        ("application/json;q=x", False),
        (",,", False),
    ],
)
def test_accept_header_matching(accept: str, expected: bool) -> None:
    assert accepts(accept, "application/json") is expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"Content-Type": "application/json"}, True),
        ({"Content-Type": 'application/json; charset="UTF-8"'}, True),
        ({"Content-Type": "application/json; charset=latin-1"}, False),
        ({"Content-Type": "application/problem+json"}, False),
        ({"Content-Type": "text/json"}, False),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, False),
    ],
)
def test_json_content_type_detection(headers: dict[str, str], expected: bool) -> None:
    assert is_json(headers) is expected


def test_cors_headers_only_for_allowed_origin() -> None:
    allowed = ("https://intern.example",)
    assert cors_headers("https://intern.example", allowed)["Access-Control-Allow-Origin"] == "https://intern.example"
    assert cors_headers("https://intern.example.evil", allowed) == {"Vary": "Origin"}
    assert cors_headers(None, allowed) == {"Vary": "Origin"}
    assert cors_headers("https://any.example", ("*",))["Access-Control-Allow-Origin"] == "*"
