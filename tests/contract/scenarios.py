"""Scenarios are data (`scenarios/*.toml`): what is sent, what must come back, and which events fire and no others.

A scenario plays on a server of its kind, with an organisation of its own. In paths `~` is the report data's base; `$name` stands for what
an earlier step saved (`$org`: the organisation). After each step the events of the organisation are exactly `events`, in order.
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

from preview.core.errors import ClaimLost
from preview.reports.job_queue import Result
from preview.runtime.application import Application
from preview.storage import jobs, worker_rows
from preview.storage.jobs import JobRow
from tests.api_handlers.in_process_server import Served
from tests.api_handlers.sse_client import Block, Watcher, watching
from tests.contract.scenario_fixtures import DELIVERIES, Service
from tests.contract.schema_shapes import check
from tests.support.pipeline import deliver, until, wait_for_delivery, wait_for_job

BASE = "/api/v1/aggregated-report-data"
FORMS: dict[str, Callable[[str], str]] = {
    "short": lambda path: path.replace("~", BASE),
    "doubled": lambda path: re.sub(r"^(~[^?]*?)/?(?=\?|$)", r"\1/", path).replace("~", BASE + BASE),
}
"""Both forms of a path (contract G1), the one without and the other with a trailing slash."""


class Step(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`send` is a method and a path, `deliver` a delivery of `worlds.py`. `work` lets another process do what waits; `hold` plays a worker
    that has claimed the job and `read` it, may tell its `progress`, and then can `finish` or `fail`, or finds its claim `lost`.

    `body` is a file that `worlds.py` delivers, `form` several of them as a form; else `json` or `raw` is sent.
    `read` waits until that delivery is read.
    `has` is compared by path (`sections.0.fields.0.value`; `@null`, `@positive` and `@text` stand for themselves), `headers_has` by regular
    expression; `save` takes by path or `header:Name`. `ends` waits until that job has ended, `until` for an event of that type.
    Of an event in `events`, what is given must be there.
    """

    send: str | None = None
    deliver: str | None = None
    read: str | None = None
    work: bool = False
    hold: Literal["read", "progress", "finish", "fail", "lost"] | None = None
    headers: dict[str, str] = {}
    json: Any = msgspec.UNSET
    raw: str | None = None
    body: str | None = None
    form: str | None = None
    status: int = 200
    shape: str | None = None
    has: dict[str, Any] = {}
    headers_has: dict[str, str] = {}
    lacks_headers: list[str] = []
    empty: bool = False
    save: dict[str, str] = {}
    ends: str | None = None
    until: str | None = None
    events: list[str | dict[str, Any]] = []
    any_events: bool = False


class Scenario(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`rules` are the contract's numbers; `server` is a fixture's kind; `world` is delivered before."""

    name: str
    rules: list[str]
    server: Literal["working", "idle", "automatic"] = "working"
    world: str | None = "plain"
    steps: list[Step]


def load() -> list[Scenario]:
    """All of them."""
    files = sorted((Path(__file__).parent / "scenarios").glob("*.toml"))
    raw = [scenario for file in files for scenario in tomllib.loads(file.read_text(encoding="utf-8"))["scenario"]]
    return msgspec.convert(raw, list[Scenario])


class Player:
    """Plays a scenario in one form of path."""

    def __init__(self, served: Served, form: str, service: Service, work: Callable[[Callable[[Application], None]], None]) -> None:
        self._served = served
        self._path = FORMS[form]
        self._service = service
        self._work = work
        self._saved: dict[str, str] = {"org": service.organization_id}
        self._held: tuple[JobRow, Result] | None = None

    def play(self, scenario: Scenario) -> None:
        """Fails at the first step that differs."""
        if scenario.world:
            self._deliver(self._service.listing("Prøvetjenesten"))
            self._deliver(*DELIVERIES[scenario.world](self._service))
        with (
            self._served.client() as client,
            watching(self._served.url, f"{BASE}/watch?organization_id={self._service.organization_id}") as watcher,
        ):
            for number, step in enumerate(scenario.steps, 1):
                try:
                    self._step(client, watcher, step)
                except AssertionError as error:
                    raise AssertionError(f"Step {number} ({step.send or step.deliver or 'work'}): {error}") from error

    def _step(self, client: httpx.Client, watcher: Watcher, step: Step) -> None:
        if step.deliver:
            self._deliver(*DELIVERIES[step.deliver](self._service))
        if step.read:
            wait_for_delivery(self._served.application, self._fill(step.read))
        if step.work:
            self._work(self._until_idle)
        if step.hold:
            self._hold(step.hold)
        if step.send:
            self._send(client, step)
        if step.ends:
            job = self._fill(step.ends)
            wait_for_job(self._served.application, job)
        self._check_events(watcher, step)

    def _deliver(self, *files: bytes) -> None:
        self._work(lambda application: _taken(application, files))

    def _send(self, client: httpx.Client, step: Step) -> None:
        method, _, path = (step.send or "").partition(" ")
        response = client.request(method, self._path(self._fill(path)), **self._sent(step))
        text = response.content.decode()
        assert response.status_code == step.status, f"{response.status_code} instead of {step.status}: {text}"
        assert not (step.empty and response.content), f"a body: {text}"
        for name, pattern in self._fill(step.headers_has).items():
            assert re.fullmatch(pattern, response.headers.get(name, "")), f"{name}: {response.headers.get(name)} is not {pattern}"
        for name in step.lacks_headers:
            assert name not in response.headers, f"{name}: {response.headers[name]}"
        document = msgspec.json.decode(response.content) if response.content else None
        if response.status_code >= 400 and method != "HEAD":
            _check_problem(response, document, step)
        if step.shape:
            check(document, step.shape)
        for key, value in self._fill(step.has).items():
            assert _equal(_at(document, key), value), f"{key} is {_at(document, key)!r}, not {value!r}"
        for name, key in step.save.items():
            self._saved[name] = response.headers[key.removeprefix("header:")] if key.startswith("header:") else _at(document, key)

    def _sent(self, step: Step) -> dict[str, Any]:
        """Body and headers, as `httpx` takes them."""
        headers = self._fill(step.headers)
        if step.form:
            return {"files": [("files", each) for each in DELIVERIES[step.form](self._service)], "headers": headers}
        if step.body:
            (content,) = DELIVERIES[step.body](self._service)
            return {"content": content, "headers": headers}
        content = msgspec.json.encode(self._fill(step.json)) if step.json is not msgspec.UNSET else (step.raw or "").encode()
        return {"content": content, "headers": ({"Content-Type": "application/json"} if content else {}) | headers}

    def _check_events(self, watcher: Watcher, step: Step) -> None:
        """Which fired, and no others: the stream is read up to the newest place in the log."""
        waited = watcher.until(lambda block: block.event == step.until) if step.until else []
        for block in waited:
            if block.event:
                check(block.data, block.event)
        fired = [block for block in waited if block.event and block.id]
        fired += watcher.events_until(self._served.application.events.newest())
        for block in fired:
            check(block.data, block.event or "")
        if step.any_events:
            return
        kinds = [event if isinstance(event, str) else event["event"] for event in step.events]
        assert [block.event for block in fired] == kinds, f"{[block.data for block in fired]} instead of {kinds}"
        for block, event in zip(fired, step.events, strict=True):
            if isinstance(event, dict):
                _check_event(block, self._fill(event))

    def _until_idle(self, application: Application) -> None:
        """Until none of the organisation's jobs waits or runs."""

        def idle() -> bool:
            return not application.database.read(lambda connection: jobs.open_of_organization(connection, self._service.organization_id))

        until(idle, "the jobs to end")

    def _hold(self, what: str) -> None:
        queue = self._served.application.jobs
        if what == "read":
            (worker, *_) = self._served.application.database.read(worker_rows.numbers)
            job = queue.claim(worker)
            assert job is not None
            assert job.organization_id == self._service.organization_id
            result = queue.read(job, lambda _: None)
            assert result is not None
            self._held = (job, result)
            return
        assert self._held is not None
        job, result = self._held
        match what:
            case "progress":
                queue.progress(job, 0.5)
            case "finish":
                queue.complete(job, result, seconds=0.1)
            case "fail":
                queue.fail(job, "Prøvd og ikke fått til.")
            case _:
                with pytest.raises(ClaimLost):
                    queue.complete(job, result, seconds=0.1)

    def _fill(self, value: Any) -> Any:
        """With `$name` filled in, in every text of it."""
        match value:
            case str():
                return Template(value).safe_substitute(self._saved)
            case dict():
                return {key: self._fill(item) for key, item in value.items()}
            case list():
                return [self._fill(item) for item in value]
            case _:
                return value


def _check_problem(response: httpx.Response, document: Any, step: Step) -> None:
    assert response.headers["Content-Type"] == "application/problem+json"
    check(document, "problem_with_errors" if "errors" in document else "problem")
    assert document["status"] == step.status


def _check_event(block: Block, wanted: dict[str, Any]) -> None:
    for key, value in wanted.items():
        assert block.data[key] == value, f"{block.event} has {key} {block.data[key]!r}, not {value!r}"


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _taken(application: Application, files: tuple[bytes, ...]) -> None:
    delivery = deliver(application, *files)
    assert delivery.delivery_status == "taken", delivery


def _equal(value: Any, wanted: Any) -> bool:
    """TOML has no null, and a number is not compared with its kind left out."""
    match wanted:
        case "@null":
            return value is None
        case "@positive":
            return type(value) is int and value > 0
        case "@text":
            return isinstance(value, str) and value != ""
        case dict():
            return isinstance(value, dict) and list(value) == list(wanted) and all(_equal(value[key], wanted[key]) for key in wanted)
        case _:
            return value == wanted and type(value) is type(wanted)
