"""What comes in, parsed into types at the border: unknown keys refused, each fault with its place (contract E1, E3)."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT, Meta

from api_handlers.problem_details import NotJson
from preview.core.errors import Fault, Invalid
from preview.core.periods import PATTERN
from preview.model.resources import SnapshotStatus

T = TypeVar("T", bound=msgspec.Struct)

ORGANIZATION_PATTERN = r"^org-[a-z0-9-]{1,40}$"
MAX_PAGE = 2**53 - 1
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_TRUTHS = {"true": True, "false": False}
_SHOWN_NAME = 60

OrganizationId = Annotated[str, Meta(title="org- and 1 to 40 of a to z, 0 to 9 and -", pattern=ORGANIZATION_PATTERN, examples=["org-1042"])]
PeriodId = Annotated[str, Meta(title="YYYY, YYYY-H1 or YYYY-H2", pattern=PATTERN, examples=["2024"])]
StatusFilter = Annotated[SnapshotStatus, Meta(title="processing, failed, current or historical")]
Flag = Annotated[bool, Meta(title="true or false")]
PageNumber = Annotated[int, Meta(title="a whole number from 1", ge=1, le=MAX_PAGE)]
PageLimit = Annotated[int, Meta(title="a whole number from 1 to 100", ge=1, le=100)]
EventPlace = Annotated[str, Meta(title="the id of an event")]


class NoQuery(msgspec.Struct, frozen=True):
    """A resource without query parameters: every one is refused."""


class Paging(msgspec.Struct, frozen=True):
    """The query of a list."""

    page: PageNumber = 1
    limit: PageLimit = 20


class Parameter(NamedTuple):
    """A field of a type that is parsed here. `type` is without null where null is only what an absent one becomes."""

    name: str
    type: Any
    required: bool
    meta: Meta


@cache
def parameters(kind: type[msgspec.Struct]) -> dict[str, Parameter]:
    """The fields of a query or body type, by name. Each is `Annotated` with a `Meta` whose title says what it must be."""
    return {field.name: _parameter(field) for field in msgspec.structs.fields(kind)}


def parse_query(kind: type[T], query: str) -> T:
    """A query string as `kind`. Raises `Invalid` with a fault for each parameter that is unknown, repeated, missing or wrong."""
    if not query:
        return _build(kind, {}, [], "query")
    known = parameters(kind)
    given: dict[str, Any] = {}
    faults: list[Fault] = []
    for name, text in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if name in given:
            faults.append(Fault(pointer(name), "is given twice"))
        given[name] = _value(text, known[name].type) if name in known else text
    return _build(kind, given, faults, "query")


def parse_body(kind: type[T], body: bytes) -> T:
    """A JSON body as `kind`. Raises `NotJson`, or `Invalid` with a fault for each key that is unknown, missing or wrong."""
    try:
        raw = msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise Invalid("The body breaks a rule.", [Fault("", str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NotJson("The body is not JSON.") from None
    if not isinstance(raw, dict):
        raise Invalid("The body breaks a rule.", [Fault("", "must be an object")])
    return _build(kind, raw, [], "body")


def _build(kind: type[T], given: dict[str, Any], faults: list[Fault], part: str) -> T:
    known = parameters(kind)
    faults.extend(Fault(pointer(name), "is not known here") for name in given if name not in known)
    values: dict[str, Any] = {}
    for name, parameter in known.items():
        if name in given:
            try:
                values[name] = _checked(given[name], parameter)
            except ValueError:
                faults.append(Fault(pointer(name), f"must be {parameter.meta.title}"))
        elif parameter.required:
            faults.append(Fault(pointer(name), "is required"))
    if faults:
        raise Invalid(f"The {part} breaks a rule.", faults)
    return kind(**values)


def _checked(value: Any, parameter: Parameter) -> Any:
    """Raises `ValueError` (`msgspec.ValidationError` is one). Patterns are matched whole: `$` alone lets a last line break pass."""
    checked = msgspec.convert(value, parameter.type)
    pattern, schema = parameter.meta.pattern, parameter.meta.extra_json_schema or {}
    if (pattern and not re.fullmatch(pattern, checked)) or checked != schema.get("const", checked):
        raise ValueError(parameter.name)
    return checked


def _value(text: str, type_: Any) -> Any:
    """A query parameter's text as what JSON would have: a number or truth value where one is asked for."""
    kind = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    if kind is int and _NUMBER.fullmatch(text):
        return int(text)
    return _TRUTHS.get(text, text) if kind is bool else text


def _parameter(field: "msgspec.structs.FieldInfo") -> Parameter:
    type_ = field.type
    if get_origin(type_) in (Union, UnionType):
        (type_,) = (part for part in get_args(type_) if part is not NoneType)
    required = field.default is NODEFAULT and field.default_factory is NODEFAULT
    return Parameter(field.name, type_, required, type_.__metadata__[0])


def pointer(name: str) -> str:
    """RFC 6901, of a name that a client made up: cut, as it comes back to it."""
    return "/" + name[:_SHOWN_NAME].replace("~", "~0").replace("/", "~1")
