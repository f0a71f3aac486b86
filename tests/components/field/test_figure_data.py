"""The columns of the figures: what is drawn for a service, in an order that a selection can rely on."""

import math

import pytest

from components.field.figure_data import (
    line_columns,
    place_ids,
    point_columns,
    service_columns,
    value_scale,
)
from preview.form.entries import Unit
from tests.components.field.field_samples import history, sample_chosen, sample_view, translator

COLORS = ["blue", "green"]


def test_services_keep_their_place_in_the_columns() -> None:
    rows = sample_view().rows
    assert place_ids([], rows) == ["b", "a", "c", "d", "e"]
    assert place_ids(["gone", "a"], rows) == ["gone", "a", "b", "c", "d", "e"]


def test_columns_tell_values_from_their_absence() -> None:
    columns = service_columns(["gone", "a", "b", "c", "d", "e"], sample_view(), sample_chosen(history("a")))
    assert columns["place"][1:5] == [2, 1, 3, 4]
    assert [math.isnan(place) for place in columns["place"]] == [True, False, False, False, False, True]
    assert columns["value"][1:3] == [10.0, 1030.0]
    assert columns["sign"] == ["", "", "", ":", "–", "–"]
    assert columns["change_sign"][1:5] == ["", "", ":", "–"]
    assert columns["hatch"][1:3] == [" ", "/"]
    assert columns["letter"] == ["", "A", "", "", "", ""]
    assert columns["end"][1:3] == ["triangle", "circle"]
    assert columns["value_text"][3] == "skjult av hensyn til personvern"
    assert {len(column) for column in columns.values()} == {6}


def test_lines_are_interrupted_where_a_value_is_not() -> None:
    chosen = sample_chosen(history("x", y2022=5, y2023=None, y2024=7), history("y", y2023=6), history("z", y2023=6))
    lines = line_columns(chosen, COLORS)
    assert lines["xs"] == [[0, 1, 2]] * 3
    assert [lines["ys"][0][0], math.isnan(lines["ys"][0][1]), lines["ys"][0][2]] == [5, True, 7]
    # Two lines of one colour have different strokes.
    assert list(zip(lines["color"], lines["dash"], strict=True)) == [
        ("blue", "solid"),
        ("green", "solid"),
        ("blue", "dashed"),
    ]


def test_points_have_signs_letters_and_markers() -> None:
    chosen = sample_chosen(history("x", y2022=5, y2023=None, y2024=7), history("y", y2023=6), history("z", y2023=6))
    points = point_columns(chosen, COLORS, translator())
    assert points["sign"] == ["", ":", "", "", ""]
    assert points["letter"] == ["", "", "A", "B", "C"]
    assert points["fill"] == [1, 1, 0, 1, 1]
    assert len(set(points["marker"])) == 3
    # The letters of y and z, which end in one place, stand beside each other.
    assert points["letter_offset"][3] != points["letter_offset"][4]


@pytest.mark.parametrize(
    ("values", "unit", "ticks"),
    [
        ([0.0, 1030.0], "antall", [0, 500, 1000]),
        ([1.0], "antall", [0, 1]),
        ([], "antall", [0, 1]),
        ([0.8], "prosent", [0, 0.2, 0.4, 0.6, 0.8]),
        ([-3.0, 5.0], "antall", [-4, -2, 0, 2, 4]),
        ([math.nan, 81.5], "prosent", [0, 50]),
    ],
)
def test_scale_has_few_round_ticks(values: list[float], unit: Unit, ticks: list[float]) -> None:
    scale = value_scale(values, unit)
    assert scale.ticks == ticks
    assert scale.start <= min([0, *values])
    assert scale.end > max([0, *(value for value in values if not math.isnan(value))])
