"""The part of BokehJS that is bundled for charts holds the models that they consist of, and no others."""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from bokeh.document import Document

from components.field.figure_data import Scale
from components.field.figures import FigureStyle, FigureTexts, LinkedFigures
from components.history.bars import Bars
from components.history.chart import field_chart, section_chart
from tests.components.test_panel_internals import CHECKED_VERSIONS
from tests.support.server_process import REPOSITORY

COLORS = defaultdict(lambda: "black")
SCALE = Scale(0, 10, [0, 5, 10])
BARS: Bars = defaultdict(lambda: [0.5], x=[("1", "2024")], low=[1], high=[2], angle=[1], text=["12"])


def _figures() -> LinkedFigures:
    figures = LinkedFigures(FigureStyle(COLORS, 16), FigureTexts("", "", "", "", "", "", str, 10), lambda _: None)
    figures.set_value_axis(SCALE, ["0", "5", "10"])
    figures.set_history_axes(SCALE, ["0", "5", "10"], ["2023", "2024"])
    figures.set_names(["A", "B"])
    return figures


def _model_names(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if value.get("type") == "object" and "id" in value:
            yield value["name"]
        for part in value.values():
            yield from _model_names(part)
    elif isinstance(value, list):
        for part in value:
            yield from _model_names(part)


def test_plots_have_the_models_of_the_charts() -> None:
    document = Document()
    few, many = _figures(), _figures()
    many.set_names([str(number) for number in range(400)])
    many.show_places(0.5, 400.5)
    many.update_names()
    charts = section_chart("planer", BARS, COLORS, 16), field_chart("antall_planer", BARS, COLORS, 16)
    for root in (*few.roots, *many.roots, *charts):
        document.add_root(root)
    used = set(_model_names(document.to_json(deferred=False)["roots"]))
    script = (REPOSITORY / "tools" / "bokeh" / "plots.js").read_text(encoding="utf-8")
    registered = set(re.findall(r"^  (\w+),$", script, re.MULTILINE))
    assert registered == used


def test_bundle_is_of_the_version_of_the_server() -> None:
    packages = json.loads((REPOSITORY / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    assert packages["node_modules/@bokeh/bokehjs"]["version"] == CHECKED_VERSIONS["bokeh"]
