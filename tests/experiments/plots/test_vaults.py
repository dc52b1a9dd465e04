"""Figures of vaults."""

import numpy as np
import pytest

from shoal.experiments.plots.vaults import nav_figure, shortfall_figure, weights_figure
from shoal.experiments.result import Result


def test_weights_of_risky_assets_are_stacked_under_what_is_wanted(loop_result: Result) -> None:
    figure = weights_figure(loop_result.table("vault_states"), "USDC")
    assert [trace.name for trace in figure.data] == 2 * ["BTC", "ETH", "wanted in all"]
    assert [trace.stackgroup for trace in figure.data[:3]] == ["weights", "weights", None]
    assert np.allclose(figure.data[2].y, 60.0)
    assert [title.text for title in figure.layout.annotations] == ["calendar vault", "threshold vault"]


def test_without_a_target_none_is_drawn(loop_result: Result) -> None:
    states = loop_result.table("vault_states").assign(target_weight=np.nan)
    assert [trace.name for trace in weights_figure(states, "USDC").data] == 2 * ["BTC", "ETH"]


def test_values_begin_at_100_and_cost_at_0(loop_result: Result) -> None:
    figure = nav_figure(loop_result.measured.nav_series)
    assert [trace.y[0] for trace in figure.data] == [100.0, 0.0, 100.0, 0.0]


def test_who_holds_is_dotted_and_the_others_have_a_colour_each(loop_result: Result) -> None:
    series = loop_result.measured.nav_series
    figure = nav_figure(series.assign(policy=series["policy"].replace({"threshold": "hold"})))
    assert [trace.line.dash for trace in figure.data] == [None, None, "dot", "dot"]
    assert figure.data[0].line.color == figure.data[1].line.color != figure.data[2].line.color


def test_bars_of_parts_add_up_to_the_total(loop_result: Result) -> None:
    figure = shortfall_figure(loop_result.measured.attribution_by_policy)
    *parts, total = figure.data
    assert np.sum([part.x for part in parts], axis=0) == pytest.approx(total.x)
    # Nothing stayed unfilled: no bar for it.
    assert "unfilled" not in [part.name for part in parts]
