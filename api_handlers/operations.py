"""Declarations of what a handler's method accepts and returns, enforced per request and described in OpenAPI."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import wraps
from typing import Any, Concatenate, Protocol, TypeAlias, TypeVar

import msgspec
from tornado.httputil import HTTPServerRequest
from tornado.web import RequestHandler

from api_handlers.csrf import check_same_origin
from api_handlers.request_parsing import EmptyQuery
from preview.core.settings import Settings

METHODS = ("get", "post", "put", "delete")
"""Methods that can be declared. HEAD comes with GET, OPTIONS with every resource."""


class OperationHandler(Protocol):
    """What a declared method needs of its handler; `ApiHandler` implements it."""

    request: HTTPServerRequest
    configuration: Settings

    def begin_operation(self) -> None:
        """Let the shutdown wait for the response; raise `Unavailable` while the program shuts down."""
        ...

    def check_accept(self, *media_types: str) -> None:
        """Raise `NotAcceptable` if the client accepts none of the media types."""
        ...

    def parse_body(self, struct_type: type[Any]) -> Any:
        """Return the JSON body as a `struct_type`."""
        ...

    def parse_query(self, struct_type: type[Any]) -> Any:
        """Return the query as a `struct_type`."""
        ...


H = TypeVar("H", bound=OperationHandler)
Method: TypeAlias = Callable[Concatenate[H, ...], Awaitable[None] | None]


class Policy(StrEnum):
    """Access policy of an operation. Every operation is public by default (rule G2, docs/api.md)."""

    PUBLIC = "public"


@dataclass(frozen=True)
class Operation:
    """What one method of a resource accepts and returns, in the terms of an OpenAPI operation object.

    Attributes:
        query: Type of the query.
        body: Type of the JSON body, None without one.
        request_types: Schema of the body by media type, for a body that is not JSON.
        responses: Type of the response body by status: None without a body, `str` for an event stream.
        problem_statuses: Statuses of problems besides those that every operation can return.
        request_headers: Names of the request headers that have an effect.
        response_headers: Names of the response headers that are set.
        summary: One line that says what the operation does.
        media_type: Media type of the response.
        alternatives: Media types in which the same is sent to a client that prefers one of them.
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
    alternatives: tuple[str, ...]


@dataclass(frozen=True)
class Route:
    """One path of the API.

    Attributes:
        path: The path, with `{name}` for each path parameter.
        handler: The handler of the resource.
        operations: Policy and operation id by method.
        duplicate_prefix: A base path that may be given twice (rule G1), "" for none.
    """

    path: str
    handler: type[RequestHandler]
    operations: Mapping[str, tuple[Policy, str]] = field(default_factory=dict)
    duplicate_prefix: str = ""

    def pattern(self) -> str:
        """Return the regular expression of the path in all its forms, with or without a trailing slash."""
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
    alternatives: tuple[str, ...] = (),
) -> Callable[[Method[H]], Method[H]]:
    """Declare a handler's method as an operation of the API.

    The decorated method checks the request, then calls the original with the path's arguments, the parsed body and the
    parsed query, the last two only if they are declared. The first line of the docstring becomes the summary. See
    `Operation` for the arguments.

    Raises (when the decorated method is called):
        Unavailable: The program shuts down.
        Forbidden: A page of another site sends a change.
        NotAcceptable: The client accepts neither `media_type` nor one of `alternatives`.
        UnsupportedMediaType, PayloadTooLarge, MalformedJson: The JSON body cannot be used.
        ValidationError: The body or query is invalid.
    """

    def decorate(method: Method[H]) -> Method[H]:
        @wraps(method)
        def handle_request(self: H, *path_arguments: str) -> Awaitable[None] | None:
            self.begin_operation()
            check_same_origin(self.request, self.configuration)
            self.check_accept(media_type, *alternatives)
            parsed_inputs: list[Any] = []
            if body is not None:
                parsed_inputs.append(self.parse_body(body))
            if query is not EmptyQuery:
                parsed_inputs.append(self.parse_query(query))
            elif self.request.query:
                self.parse_query(query)
            return method(self, *path_arguments, *parsed_inputs)

        declared = Operation(
            query=query,
            body=body,
            request_types=request_types or {},
            responses=responses,
            problem_statuses=problem_statuses,
            request_headers=request_headers,
            response_headers=response_headers,
            summary=(method.__doc__ or "").strip().splitlines()[0],
            media_type=media_type,
            alternatives=alternatives,
        )
        setattr(handle_request, "__operation__", declared)  # noqa: B010  (a function has no such attribute in its type)
        return handle_request

    return decorate


def declared_operation(handler: type[RequestHandler], method: str) -> Operation | None:
    """Return the operation that a handler declares for a method in lower case, None if it declares none."""
    return getattr(getattr(handler, method), "__operation__", None)


def allowed_methods(handler: type[RequestHandler]) -> str:
    """Return the value of `Allow`: the declared methods of a handler, HEAD where GET is declared, and OPTIONS."""
    declared = [method.upper() for method in METHODS if declared_operation(handler, method)]
    return ", ".join(sorted([*declared, *(["HEAD"] if "GET" in declared else []), "OPTIONS"]))
