"""What comes in, parsed into types at the border: unknown keys refused, each fault with its place (contract E1, E3)."""

import re
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin
from urllib.parse import parse_qsl

import msgspec
from msgspec import NODEFAULT, Meta

from api_handlers.problem_details import MalformedJson
from preview.core.errors import FieldError, ValidationError
from preview.core.periods import PERIOD_ID_PATTERN
from preview.model.resources import SnapshotStatus

T = TypeVar("T", bound=msgspec.Struct)

ORGANIZATION_PATTERN = r"^org-[a-z0-9-]{1,40}$"
MAX_PAGE_NUMBER = 2**53 - 1
_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}")
_BOOLEANS = {"true": True, "false": False}
_MAX_ECHOED_NAME_LENGTH = 60

OrganizationId = Annotated[str, Meta(title="org- and 1 to 40 of a to z, 0 to 9 and -", pattern=ORGANIZATION_PATTERN, examples=["org-1042"])]
PeriodId = Annotated[str, Meta(title="YYYY, YYYY-H1 or YYYY-H2", pattern=PERIOD_ID_PATTERN, examples=["2024"])]
SnapshotStatusFilter = Annotated[SnapshotStatus, Meta(title="processing, failed, current or historical")]
BooleanParam = Annotated[bool, Meta(title="true or false")]
PageNumber = Annotated[int, Meta(title="a whole number from 1", ge=1, le=MAX_PAGE_NUMBER)]
PageLimit = Annotated[int, Meta(title="a whole number from 1 to 100", ge=1, le=100)]
EventId = Annotated[str, Meta(title="the id of an event")]


class EmptyQuery(msgspec.Struct, frozen=True):
    """A resource without query parameters: every one is refused."""


class PageParams(msgspec.Struct, frozen=True):
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
def parameters_of(struct_type: type[msgspec.Struct]) -> dict[str, Parameter]:
    """The fields of a query or body type, by name. Each is `Annotated` with a `Meta` whose title says what it must be."""
    return {field.name: _parameter_from_field(field) for field in msgspec.structs.fields(struct_type)}


def parse_query(struct_type: type[T], query: str) -> T:
    """A query string as `kind`. Raises `Invalid` with a fault for each parameter that is unknown, repeated, missing or wrong."""
    if not query:
        return _build_struct(struct_type, {}, [], "query")
    parameters = parameters_of(struct_type)
    raw_values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, text in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if name in raw_values:
            errors.append(FieldError(json_pointer(name), "is given twice"))
        raw_values[name] = _coerce_query_value(text, parameters[name].type) if name in parameters else text
    return _build_struct(struct_type, raw_values, errors, "query")


def parse_body(struct_type: type[T], body: bytes) -> T:
    """A JSON body as `kind`. Raises `NotJson`, or `Invalid` with a fault for each key that is unknown, missing or wrong."""
    try:
        raw = msgspec.json.decode(body)
    except msgspec.ValidationError as error:
        raise ValidationError("The body breaks a rule.", [FieldError("", str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedJson("The body is not JSON.") from None
    if not isinstance(raw, dict):
        raise ValidationError("The body breaks a rule.", [FieldError("", "must be an object")])
    return _build_struct(struct_type, raw, [], "body")


def _build_struct(struct_type: type[T], raw_values: dict[str, Any], errors: list[FieldError], location: str) -> T:
    parameters = parameters_of(struct_type)
    errors.extend(FieldError(json_pointer(name), "is not known here") for name in raw_values if name not in parameters)
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in raw_values:
            try:
                values[name] = _validate(raw_values[name], parameter)
            except ValueError:
                errors.append(FieldError(json_pointer(name), f"must be {parameter.meta.title}"))
        elif parameter.required:
            errors.append(FieldError(json_pointer(name), "is required"))
    if errors:
        raise ValidationError(f"The {location} breaks a rule.", errors)
    return struct_type(**values)


def _validate(value: Any, parameter: Parameter) -> Any:
    """Raises `ValueError` (`msgspec.ValidationError` is one). Patterns are matched whole: `$` alone lets a last line break pass."""
    converted = msgspec.convert(value, parameter.type)
    pattern, schema = parameter.meta.pattern, parameter.meta.extra_json_schema or {}
    if (pattern and not re.fullmatch(pattern, converted)) or converted != schema.get("const", converted):
        raise ValueError(parameter.name)
    return converted


def _coerce_query_value(text: str, type_: Any) -> Any:
    """A query parameter's text as what JSON would have: a number or truth value where one is asked for."""
    base_type = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    if base_type is int and _INTEGER.fullmatch(text):
        return int(text)
    return _BOOLEANS.get(text, text) if base_type is bool else text


def _parameter_from_field(field: "msgspec.structs.FieldInfo") -> Parameter:
    type_ = field.type
    if get_origin(type_) in (Union, UnionType):
        (type_,) = (member for member in get_args(type_) if member is not NoneType)
    required = field.default is NODEFAULT and field.default_factory is NODEFAULT
    return Parameter(field.name, type_, required, type_.__metadata__[0])


def json_pointer(name: str) -> str:
    """RFC 6901, of a name that a client made up: cut, as it comes back to it."""
    return "/" + name[:_MAX_ECHOED_NAME_LENGTH].replace("~", "~0").replace("/", "~1")
