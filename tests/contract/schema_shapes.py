"""Comparison of a document with its shape in `shapes.toml`: exactly those keys, in order, with values of their kind."""

import re
import tomllib
from pathlib import Path
from typing import Any

SHAPES: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "shapes.toml").read_text(encoding="utf-8"))

TEXT_PATTERNS = {
    "text": r"[\s\S]+",
    "snapshot": r"snap-[0-9]{3,}",
    "job": r"job-agg-[0-9]{3,}",
    "delivery": r"dlv-[0-9]{3,}",
    "organization": r"org-[a-z0-9-]{1,40}",
    "county": r"[0-9]{2}",
    "period": r"[0-9]{4}(-H[12])?",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
}


def check_shape(document: Any, shape: str, location: str = "") -> None:
    """Raise `AssertionError` at the first difference between a document and a shape.

    Args:
        document: Decoded JSON.
        shape: A table of `shapes.toml`.
        location: Path of the document in the whole, for the message.
    """
    keys = SHAPES[shape]
    assert isinstance(document, dict), f"{location}: {document!r} is not an object ({shape})"
    assert list(document) == list(keys), f"{location or '/'}: {list(document)}, not {list(keys)}"
    for key, kind in keys.items():
        _check_value(document[key], kind, f"{location}/{key}")


def _check_value(value: Any, kind: str, location: str) -> None:
    if kind.endswith("?"):
        if value is not None:
            _check_value(value, kind[:-1], location)
    elif kind.startswith("{"):
        check_shape(value, kind[1:-1], location)
    elif kind.startswith("["):
        assert isinstance(value, list), f"{location}: {value!r} is not a list"
        for index, item in enumerate(value):
            if kind.startswith("[="):
                _check_value(item, kind[2:-1], f"{location}/{index}")
            else:
                check_shape(item, kind[1:-1], f"{location}/{index}")
    else:
        assert _has_kind(value, kind), f"{location}: {value!r} is not {kind}"


def _has_kind(value: Any, kind: str) -> bool:
    match kind:
        case "count":
            return type(value) is int and value >= 0
        case "counts":
            return isinstance(value, dict) and all(type(count) is int for count in value.values())
        case "flag":
            return type(value) is bool
        case "number":
            return type(value) in (int, float)
        case "share":
            return type(value) in (int, float) and 0 <= value <= 1
        case _:
            return isinstance(value, str) and re.fullmatch(TEXT_PATTERNS.get(kind, kind), value) is not None
