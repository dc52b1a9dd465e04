"""Figures over time."""

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.plots import lines
from shoal.experiments.plots.theme import VenueColours
from shoal.experiments.result import Result


@pytest.fixture(scope="module")
def colours(result: Result) -> VenueColours:
    return VenueColours.of(result.measured.venues)


def test_prices_show_every_venue_but_the_path_behind_the_outside_market(result: Result, colours: VenueColours) -> None:
    figure = lines.prices_figure(result.prices, colours)
    assert [trace.name for trace in figure.data][:3] == ["BTC outside", "BTC pool", "BTC book"]
    assert figure.layout.yaxis.title.text == "USDC per BTC"
    assert not any("path" in trace.name for trace in figure.data)


def test_without_an_outside_market_the_path_is_shown(result: Result, colours: VenueColours) -> None:
    prices = result.prices[result.prices["kind"] != "outside"]
    assert "BTC path" in [trace.name for trace in lines.prices_figure(prices, colours).data]


def test_a_venue_has_the_same_colour_everywhere(result: Result, colours: VenueColours) -> None:
    figures = [
        lines.prices_figure(result.prices, colours),
        lines.depth_figure(result.venue_states, colours),
        lines.spread_figure(result.venue_states, colours),
        lines.gaps_figure(result.measured.gap_series, {"BTC outside", "ETH outside"}, colours),
    ]
    shown = {(trace.name, trace.line.color) for figure in figures for trace in figure.data}
    assert len(shown) == len({name for name, _ in shown}) == 6


def test_a_line_breaks_where_a_book_was_empty(result: Result, colours: VenueColours) -> None:
    figure = lines.prices_figure(result.prices, colours)
    book = next(trace for trace in figure.data if trace.name == "BTC book")
    assert np.isnan(book.y).any()
    assert book.connectgaps is False


def test_infinite_depth_is_not_drawn(result: Result, colours: VenueColours) -> None:
    states = result.venue_states.assign(depth_quote_tokens=np.inf)
    assert not lines.depth_figure(states, colours).data


def test_results_of_liquidity_sum(result: Result) -> None:
    fees, loss, total = lines.lp_figure(result.measured.liquidity_series).data[:3]
    assert (fees.name, loss.name) == ("fee income", "impermanent loss")
    assert np.asarray(fees.y)[-1] + np.asarray(loss.y)[-1] == pytest.approx(np.asarray(total.y)[-1])


def test_gas_shows_fee_use_and_waiting(result: Result) -> None:
    figure = lines.gas_figure(result.blocks)
    assert len(figure.data) == 3
    assert figure.layout.yaxis.title.text == "gwei per gas"
    used = result.blocks["gas_used"] / result.blocks["gas_limit"] * 100
    assert np.mean(np.asarray(figure.data[1].y)) == pytest.approx(used.mean())


@pytest.mark.parametrize("empty", ["prices", "venue_states"])
def test_without_rows_a_figure_says_so(result: Result, colours: VenueColours, empty: str) -> None:
    table: pd.DataFrame = result.table(empty).iloc[:0]
    draw = lines.prices_figure if empty == "prices" else lines.depth_figure
    assert draw(table, colours).layout.annotations[0].text == "nothing was recorded"
