"""Serves a minimal Dash page with the table of a snapshot, with or without one chart below it.

    python -m benchmarks.baselines.dash_page SNAPSHOT.json [chart]

Prints its address, and ends when its input is closed. The table is the lightest that Dash has: plain rows, no
DataTable.
"""

import logging
import sys
import threading
from pathlib import Path
from typing import Any

import dash  # pyright: ignore[reportMissingImports]  (only where the benchmarks are installed)
import msgspec
from dash import dcc, html  # pyright: ignore[reportMissingImports]
from werkzeug.serving import make_server

from preview.model.resources import FieldValue, SnapshotDocument

HEADER = ("Felt", "I år", "I fjor", "Endring", "Kilde")


def main() -> None:
    """Serve until the input is closed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    document = msgspec.json.decode(Path(sys.argv[1]).read_bytes(), type=SnapshotDocument)
    app = dash.Dash("snapshot", serve_locally=True)
    app.layout = html.Div(
        [
            html.H1(document.organization_name),
            _table(document),
            *([_chart(document)] if "chart" in sys.argv[2:] else []),
        ]
    )
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    sys.stdin.read()
    server.shutdown()


def _table(document: SnapshotDocument) -> Any:
    rows: list[Any] = []
    for section in document.sections:
        rows.append(html.Tr(html.Th(section.section_title, colSpan=len(HEADER))))
        rows += [html.Tr([html.Td(cell) for cell in _cells(field)], className="field") for field in section.fields]
    return html.Table([html.Thead(html.Tr([html.Th(field) for field in HEADER])), html.Tbody(rows)])


def _cells(field: FieldValue) -> tuple[str, ...]:
    now, before = field.value, field.prior_period_value
    change = "" if now is None or before is None else f"{now - before:+g}"
    return (field.field_key, str(now or "–"), str(before or "–"), change, field.data_source or "")


def _chart(document: SnapshotDocument) -> Any:
    fields = document.sections[0].fields
    bars = {"type": "bar", "x": [field.field_key for field in fields], "y": [field.value for field in fields]}
    return dcc.Graph(figure={"data": [bars]})


if __name__ == "__main__":
    main()
