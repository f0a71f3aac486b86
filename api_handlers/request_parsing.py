"""Parsing of queries and JSON bodies into structs, with an error for each invalid member (rule E3, docs/api.md)."""

import re
from codecs import BOM_UTF8
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

NOT_BLANK = r"^[\s\S]*\S[\s\S]*$"
"""Pattern of a text with more than white space in it."""

ORGANIZATION_PATTERN = r"^org-[a-z0-9-]{1,40}$"
MAX_PAGE_NUMBER = 2**53 - 1
_INTEGER = re.compile(r"0|[1-9][0-9]{0,18}")
_BOOLEANS = {"true": True, "false": False}
_MAX_ECHOED_NAME_LENGTH = 60
_MEMBER_BY_LOCATION = {"query": "parameter", "body": "key"}

# The title of each type completes the sentence "must be ..." of an error.
OrganizationId = Annotated[
    str,
    Meta(title="org- and 1 to 40 characters of a-z, 0-9 and -", pattern=ORGANIZATION_PATTERN, examples=["org-1042"]),
]
PeriodId = Annotated[str, Meta(title="YYYY, YYYY-H1 or YYYY-H2", pattern=PERIOD_ID_PATTERN, examples=["2024"])]
SnapshotStatusFilter = Annotated[SnapshotStatus, Meta(title="processing, failed, current or historical")]
BooleanParam = Annotated[bool, Meta(title="true or false")]
PageNumber = Annotated[int, Meta(title="a whole number from 1", ge=1, le=MAX_PAGE_NUMBER)]
PageLimit = Annotated[int, Meta(title="a whole number from 1 to 100", ge=1, le=100)]
EventId = Annotated[str, Meta(title="the id of an event")]


class EmptyQuery(msgspec.Struct, frozen=True):
    """The query of a resource without parameters: every parameter is an error."""


class PageParams(msgspec.Struct, frozen=True):
    """The query of a list; lists with filters extend it."""

    page: PageNumber = 1
    limit: PageLimit = 20


class Parameter(NamedTuple):
    """A field of a query or body type.

    Attributes:
        name: Name of the field.
        type: Its type without None.
        required: Whether the field has no default.
        nullable: Whether a body may give it as `null`: its `Meta` has `extra={"nullable": True}`.
        meta: The type's constraints; its title completes "must be ...".
    """

    name: str
    type: Any
    required: bool
    nullable: bool
    meta: Meta


@cache
def parameters_of(struct_type: type[msgspec.Struct]) -> dict[str, Parameter]:
    """Return the fields of a query or body type by name, in order; each must be `Annotated` with a `Meta`."""
    return {field.name: _parameter_from_field(field) for field in msgspec.structs.fields(struct_type)}


def parse_query(struct_type: type[T], query: str) -> T:
    """Parse a query string.

    Args:
        struct_type: The type of the result.
        query: What follows the `?`, percent-encoded.

    Raises:
        ValidationError: A parameter is unknown, repeated, missing or invalid; each has a field error.
    """
    if not query:
        return _build_struct(struct_type, {}, [], "query")
    parameters = parameters_of(struct_type)
    raw_values: dict[str, Any] = {}
    errors: list[FieldError] = []
    for name, text in parse_qsl(query, keep_blank_values=True, errors="replace"):
        if name in raw_values:
            errors.append(FieldError(json_pointer(name), "is given more than once"))
        raw_values[name] = _coerce_query_value(text, parameters[name].type) if name in parameters else text
    return _build_struct(struct_type, raw_values, errors, "query")


def parse_body(struct_type: type[T], body: bytes) -> T:
    """Parse a JSON body; a byte-order mark before it is ignored (RFC 8259, section 8.1).

    Args:
        struct_type: The type of the result.
        body: JSON in UTF-8.

    Raises:
        MalformedJson: The body is not JSON.
        ValidationError: It is not an object, or a key is unknown, missing or invalid; each has a field error.
    """
    try:
        raw = msgspec.json.decode(body.removeprefix(BOM_UTF8))
    except msgspec.ValidationError as error:
        raise ValidationError(_invalid("body"), [FieldError("", str(error))]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise MalformedJson("The body is not JSON. Send a JSON object in UTF-8.") from None
    if not isinstance(raw, dict):
        raise ValidationError(_invalid("body"), [FieldError("", "must be an object")])
    return _build_struct(struct_type, raw, [], "body")


def json_pointer(name: str) -> str:
    """Return the JSON pointer (RFC 6901) of a key; a name made up by a client is cut, because it is echoed to it."""
    return "/" + name[:_MAX_ECHOED_NAME_LENGTH].replace("~", "~0").replace("/", "~1")


def _invalid(location: str) -> str:
    return f"The {location} is invalid. Correct what `errors` lists."


def _build_struct(struct_type: type[T], raw_values: dict[str, Any], errors: list[FieldError], location: str) -> T:
    """Return the struct of unchecked values, or raise `ValidationError` with all errors, those of the caller first."""
    parameters = parameters_of(struct_type)
    unknown = f"is not a known {_MEMBER_BY_LOCATION[location]}"
    errors.extend(FieldError(json_pointer(name), unknown) for name in raw_values if name not in parameters)
    values: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name in raw_values and raw_values[name] is None and parameter.nullable and location == "body":
            values[name] = None
        elif name in raw_values:
            try:
                values[name] = _validate(raw_values[name], parameter)
            except ValueError:
                errors.append(FieldError(json_pointer(name), f"must be {parameter.meta.title}"))
        elif parameter.required:
            errors.append(FieldError(json_pointer(name), "is required"))
    if errors:
        raise ValidationError(_invalid(location), errors)
    return struct_type(**values)


def _validate(value: Any, parameter: Parameter) -> Any:
    """Return the converted value, or raise `ValueError` (`msgspec.ValidationError` is one).

    Patterns must match the whole text, because `$` alone allows a line break at the end.
    """
    converted = msgspec.convert(value, parameter.type)
    pattern, schema = parameter.meta.pattern, parameter.meta.extra_json_schema or {}
    if (pattern and not re.fullmatch(pattern, converted)) or converted != schema.get("const", converted):
        raise ValueError(parameter.name)
    return converted


def _coerce_query_value(text: str, type_: Any) -> Any:
    """Return a query parameter as in JSON: an integer or boolean if the type is one and the text is valid."""
    base_type = get_args(type_)[0] if get_origin(type_) is Annotated else type_
    if base_type is int and _INTEGER.fullmatch(text):
        return int(text)
    return _BOOLEANS.get(text, text) if base_type is bool else text


def _parameter_from_field(field: "msgspec.structs.FieldInfo") -> Parameter:
    type_ = field.type
    if get_origin(type_) in (Union, UnionType):
        (type_,) = (member for member in get_args(type_) if member is not NoneType)
    required = field.default is NODEFAULT and field.default_factory is NODEFAULT
    meta: Meta = type_.__metadata__[0]
    return Parameter(field.name, type_, required, bool((meta.extra or {}).get("nullable")), meta)
