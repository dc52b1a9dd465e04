"""Figures of totals."""

import numpy as np
import pytest

from shoal.experiments.plots import bars
from shoal.experiments.plots.theme import VenueColours
from shoal.experiments.result import Result


@pytest.fixture(scope="module")
def colours(result: Result) -> VenueColours:
    return VenueColours.of(result.measured.venues)


def test_bars_of_volume_sum_to_all_trades(result: Result, colours: VenueColours) -> None:
    figure = bars.volume_figure(result.measured.volume_over_time, colours)
    drawn = sum(np.asarray(trace.y).sum() for trace in figure.data)
    assert drawn == pytest.approx(result.fills["quote_tokens"].sum())
    assert figure.layout.yaxis.title.text == "USDC per 4 min"


def test_takers_share_every_venue(result: Result) -> None:
    figure = bars.takers_figure(result.measured.volume_by_taker)
    shares: dict[str, float] = {}
    for trace in figure.data:
        for venue, share in zip(trace.y, trace.x, strict=True):
            shares[venue] = shares.get(venue, 0.0) + share
    assert list(shares.values()) == pytest.approx([100.0] * 6)


def test_markouts_leave_out_what_cannot_be_seen(result: Result, colours: VenueColours) -> None:
    kinds = dict(zip(result.measured.venues["venue"], result.measured.venues["kind"], strict=True))
    figure = bars.markouts_figure(result.measured.markouts, kinds, colours)
    assert {trace.name for trace in figure.data} >= {"BTC pool", "BTC book: avellaneda stoikov"}
    assert all("1 s" not in trace.x for trace in figure.data)
    assert not any("outside" in trace.name for trace in figure.data)


def test_parts_of_a_gain_sum_to_its_total(result: Result) -> None:
    figure = bars.pnl_figure(result.measured.earned_by_kind, "USDC")
    *parts, total = figure.data
    assert total.name == "total"
    stacked = np.sum([np.asarray(part.x) for part in parts], axis=0)
    assert stacked.tolist() == pytest.approx(np.asarray(total.x).tolist(), abs=1e-2)
    assert "residual" not in [part.name for part in parts]


@pytest.mark.parametrize("at", ["fill", "end"])
def test_what_one_kind_earned_the_other_lost(result: Result, at: bars.At) -> None:
    net = bars.net_between_kinds(result.measured.transfers_between_kinds, at=at)
    assert np.allclose(net.to_numpy(), -net.to_numpy().T)
    assert np.abs(net.to_numpy()).max() > 0
    figure = bars.earned_figure(result.measured.transfers_between_kinds, "USDC", at=at)
    assert np.allclose(figure.data[0].z, net.to_numpy())


def test_horizons_read_well() -> None:
    assert [bars.horizon_text(one) for one in (1.0, 60.0, 300.0)] == ["1 s", "1 min", "5 min"]
