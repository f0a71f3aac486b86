"""What a method of a resource takes and gives, declared once beside it: the handler is called with it parsed, OpenAPI describes it."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, Protocol, TypeVar

import msgspec
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from api_handlers.content_negotiation import check_same_origin
from api_handlers.request_parsing import EmptyQuery
from preview.core.settings import Settings


class OperationHandler(Protocol):
    """What a declared method needs of its handler; `base` implements it."""

    request: HTTPServerRequest
    configuration: Settings

    def check_serving(self) -> None:
        """Raise `Unavailable` while the program shuts down."""
        ...

    def check_accept(self, media_type: str) -> None:
        """Raise `NotAcceptable` if the client accepts no such media type."""
        ...

    def parse_body(self, struct_type: type[Any]) -> Any:
        """Return the body as a `kind`."""
        ...

    def parse_query(self, struct_type: type[Any]) -> Any:
        """Return the query as a `kind`."""
        ...


H = TypeVar("H", bound=OperationHandler)

METHODS = ("get", "post", "put", "delete")
"""HEAD comes with GET, OPTIONS with everything."""


class Policy(StrEnum):
    """Who may call an operation. Public is all there is by default (contract G2)."""

    PUBLIC = "public"


@dataclass(frozen=True)
class Operation:
    """`answers` holds the type of the body by status (`str` for an event stream), `errors` the statuses of problems of its own.

    `takes` holds the schema of the body by media type where it is no JSON; `heeds` and `sends` name headers of the request and of the
    answer.
    """

    query: type[msgspec.Struct]
    body: type[msgspec.Struct] | None
    request_types: Mapping[str, Mapping[str, Any]]
    responses: Mapping[int, type | None]
    problem_statuses: tuple[int, ...]
    request_headers: tuple[str, ...]
    response_headers: tuple[str, ...]
    summary: str
    media_type: str


@dataclass(frozen=True)
class Route:
    """One path. `operations` holds policy and operation id by method; `doubled` is a base that may stand twice (contract G1)."""

    path: str
    handler: type[RequestHandler]
    operations: Mapping[str, tuple[Policy, str]] = field(default_factory=dict)
    duplicate_prefix: str = ""

    def pattern(self) -> str:
        """The regular expression of the path in all its forms, with or without a trailing slash."""
        optional_prefix = f"(?:{re.escape(self.duplicate_prefix)})?" if self.duplicate_prefix else ""
        return optional_prefix + re.sub(r"\\{\w+\\}", "([^/]+)", re.escape(self.path)) + "/?"


def operation(
    *,
    responses: Mapping[int, type | None],
    query: type[msgspec.Struct] = EmptyQuery,
    body: type[msgspec.Struct] | None = None,
    request_types: Mapping[str, Mapping[str, Any]] | None = None,
    problem_statuses: tuple[int, ...] = (),
    request_headers: tuple[str, ...] = (),
    response_headers: tuple[str, ...] = (),
    media_type: str = "application/json",
) -> Callable[[Callable[Concatenate[H, ...], Awaitable[None] | None]], Callable[Concatenate[H, ...], Awaitable[None] | None]]:
    """Declares a handler's method: it is called with the path's arguments, then the parsed body and query where it has such.

    Raises (when called) `Unavailable`, `Forbidden`, `NotAcceptable`, `UnsupportedMediaType`, `TooLarge`, `NotJson` and `Invalid`. See `Operation`.
    """

    def decorate(method: Callable[Concatenate[H, ...], Awaitable[None] | None]) -> Callable[Concatenate[H, ...], Awaitable[None] | None]:
        @wraps(method)
        def handle_request(self: H, *path_arguments: str) -> Awaitable[None] | None:
            self.check_serving()
            check_same_origin(self.request, self.configuration)
            self.check_accept(media_type)
            parsed_inputs: list[Any] = []
            if body is not None:
                parsed_inputs.append(self.parse_body(body))
            if query is not EmptyQuery:
                parsed_inputs.append(self.parse_query(query))
            elif self.request.query:
                self.parse_query(query)
            return method(self, *path_arguments, *parsed_inputs)

        summary = (method.__doc__ or "").strip().splitlines()[0]
        declared = Operation(
            query, body, request_types or {}, responses, problem_statuses, request_headers, response_headers, summary, media_type
        )
        setattr(handle_request, "__operation__", declared)  # noqa: B010  (a function has no such attribute in its type)
        return handle_request

    return decorate


def declared_operation(handler: type[RequestHandler], method: str) -> Operation | None:
    """What the handler declares for that method; None where it does not take it."""
    return getattr(getattr(handler, method), "__operation__", None)
