import pytest

from api_handlers.content_negotiation import accepts, is_json, origin_headers


@pytest.mark.parametrize(
    ("accept", "fits"),
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
def test_what_a_client_accepts(accept: str, fits: bool) -> None:
    assert accepts(accept, "application/json") is fits


@pytest.mark.parametrize(
    ("headers", "fits"),
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
def test_what_a_body_may_be(headers: dict[str, str], fits: bool) -> None:
    assert is_json(headers) is fits


def test_only_a_named_origin_may_read() -> None:
    allowed = ("https://intern.example",)
    assert origin_headers("https://intern.example", allowed)["Access-Control-Allow-Origin"] == "https://intern.example"
    assert origin_headers("https://intern.example.evil", allowed) == {"Vary": "Origin"}
    assert origin_headers(None, allowed) == {"Vary": "Origin"}
    assert origin_headers("https://any.example", ("*",))["Access-Control-Allow-Origin"] == "*"
