"""OpenAPI 3.1, generated from the routes and the very types that the handlers parse and send."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec

from api_handlers.base import MAX_KEY_LENGTH, Handler
from api_handlers.event_broadcaster import Broadcaster
from api_handlers.operations import Operation, Policy, Route, operation, operation_of
from api_handlers.problem_details import MEDIA_TYPE, Problem
from api_handlers.request_parsing import parameters
from preview.events import log as event_log
from preview.runtime.application import Application

REFERENCE = "#/components/schemas/{name}"

HEEDED: Mapping[str, str] = {
    "If-None-Match": "An ETag; where it is still the document's, the answer is 304.",
    "If-Match": "An ETag; where it is not the document's, the answer is 412.",
    "Idempotency-Key": "1 to 255 characters. The first answer to a key is given again for 24 h.",
    "Last-Event-ID": "The last id that was seen: the stream goes on from there. Beats `last_event_id`.",
}
LENGTHS = {"Idempotency-Key": {"minLength": 1, "maxLength": MAX_KEY_LENGTH}}
SENT: Mapping[str, str] = {
    "ETag": "The version of the document.",
    "Last-Event-ID": "The place in the event log that the answer reflects: watching from there misses nothing and repeats nothing.",
    "Link": "The pages first, prev, next and last (RFC 8288).",
    "Location": "The path of what was made.",
    "Allow": "The methods that the resource takes.",
    "Retry-After": "Seconds to wait.",
}
ALWAYS = (406, 422, 503)
"""Problems that every operation may answer with."""

EVENTS = (
    event_log.DataUpdated,
    event_log.SourceReceived,
    event_log.SnapshotCreated,
    event_log.AggregationCompleted,
    event_log.AggregationFailed,
    event_log.CacheInvalidated,
    event_log.SnapshotUpdated,
    event_log.SnapshotDeleted,
    event_log.AggregationProgress,
    event_log.Resync,
)
PATH_PATTERNS = {"snapshot_id": "^snap-[0-9]{3,}$", "job_id": "^job-agg-[0-9]{3,}$", "delivery_id": "^dlv-[0-9]{3,}$"}
ABOUT = (
    "The report that Norwegian child-welfare services send to Bufdir, previewed live. "
    "The paths of the report data are served under their base written twice, too; every path with or without a trailing slash."
)


class OpenApi(Handler):
    """The description of the API."""

    def initialize(self, preview: Application, broadcaster: Broadcaster, document: bytes = b"") -> None:
        """`document` is what `describe` gave at start."""
        super().initialize(preview, broadcaster)
        self._document = document

    @operation(answers={200: dict, 304: None}, sends=("ETag",))
    def get(self) -> None:
        """This description."""
        self.finish(self._document)


def describe(routes: Iterable[Route], prefix: str) -> bytes:
    """The document, as JSON; `prefix` stands before every path behind a proxy."""
    routes = list(routes)
    operations = [found for route in routes for method in route.operations if (found := operation_of(route.handler, method))]
    bodies = {kind for each in operations for kind in (each.body, *each.answers.values()) if _is_struct(kind)}
    _, schemas = msgspec.json.schema_components([*sorted(bodies, key=lambda kind: kind.__name__), *EVENTS, Problem], ref_template=REFERENCE)
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Bufdir Preview", "version": version("bufdir-preview"), "description": ABOUT},
        "servers": [{"url": prefix or "/"}],
        "paths": {route.path: _path(route, prefix, _by_id(routes)) for route in routes},
        "components": {"schemas": {name: _closed(schema) for name, schema in schemas.items()}},
    }
    return msgspec.json.encode(document)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _closed(schema: dict[str, Any]) -> dict[str, Any]:
    """Exactly the keys shown, no more and no fewer."""
    return schema | {"additionalProperties": False} if schema.get("type") == "object" else schema


def _by_id(routes: Iterable[Route]) -> dict[str, list[str]]:
    """The operations that take an id in their path, by the id's name."""
    return {
        name: [operation_id for _, operation_id in route.operations.values()]
        for route in routes
        for name in re.findall(r"{(\w+)}", route.path)
    }


def _path(route: Route, prefix: str, by_id: dict[str, list[str]]) -> dict[str, Any]:
    path: dict[str, Any] = {}
    if route.doubled:
        path["servers"] = [{"url": prefix or "/"}, {"url": prefix + route.doubled, "description": "The customer's form of the path."}]
    if names := re.findall(r"{(\w+)}", route.path):
        path["parameters"] = [
            {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": PATH_PATTERNS[name]}} for name in names
        ]
    for method, (policy, operation_id) in route.operations.items():
        declared = operation_of(route.handler, method)
        assert declared is not None
        path[method] = _operation(declared, policy, operation_id, by_id)
    return path


def _operation(declared: Operation, policy: Policy, operation_id: str, by_id: dict[str, list[str]]) -> dict[str, Any]:
    described: dict[str, Any] = {"operationId": operation_id, "summary": declared.summary, "parameters": _parameters(declared)}
    if policy is Policy.PUBLIC:
        described["security"] = []
    taken = {"application/json": _reference(declared.body)} if declared.body is not None else declared.takes
    if taken:
        described["requestBody"] = {"required": True, "content": {name: {"schema": schema} for name, schema in taken.items()}}
    answers = {str(status): _answer(declared, status, kind, by_id) for status, kind in declared.answers.items()}
    problems = {str(status): _problem(status) for status in sorted({*ALWAYS, *declared.errors})}
    return described | {"responses": answers | problems}


def _parameters(declared: Operation) -> list[dict[str, Any]]:
    fields = {field.name: field for field in msgspec.structs.fields(declared.query)}
    query = [
        {
            "name": name,
            "in": "query",
            "required": parameter.required,
            "schema": msgspec.json.schema(parameter.type) | ({} if fields[name].default is None else {"default": fields[name].default}),
        }
        for name, parameter in parameters(declared.query).items()
    ]
    headers = [
        {"name": name, "in": "header", "required": False, "description": HEEDED[name], "schema": {"type": "string"} | LENGTHS.get(name, {})}
        for name in declared.heeds
    ]
    return query + headers


def _answer(declared: Operation, status: int, kind: Any, by_id: dict[str, list[str]]) -> dict[str, Any]:
    answer: dict[str, Any] = {"description": HTTPStatus(status).phrase, "headers": _headers(declared.sends)}
    if kind is str:
        references = {str(event.__struct_config__.tag): _reference(event) for event in EVENTS}
        answer["content"] = {declared.gives: {"schema": {"type": "string"}, "x-event-data": references}}
    elif kind is not None:
        schema = _reference(kind) if _is_struct(kind) else {"type": "object"}
        answer["content"] = {declared.gives: {"schema": schema}}
        answer["links"] = _links(kind, by_id) if _is_struct(kind) else {}
    return answer


def _links(kind: type[msgspec.Struct], by_id: dict[str, list[str]]) -> dict[str, Any]:
    """From the ids that an answer holds to what can be done with them."""
    return {
        operation_id: {"operationId": operation_id, "parameters": {name: f"$response.body#/{name}"}}
        for name in kind.__struct_fields__
        for operation_id in by_id.get(name, [])
    }


def _problem(status: int) -> dict[str, Any]:
    headers = {405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",)}.get(status, ())
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _headers(headers),
        "content": {MEDIA_TYPE: {"schema": _reference(Problem)}},
    }


def _headers(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"description": SENT[name], "schema": {"type": "string"}} for name in names}


def _reference(kind: type) -> dict[str, str]:
    return {"$ref": REFERENCE.format(name=kind.__name__)}
