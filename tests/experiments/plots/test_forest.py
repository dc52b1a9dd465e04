import math

import pandas as pd

from shoal.experiments.plots.forest import forest

SUMMARY = pd.DataFrame(
    {
        "name": ["cost", "fall", "worth"],
        "unit": ["bps", "bps", "USDC"],
        "world": ["off", "", ""],
        "mean": [2.0, 5.0, 1e6],
        "low": [1.0, math.nan, 0.9e6],
        "high": [3.0, math.nan, 1.1e6],
    }
)
FIGURES = pd.DataFrame(
    {
        "name": ["cost", "cost", "fall", "worth"],
        "unit": ["bps", "bps", "bps", "USDC"],
        "world": ["off", "off", "", ""],
        "seed": [7, 8, 7, 7],
        "effect": [1.5, 2.5, 5.0, 1e6],
    }
)


def test_a_panel_a_unit_and_kind_with_dots_and_intervals() -> None:
    figure = forest(SUMMARY, FIGURES)
    assert [trace.xaxis for trace in figure.data] == ["x", "x", "x2", "x2", "x3", "x3"]
    dots, points = figure.data[:2]
    assert list(dots.y) == ["cost, less off", "cost, less off"]
    assert list(points.error_x.array) == [1.0]
    # Without an interval there is no bar.
    assert list(figure.data[3].error_x.array) == [0.0]
    # Zero is marked where there is something to compare with.
    assert len(figure.layout.shapes) == 1
    titles = [figure.layout[f"xaxis{number}"].title.text for number in ("", 2, 3)]
    assert titles == ["difference, bps", "bps", "USDC"]


def test_nothing_says_so() -> None:
    figure = forest(SUMMARY[:0], FIGURES[:0])
    assert figure.layout.annotations[0].text == "There are no figures."
