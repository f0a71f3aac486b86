"""OpenAPI 3.1 description of the API, generated from the routes and from the types that handlers parse and send."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

import msgspec

from api_handlers.base import ApiHandler
from api_handlers.event_broadcaster import EventBroadcaster
from api_handlers.idempotency import MAX_KEY_LENGTH
from api_handlers.operations import Operation, Policy, Route, declared_operation, operation
from api_handlers.problem_details import MEDIA_TYPE, Problem
from api_handlers.request_parsing import ORGANIZATION_PATTERN, parameters_of
from preview.core.periods import PERIOD_ID_PATTERN
from preview.events import log as event_log
from preview.runtime.application import Application

REF_TEMPLATE = "#/components/schemas/{name}"

REQUEST_HEADER_DOCS: Mapping[str, str] = {
    "If-None-Match": "ETag of the version that the client has. If it is still the present one, the answer is 304.",
    "If-Match": "ETag of the version that the client has read. If the document has changed since, the answer is 412.",
    "Idempotency-Key": "Name of this request, 1 to 255 characters. If the answer was lost, repeat the request with "
    "the same key: the first answer is returned again for 24 h.",
    "Last-Event-ID": "Id of the last event that the client has received. The stream continues after it. Has precedence "
    "over `last_event_id`.",
}
REQUEST_HEADER_LENGTHS = {"Idempotency-Key": {"minLength": 1, "maxLength": MAX_KEY_LENGTH}}
RESPONSE_HEADER_DOCS: Mapping[str, str] = {
    "ETag": "Version of the document. Send it as `If-None-Match` or `If-Match`.",
    "Last-Event-ID": "Log position that the answer reflects. Watch from there to miss no change and get none twice.",
    "Link": "Pages `first`, `prev`, `next` and `last` of the list, as far as they exist (RFC 8288).",
    "Location": "Path of the created resource.",
    "Allow": "Methods that the resource supports.",
    "Retry-After": "Seconds to wait before the request is repeated.",
}
COMMON_STATUSES = (406, 421, 422, 429, 503)
"""Statuses of problems that every operation can return."""

CHANGE_STATUSES = (403, 507)
"""Statuses of problems that every operation can return that changes something."""

EVENT_TYPES = (
    event_log.DataUpdated,
    event_log.SourceReceived,
    event_log.SnapshotCreated,
    event_log.AggregationCompleted,
    event_log.AggregationFailed,
    event_log.CacheInvalidated,
    event_log.SnapshotUpdated,
    event_log.ReviewUpdated,
    event_log.SnapshotDeleted,
    event_log.AggregationProgress,
    event_log.Resync,
)
PATH_PARAMETER_PATTERNS = {
    "snapshot_id": "^snap-[0-9]{3,}$",
    "job_id": "^job-agg-[0-9]{3,}$",
    "delivery_id": "^dlv-[0-9]{3,}$",
    "organization_id": ORGANIZATION_PATTERN,
    "period_id": PERIOD_ID_PATTERN,
    "approval_id": "^apr-[0-9]{3,}$",
    "comment_id": "^com-[0-9]{3,}$",
    "rule": "^[a-z0-9_]+$",
    "field_key": "^(-|[a-z0-9_]+)$",
}
DESCRIPTION = (
    "Live preview of the report that Norwegian child-welfare services send to Bufdir. Upload case files as deliveries, "
    "request snapshots of the report, and watch changes as Server-Sent Events. Every path works with and without a "
    "trailing slash. The paths of the report data also work with their base path given twice."
)


class OpenApiHandler(ApiHandler):
    """The OpenAPI description."""

    def initialize(self, services: Application, broadcaster: EventBroadcaster, spec: bytes = b"") -> None:
        """Set the dependencies and the description, which `build_spec` returned at start (Tornado's hook)."""
        super().initialize(services, broadcaster)
        self._spec = spec

    @operation(responses={200: dict, 304: None}, response_headers=("ETag",))
    def get(self) -> None:
        """Get this OpenAPI description."""
        self.finish(self._spec)


def build_spec(routes: Iterable[Route], prefix: str) -> bytes:
    """Return the OpenAPI description as JSON.

    Args:
        routes: All routes of the API.
        prefix: The setting `prefix`, which precedes every path behind a proxy.
    """
    routes = list(routes)
    declared = [
        entry
        for route in routes
        for method in route.operations
        if (entry := declared_operation(route.handler, method)) is not None
    ]
    body_types = {kind for entry in declared for kind in (entry.body, *entry.responses.values()) if _is_struct(kind)}
    sorted_types = sorted(body_types, key=_schema_name)
    _, schemas = msgspec.json.schema_components([*sorted_types, *EVENT_TYPES, Problem], ref_template=REF_TEMPLATE)
    operation_ids = _operation_ids_by_parameter(routes)
    spec = {
        "openapi": "3.1.0",
        "info": {"title": "Bufdir Preview", "version": version("bufdir-preview"), "description": DESCRIPTION},
        "servers": [{"url": prefix or "/"}],
        "paths": {route.path: _path_item(route, prefix, operation_ids) for route in routes},
        "components": {"schemas": {name: _without_additional_properties(schema) for name, schema in schemas.items()}},
    }
    return msgspec.json.encode(spec)


def _schema_name(kind: Any) -> str:
    return kind.__name__


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def _without_additional_properties(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of exactly the listed keys."""
    return schema | {"additionalProperties": False} if schema.get("type") == "object" else schema


def _operation_ids_by_parameter(routes: Iterable[Route]) -> dict[str, list[str]]:
    """Return the ids of the operations whose path has a parameter, by the parameter's name."""
    return {
        name: [operation_id for _, operation_id in route.operations.values()]
        for route in routes
        for name in re.findall(r"{(\w+)}", route.path)
    }


def _path_item(route: Route, prefix: str, operation_ids: dict[str, list[str]]) -> dict[str, Any]:
    item: dict[str, Any] = {}
    if route.duplicate_prefix:
        item["servers"] = [
            {"url": prefix or "/"},
            {"url": prefix + route.duplicate_prefix, "description": "The base path given twice."},
        ]
    if names := re.findall(r"{(\w+)}", route.path):
        item["parameters"] = [
            {
                "name": name,
                "in": "path",
                "required": True,
                "schema": {"type": "string", "pattern": PATH_PARAMETER_PATTERNS[name]},
            }
            for name in names
        ]
    for method, (policy, operation_id) in route.operations.items():
        declared = declared_operation(route.handler, method)
        assert declared is not None
        item[method] = _operation_object(method, declared, policy, operation_id, operation_ids)
    return item


def _operation_object(
    method: str, declared: Operation, policy: Policy, operation_id: str, operation_ids: dict[str, list[str]]
) -> dict[str, Any]:
    operation_object: dict[str, Any] = {
        "operationId": operation_id,
        "summary": declared.summary,
        "parameters": _parameter_objects(declared),
    }
    if policy is Policy.PUBLIC:
        operation_object["security"] = []
    request_schemas = (
        {"application/json": _schema_reference(declared.body)} if declared.body is not None else declared.request_types
    )
    if request_schemas:
        operation_object["requestBody"] = {
            "required": True,
            "content": {name: {"schema": schema} for name, schema in request_schemas.items()},
        }
    responses = {
        str(status): _response_object(declared, status, kind, operation_ids)
        for status, kind in declared.responses.items()
    }
    statuses = {*COMMON_STATUSES, *(() if method == "get" else CHANGE_STATUSES), *declared.problem_statuses}
    problem_responses = {str(status): _problem_response(status) for status in sorted(statuses)}
    return operation_object | {"responses": responses | problem_responses}


def _parameter_objects(declared: Operation) -> list[dict[str, Any]]:
    fields = {field.name: field for field in msgspec.structs.fields(declared.query)}
    query = [
        {
            "name": name,
            "in": "query",
            "required": parameter.required,
            "schema": msgspec.json.schema(parameter.type)
            | ({} if fields[name].default in (None, msgspec.NODEFAULT) else {"default": fields[name].default}),
        }
        for name, parameter in parameters_of(declared.query).items()
    ]
    headers = [
        {
            "name": name,
            "in": "header",
            "required": False,
            "description": REQUEST_HEADER_DOCS[name],
            "schema": {"type": "string"} | REQUEST_HEADER_LENGTHS.get(name, {}),
        }
        for name in declared.request_headers
    ]
    return query + headers


def _response_object(
    declared: Operation, status: int, body_type: Any, operation_ids: dict[str, list[str]]
) -> dict[str, Any]:
    response: dict[str, Any] = {
        "description": HTTPStatus(status).phrase,
        "headers": _header_objects(declared.response_headers),
    }
    if body_type is str:
        references = {str(event.__struct_config__.tag): _schema_reference(event) for event in EVENT_TYPES}
        response["content"] = {declared.media_type: {"schema": {"type": "string"}, "x-event-data": references}}
    elif body_type is not None:
        schema = _schema_reference(body_type) if _is_struct(body_type) else {"type": "object"}
        response["content"] = {declared.media_type: {"schema": schema}} | {
            media_type: {"schema": {"type": "string"}} for media_type in declared.alternatives
        }
        response["links"] = _link_objects(body_type, operation_ids) if _is_struct(body_type) else {}
    return response


def _link_objects(body_type: type[msgspec.Struct], operation_ids: dict[str, list[str]]) -> dict[str, Any]:
    """Return a link from each id in a response to each operation that takes it in its path."""
    return {
        operation_id: {"operationId": operation_id, "parameters": {name: f"$response.body#/{name}"}}
        for name in body_type.__struct_fields__
        for operation_id in operation_ids.get(name, [])
    }


def _problem_response(status: int) -> dict[str, Any]:
    headers = {405: ("Allow",), 429: ("Retry-After",), 503: ("Retry-After",), 507: ("Retry-After",)}.get(status, ())
    return {
        "description": HTTPStatus(status).phrase,
        "headers": _header_objects(headers),
        "content": {MEDIA_TYPE: {"schema": _schema_reference(Problem)}},
    }


def _header_objects(names: Iterable[str]) -> dict[str, Any]:
    return {name: {"description": RESPONSE_HEADER_DOCS[name], "schema": {"type": "string"}} for name in names}


def _schema_reference(kind: type) -> dict[str, str]:
    return {"$ref": REF_TEMPLATE.format(name=kind.__name__)}
