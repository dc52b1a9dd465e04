"""Figures of attacks and liquidations."""

import numpy as np
import pytest

from shoal.experiments.plots.pressure import attacks_figure, liquidations_figure
from shoal.experiments.result import Result


def test_the_split_adds_up_to_the_gain(loop_result: Result) -> None:
    measured = loop_result.measured
    figure = attacks_figure(measured.attacks_by_attacker, measured.attacks_by_victim, "USDC")
    *split, lost = figure.data
    gain = measured.attacks_by_attacker["gross_quote_tokens"].to_numpy()
    assert np.sum([bar.x for bar in split], axis=0) == pytest.approx(gain)
    # Gains and losses are read off one scale.
    assert figure.layout.xaxis.matches == "x2"
    assert (list(lost.y), list(lost.x)) == (["noise trader", "vault"], [22.5, 15.0])


def test_forced_volume_lies_below_the_price(loop_result: Result) -> None:
    measured = loop_result.measured
    figure = liquidations_figure(measured.liquidations_over_time, measured.table("prices"), "USDC")
    assert [trace.name for trace in figure.data] == ["outside", "seized", "bad debt"]
    assert sum(figure.data[1].y) == pytest.approx(measured.liquidation_totals["seized_quote_tokens"].sum())
    assert [title.text for title in figure.layout.annotations] == ["ETH price", "ETH liquidated"]
