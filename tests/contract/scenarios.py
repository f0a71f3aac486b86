"""Runner of the API scenarios (`scenarios/*.toml`): requests, expected responses, and exactly the expected events.

A scenario runs against a server of its kind, with an organisation of its own. In paths, `~` is the base path of the
report data. `$name` is a value that an earlier step saved; `$org` is the organisation. After each step, the events of
the organisation are exactly `events`, in order.
"""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path
from string import Template
from typing import Any, Literal

import httpx
import msgspec
import pytest

from preview.core.errors import LeaseLost
from preview.reports.aggregation_result import AggregationResult
from preview.runtime.application import Application
from preview.storage import jobs, worker_rows
from preview.storage.jobs import JobRow
from tests.api_handlers.in_process_server import InProcessServer
from tests.api_handlers.sse_client import SseBlock, SseClient, open_stream
from tests.contract.scenario_fixtures import DELIVERIES, ChildWelfareService
from tests.contract.schema_shapes import check_shape
from tests.support.pipeline import deliver, wait_for_delivery, wait_for_job, wait_until

SNAPSHOTS_PATH = "/api/v1/aggregated-report-data"
PATH_FORMS: dict[str, Callable[[str], str]] = {
    "short": lambda path: path.replace("~", SNAPSHOTS_PATH),
    "doubled": lambda path: re.sub(r"^(~[^?]*?)/?(?=\?|$)", r"\1/", path).replace("~", SNAPSHOTS_PATH + SNAPSHOTS_PATH),
}
"""Both forms of a path (rule G1, docs/api.md), the second one with a trailing slash."""


class Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """One step: actions in the order of the attributes, then the checks.

    Attributes:
        send: Method and path of a request.
        deliver: A delivery of `scenario_fixtures.py` to import.
        wait_for_delivery: Id of a delivery; wait until it is imported.
        run_worker: Let another process run all waiting jobs of the organisation.
        worker_action: Act as a worker: claim and `aggregate` a job, then report `progress`, `finish` it, `fail` it, or
            find that another worker has its lease (`lose_lease`).
        headers: Headers of the request.
        json: Body of the request.
        raw: Body of the request as text.
        file: Body of the request: a delivery of one file.
        multipart: Body of the request: a form with the files of a delivery.
        status: Expected status.
        shape: Expected shape of the body, of `shapes.toml`.
        expect_body: Expected values by path, such as `sections.0.fields.0.value`. `@null`, `@positive` and `@text`
            match null, a positive integer and any text.
        expect_headers: Regular expressions of response headers.
        absent_headers: Names of headers that the response must not have.
        expect_empty_body: Whether the response must have no body.
        save: Values to save: variable name by path in the body, or by `header:Name`.
        wait_for_job: Id of a job; wait until it has ended.
        wait_for_event: Type of an event; wait for it.
        events: Expected events: their types, or tables with some of their keys.
        ignore_events: Do not compare the events.
    """

    send: str | None = None
    deliver: str | None = None
    wait_for_delivery: str | None = None
    run_worker: bool = False
    worker_action: Literal["aggregate", "progress", "finish", "fail", "lose_lease"] | None = None
    headers: dict[str, str] = {}
    json: Any = msgspec.UNSET
    raw: str | None = None
    file: str | None = None
    multipart: str | None = None
    status: int = 200
    shape: str | None = None
    expect_body: dict[str, Any] = {}
    expect_headers: dict[str, str] = {}
    absent_headers: list[str] = []
    expect_empty_body: bool = False
    save: dict[str, str] = {}
    wait_for_job: str | None = None
    wait_for_event: str | None = None
    events: list[str | dict[str, Any]] = []
    ignore_events: bool = False


class Scenario(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A sequence of steps.

    Attributes:
        name: Subject, condition and outcome; it becomes the id of the test.
        rules: Rules or sections of docs/api.md that the scenario covers.
        server: Kind of the server, see `ScenarioServer`.
        initial_delivery: A delivery of `scenario_fixtures.py` that is imported first.
        steps: What is done and checked.
    """

    name: str
    rules: list[str]
    server: Literal["working", "idle", "automatic"] = "working"
    initial_delivery: str | None = "base_delivery"
    steps: list[Step]


def load_scenarios() -> list[Scenario]:
    """Return all scenarios, in the order of the files."""
    files = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
    raw = [scenario for file in files for scenario in tomllib.loads(file.read_text(encoding="utf-8"))["scenario"]]
    return msgspec.convert(raw, list[Scenario])


class ScenarioRunner:
    """Runs scenarios in one form of path for one organisation."""

    def __init__(
        self,
        server: InProcessServer,
        path_form: str,
        service: ChildWelfareService,
        run_with_worker: Callable[[Callable[[Application], None]], None],
    ) -> None:
        self._server = server
        self._expand_path = PATH_FORMS[path_form]
        self._service = service
        self._run_with_worker = run_with_worker
        self._variables: dict[str, str] = {"org": service.organization_id}
        self._claimed: tuple[JobRow, AggregationResult] | None = None

    def run(self, scenario: Scenario) -> None:
        """Run a scenario; raise `AssertionError` at the first step with a difference."""
        if scenario.initial_delivery:
            self._deliver(self._service.listing("Prøvetjenesten"))
            self._deliver(*DELIVERIES[scenario.initial_delivery](self._service))
        with (
            self._server.client() as client,
            open_stream(
                self._server.url, f"{SNAPSHOTS_PATH}/watch?organization_id={self._service.organization_id}"
            ) as stream,
        ):
            for number, step in enumerate(scenario.steps, 1):
                try:
                    self._run_step(client, stream, step)
                except AssertionError as error:
                    raise AssertionError(
                        f"Step {number} ({step.send or step.deliver or step.worker_action or 'worker'}): {error}"
                    ) from error

    def _run_step(self, client: httpx.Client, stream: SseClient, step: Step) -> None:
        if step.deliver:
            self._deliver(*DELIVERIES[step.deliver](self._service))
        if step.wait_for_delivery:
            wait_for_delivery(self._server.application, self._substitute(step.wait_for_delivery))
        if step.run_worker:
            self._run_with_worker(self._wait_until_idle)
        if step.worker_action:
            self._act_as_worker(step.worker_action)
        if step.send:
            self._send(client, step)
        if step.wait_for_job:
            job = self._substitute(step.wait_for_job)
            wait_for_job(self._server.application, job)
        self._check_events(stream, step)

    def _deliver(self, *files: bytes) -> None:
        self._run_with_worker(lambda application: _deliver_and_check(application, files))

    def _send(self, client: httpx.Client, step: Step) -> None:
        method, _, path = (step.send or "").partition(" ")
        url, content = self._expand_path(self._substitute(path)), self._request_content(step)
        # The second GET gets its response from memory, where the first one's was recorded, because its bytes are known;
        # the third, of another client, once it is parsed.
        for agent in ("one", "one", "another") if method == "GET" else ("one",):
            headers = content["headers"] | {"User-Agent": agent}
            self._check_response(method, step, client.request(method, url, **content | {"headers": headers}))

    def _check_response(self, method: str, step: Step, response: httpx.Response) -> None:
        text = response.content.decode()
        assert response.status_code == step.status, f"status {response.status_code}, not {step.status}: {text}"
        assert not (step.expect_empty_body and response.content), f"unexpected body: {text}"
        for name, pattern in self._substitute(step.expect_headers).items():
            assert re.fullmatch(pattern, response.headers.get(name, "")), (
                f"{name}: {response.headers.get(name)} is not {pattern}"
            )
        for name in step.absent_headers:
            assert name not in response.headers, f"{name}: {response.headers[name]}"
        is_text = response.headers.get("Content-Type", "").startswith("text/")
        document = msgspec.json.decode(response.content) if response.content and not is_text else None
        if response.status_code >= 400 and method != "HEAD":
            _check_problem(response, document, step)
        if step.shape:
            check_shape(document, step.shape)
        for key, value in self._substitute(step.expect_body).items():
            assert _matches(_value_at(document, key), value), f"{key} is {_value_at(document, key)!r}, not {value!r}"
        for name, key in step.save.items():
            self._variables[name] = (
                response.headers[key.removeprefix("header:")] if key.startswith("header:") else _value_at(document, key)
            )

    def _request_content(self, step: Step) -> dict[str, Any]:
        """Return body and headers as arguments of `httpx`."""
        headers = self._substitute(step.headers)
        if step.multipart:
            return {
                "files": [("files", file) for file in DELIVERIES[step.multipart](self._service)],
                "headers": headers,
            }
        if step.file:
            (content,) = DELIVERIES[step.file](self._service)
            return {"content": content, "headers": headers}
        content = (
            msgspec.json.encode(self._substitute(step.json))
            if step.json is not msgspec.UNSET
            else (step.raw or "").encode()
        )
        return {"content": content, "headers": ({"Content-Type": "application/json"} if content else {}) | headers}

    def _check_events(self, stream: SseClient, step: Step) -> None:
        """Compare the events of the stream, up to the newest one in the log, with the expected ones."""
        awaited = stream.read_until(lambda block: block.event == step.wait_for_event) if step.wait_for_event else []
        for block in awaited:
            if block.event:
                check_shape(block.data, block.event)
        received = [block for block in awaited if block.event and block.id]
        received += stream.events_until(self._server.application.event_log.last_event_id())
        for block in received:
            check_shape(block.data, block.event or "")
        if step.ignore_events:
            return
        expected = [event if isinstance(event, str) else event["event"] for event in step.events]
        assert [block.event for block in received] == expected, f"{[block.data for block in received]}, not {expected}"
        for block, event in zip(received, step.events, strict=True):
            if isinstance(event, dict):
                _check_event(block, self._substitute(event))

    def _wait_until_idle(self, application: Application) -> None:
        """Wait until no job of the organisation waits or runs."""

        def idle() -> bool:
            return not application.database.read(
                lambda connection: jobs.list_open_for_organization(connection, self._service.organization_id)
            )

        wait_until(idle, "the jobs to end")

    def _act_as_worker(self, action: str) -> None:
        queue = self._server.application.jobs
        if action == "aggregate":
            (worker, *_) = self._server.application.database.read(worker_rows.list_ids)
            job = queue.claim(worker)
            assert job is not None
            assert job.organization_id == self._service.organization_id
            result = queue.aggregate(job, lambda _: None)
            assert result is not None
            self._claimed = (job, result)
            return
        assert self._claimed is not None
        job, result = self._claimed
        match action:
            case "progress":
                queue.set_progress(job, 0.5)
            case "finish":
                queue.complete(job, result, seconds=0.1)
            case "fail":
                queue.fail(job, "Prøvd og ikke fått til.")
            case _:
                with pytest.raises(LeaseLost):
                    queue.complete(job, result, seconds=0.1)

    def _substitute(self, value: Any) -> Any:
        """Return the value with every `$name` in its texts replaced."""
        match value:
            case str():
                return Template(value).safe_substitute(self._variables)
            case dict():
                return {key: self._substitute(item) for key, item in value.items()}
            case list():
                return [self._substitute(item) for item in value]
            case _:
                return value


def _check_problem(response: httpx.Response, document: Any, step: Step) -> None:
    assert response.headers["Content-Type"] == "application/problem+json"
    check_shape(document, "problem_with_errors" if "errors" in document else "problem")
    assert document["status"] == step.status


def _check_event(block: SseBlock, expected: dict[str, Any]) -> None:
    for key, value in expected.items():
        assert block.data[key] == value, f"{block.event} has {key} {block.data[key]!r}, not {value!r}"


def _value_at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _deliver_and_check(application: Application, files: tuple[bytes, ...]) -> None:
    delivery = deliver(application, *files)
    assert delivery.delivery_status == "taken", delivery


def _matches(value: Any, expected: Any) -> bool:
    """Return whether a value is the expected one and of the same type; TOML has no null, so `@null` stands for it."""
    match expected:
        case "@null":
            return value is None
        case "@positive":
            return type(value) is int and value > 0
        case "@text":
            return isinstance(value, str) and value != ""
        case dict():
            return (
                isinstance(value, dict)
                and list(value) == list(expected)
                and all(_matches(value[key], expected[key]) for key in expected)
            )
        case _:
            return value == expected and type(value) is type(expected)
