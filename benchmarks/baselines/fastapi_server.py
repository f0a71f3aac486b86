"""Serves the program's store and a stream of events by FastAPI on uvicorn, as an engineer would without this program.

    .make/peers/bin/python benchmarks/baselines/fastapi_server.py STORE

`/snapshots/ID` and `/snapshots` run the program's queries; `/watch` is a stream by sse-starlette, to which a POST to
`/publish` sends an event once it is committed to a log of its own. Prints its address, and ends when its input is
closed.
"""

import asyncio
import socket
import sqlite3
import sys
import threading
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Annotated, Any

# pyright: reportMissingImports=false, reportUntypedFunctionDecorator=false, reportUnknownParameterType=false
import uvicorn  # (only in the environment of the peers)
from fastapi import FastAPI, Header, HTTPException, Query, Response
from sse_starlette import EventSourceResponse, ServerSentEvent

LIST_COLUMNS = (
    "snapshot_id",
    "organization_id",
    "organization_name",
    "period_id",
    "snapshot_status",
    "field_count",
    "populated_field_count",
    "cache_valid",
    "aggregated_at",
)
EVENT = '{"organization_id":"org-1042","period_id":"2024","review_status":"open","changed":"comment"}'


def create_app(store: Path) -> FastAPI:
    """Return the application over a store."""
    app = FastAPI()
    connection = sqlite3.connect(f"file:{store}?mode=ro", uri=True, check_same_thread=False)
    event_log = sqlite3.connect(store.with_name("fastapi-events.sqlite"))
    event_log.executescript(
        """PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
        CREATE TABLE IF NOT EXISTS event (event_id INTEGER PRIMARY KEY, data TEXT NOT NULL)"""
    )
    queues: set[asyncio.Queue[ServerSentEvent]] = set()

    @app.get("/snapshots/{snapshot_id}")
    async def get_snapshot(snapshot_id: str, if_none_match: Annotated[str | None, Header()] = None) -> Response:
        row = connection.execute(
            "SELECT document, etag FROM snapshot WHERE snapshot = ? AND document IS NOT NULL",
            (int(snapshot_id.removeprefix("snap-")),),
        ).fetchone()
        if row is None:
            raise HTTPException(404)
        document, etag = row
        if if_none_match == f'"{etag}"':
            return Response(status_code=304, headers={"ETag": f'"{etag}"'})
        return Response(document, media_type="application/json", headers={"ETag": f'"{etag}"'})

    @app.get("/snapshots")
    async def list_snapshots(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> dict[str, Any]:
        total = connection.execute("SELECT count(*) FROM snapshot").fetchone()[0]
        rows = connection.execute(
            """SELECT printf('snap-%03d', snapshot), snapshot.organization_id, organization_name, period_id,
                snapshot_status, 34, populated, cache_valid, aggregated_at
            FROM snapshot JOIN organization USING (organization_id)
            ORDER BY period_order DESC, snapshot DESC LIMIT ?""",
            (limit,),
        ).fetchall()
        data = [dict(zip(LIST_COLUMNS, row, strict=True)) for row in rows]
        return {"data": data, "pagination": {"page": 1, "limit": limit, "total": total}}

    @app.get("/watch")
    async def watch() -> EventSourceResponse:
        queue: asyncio.Queue[ServerSentEvent] = asyncio.Queue()
        queues.add(queue)

        async def events() -> AsyncGenerator[ServerSentEvent]:
            try:
                while True:
                    yield await queue.get()
            finally:
                queues.discard(queue)

        return EventSourceResponse(events())

    @app.post("/publish", status_code=204)
    async def publish() -> None:
        with event_log:
            event_id = event_log.execute("INSERT INTO event (data) VALUES (?)", (EVENT,)).lastrowid
        event = ServerSentEvent(EVENT, event="review_updated", id=str(event_id))
        for queue in queues:
            queue.put_nowait(event)

    _ = (get_snapshot, list_snapshots, watch, publish)  # registered by their decorators
    return app


def main() -> None:
    """Serve until the input is closed."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    config = uvicorn.Config(
        create_app(Path(sys.argv[1])), loop="uvloop", http="httptools", access_log=False, log_level="error"
    )
    server = uvicorn.Server(config)

    def stop_at_end_of_input() -> None:
        sys.stdin.read()
        server.force_exit = server.should_exit = True

    threading.Thread(target=stop_at_end_of_input, daemon=True).start()
    print(f"http://127.0.0.1:{listener.getsockname()[1]}/", flush=True)
    server.run(sockets=[listener])


if __name__ == "__main__":
    main()
