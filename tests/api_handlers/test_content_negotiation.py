import pytest

from api_handlers.content_negotiation import accepts, is_json, parse_content_type, preferred


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
        ('application/json; profile="a"; Q=0', False),
        (",,", False),
    ],
)
def test_accept_header_matching(accept: str, expected: bool) -> None:
    assert accepts(accept, "application/json") is expected


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("text/csv, application/json", "application/json"),
        ("text/csv, application/json;q=0.9", "text/csv"),
        ("text/*, */*;q=0.1", "text/csv"),
    ],
)
def test_preferred_media_type(accept: str | None, expected: str) -> None:
    assert preferred(accept, ["application/json", "text/csv"]) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, True),
        ({"Content-Type": "application/json"}, True),
        ({"Content-Type": 'application/json; charset="UTF-8"'}, True),
        ({"Content-Type": "Application/JSON;"}, True),
        ({"Content-Type": 'application/json; profile="a;b"; Charset=utf8 ;'}, True),
        ({"Content-Type": 'application/json; profile="charset=utf-8"; charset=latin-1'}, False),
        ({"Content-Type": "application/json; charset=latin-1"}, False),
        ({"Content-Type": ""}, False),
        ({"Content-Type": "application/problem+json"}, False),
        ({"Content-Type": "text/json"}, False),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, False),
    ],
)
def test_json_content_type_detection(headers: dict[str, str], expected: bool) -> None:
    assert is_json(headers) is expected


@pytest.mark.parametrize(
    ("header", "media_type", "parameters"),
    [
        ("", "", {}),
        ("Text/CSV", "text/csv", {}),
        ("text/csv;", "text/csv", {}),
        ('multipart/form-data; Boundary="a;\\"b"', "multipart/form-data", {"boundary": 'a;"b'}),
        ("text/csv;header=present;CHARSET=UTF-8", "text/csv", {"header": "present", "charset": "UTF-8"}),
        ("text/csv; charset=", "text/csv", {}),
    ],
)
def test_content_type_is_split_into_type_and_parameters(
    header: str, media_type: str, parameters: dict[str, str]
) -> None:
    assert parse_content_type(header) == (media_type, parameters)
