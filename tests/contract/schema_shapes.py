"""Compares a document key by key with the contract's example of it (`shapes.toml`): exactly those keys, in that order, each of its kind."""

import re
import tomllib
from pathlib import Path
from typing import Any

SHAPES: dict[str, dict[str, str]] = tomllib.loads((Path(__file__).parent / "shapes.toml").read_text(encoding="utf-8"))

TEXTS = {
    "text": r"[\s\S]+",
    "snapshot": r"snap-[0-9]{3,}",
    "job": r"job-agg-[0-9]{3,}",
    "delivery": r"dlv-[0-9]{3,}",
    "organization": r"org-[a-z0-9-]{1,40}",
    "period": r"[0-9]{4}(-H[12])?",
    "time": r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z",
}


def check(document: Any, shape: str, where: str = "") -> None:
    """Fails with the place of the first difference."""
    keys = SHAPES[shape]
    assert isinstance(document, dict), f"{where}: {document!r} is no {shape}"
    assert list(document) == list(keys), f"{where or '/'}: {list(document)} instead of {list(keys)}"
    for key, kind in keys.items():
        _check_value(document[key], kind, f"{where}/{key}")


def _check_value(value: Any, kind: str, where: str) -> None:
    if kind.endswith("?"):
        if value is not None:
            _check_value(value, kind[:-1], where)
    elif kind.startswith("{"):
        check(value, kind[1:-1], where)
    elif kind.startswith("["):
        assert isinstance(value, list), f"{where}: {value!r} is no list"
        for place, item in enumerate(value):
            if kind.startswith("[="):
                _check_value(item, kind[2:-1], f"{where}/{place}")
            else:
                check(item, kind[1:-1], f"{where}/{place}")
    else:
        assert _is(value, kind), f"{where}: {value!r} is no {kind}"


def _is(value: Any, kind: str) -> bool:
    match kind:
        case "count":
            return type(value) is int and value >= 0
        case "flag":
            return type(value) is bool
        case "number":
            return type(value) in (int, float)
        case "share":
            return type(value) in (int, float) and 0 <= value <= 1
        case _:
            return isinstance(value, str) and re.fullmatch(TEXTS.get(kind, kind), value) is not None
