"""Every figure of a run, of a whole one and of one that hardly began."""

import json

import plotly.graph_objects as go
import pytest

from shoal.experiments.measures.measured import Measured
from shoal.experiments.plots.plots import Plots
from shoal.experiments.result import Result
from shoal.sim.thinning import POINTS_A_TRACE

ALL = (*Plots.NAMES, *Plots.LOOP_NAMES)


@pytest.mark.parametrize("name", ALL)
def test_a_figure_has_units_and_few_points(loop_result: Result, name: str) -> None:
    figure: go.Figure = getattr(loop_result.plot, name)()
    assert figure.data
    assert all(trace.x is None or len(trace.x) <= POINTS_A_TRACE for trace in figure.data)
    assert all(trace.hovertemplate for trace in figure.data)
    assert any(
        axis["title"]
        for axis in json.loads(figure.to_json())["layout"].values()
        if isinstance(axis, dict) and "title" in axis
    )


@pytest.mark.parametrize("name", ALL)
def test_without_tables_a_figure_says_why(name: str) -> None:
    figure = getattr(Plots(Measured((), dict.__getitem__)), name)()
    assert not figure.data
    assert figure.layout.annotations[0].text


def test_every_public_method_is_named() -> None:
    methods = {name for name, value in vars(Plots).items() if callable(value) and not name.startswith("_")}
    assert methods == set(ALL)
