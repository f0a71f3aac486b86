"""Serves the Dash page that an engineer would write for the country, or for one field of all services.

    python -m benchmarks.baselines.dash_totals country TOTALS.json
    python -m benchmarks.baselines.dash_totals field ROWS.json

The first shows the answer of `/api/v1/totals` as a table of plain rows, the lightest that Dash has. The second shows
rows of `/api/v1/fields/…` as a DataTable that draws only the rows in view, since 400 plain rows take Dash many times as
long, and three figures: bars, and dots, of which a click chooses a service, whose line is in the third. Prints its
address, and ends when its input is closed.
"""

import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import dash  # pyright: ignore[reportMissingImports]  (only where the benchmarks are installed)
import msgspec
from dash import Input, Output, dash_table, dcc, html  # pyright: ignore[reportMissingImports]
from werkzeug.serving import make_server

from preview.model.resources import Value
from preview.totals.documents import ServiceValue, TotalsDocument


def main() -> None:
    """Serve until the input is closed."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    content = Path(sys.argv[2]).read_bytes()
    app = dash.Dash("totals", serve_locally=True)
    if sys.argv[1] == "country":
        app.layout = _country(msgspec.json.decode(content, type=TotalsDocument))
    else:
        rows = msgspec.json.decode(content, type=list[ServiceValue])
        app.layout = _field(rows)
        _link(app, rows)
    server = make_server("127.0.0.1", 0, app.server, threaded=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(f"http://127.0.0.1:{server.server_port}/", flush=True)
    sys.stdin.read()
    server.shutdown()


def _country(document: TotalsDocument) -> Any:
    rows: list[Any] = []
    for section in document.sections:
        rows.append(html.Tr(html.Th(section.section_title, colSpan=5)))
        rows += [
            _row("field", (each.field_key, each.value, each.prior_period_value, each.reporting, each.matched))
            for each in section.fields
        ]
    return html.Div([html.H1("Hele landet"), _table(("Felt", "I år", "I fjor", "Tjenester", "Sammenlignet"), rows)])


def _field(services: Sequence[ServiceValue]) -> Any:
    columns = {
        "rank": "Nr.",
        "organization_name": "Tjeneste",
        "value": "I år",
        "prior_period_value": "I fjor",
        "change": "Endring",
        "review_status": "Vurdering",
    }
    table = dash_table.DataTable(
        data=[{key: getattr(each, key) for key in columns} for each in services],
        columns=[{"id": key, "name": name} for key, name in columns.items()],
        sort_action="native",
        page_action="none",
        virtualization=True,
        fixed_rows={"headers": True},
    )
    names = [each.organization_name for each in services]
    bars = {"type": "bar", "x": names, "y": [each.value for each in services]}
    dots = {"type": "scatter", "mode": "markers", "x": names, "y": [each.change for each in services]}
    figures = [
        dcc.Graph(id="bars", figure={"data": [bars]}),
        dcc.Graph(id="dots", figure={"data": [dots]}),
        dcc.Graph(id="lines", figure={"data": [_line(each) for each in services[:3]]}),
    ]
    return html.Div([html.H1("Felt"), table, *figures])


def _link(app: Any, services: Sequence[ServiceValue]) -> None:
    by_name = {each.organization_name: each for each in services}

    @app.callback(Output("lines", "figure"), Input("bars", "clickData"), Input("dots", "clickData"))
    def choose(*clicks: Any) -> Any:
        names = [click["points"][0]["x"] for click in clicks if click]
        if not names:
            return dash.no_update
        return {"data": [_line(by_name[name]) for name in names]}

    _ = choose  # registered by its decorator


def _line(service: ServiceValue) -> Any:
    values = [service.prior_period_value, service.value]
    return {"type": "scatter", "x": ["I fjor", "I år"], "y": values, "name": service.organization_name}


def _table(header: Sequence[str], rows: Sequence[Any]) -> Any:
    return html.Table([html.Thead(html.Tr([html.Th(name) for name in header])), html.Tbody(rows)])


def _row(name: str, cells: Sequence[Value | str]) -> Any:
    return html.Tr([html.Td("–" if cell is None else str(cell)) for cell in cells], className=name)


if __name__ == "__main__":
    main()
