"""Markouts, signed from the maker's side."""

import math

import numpy as np
import pandas as pd
import pytest

from shoal.experiments.measures.markouts import HORIZONS_S, fill_markouts, maker_fees, markouts
from shoal.experiments.measures.reference_price import ReferencePrices

SECOND = 1_000_000_000
PRICES = pd.DataFrame(
    {
        "time_ns": [0, SECOND, 10 * SECOND, 11 * SECOND],
        "venue": "out",
        "kind": "outside",
        "base": "B",
        "quote": "Q",
        "mid": [100.0, 101.0, 105.0, 105.0],
    }
)
AGENTS = pd.DataFrame({"owner": ["t", "m"], "kind": ["NoiseTrader", "MarketMaker"]})


def fill(*, side: int, price: float, base: float = 1.0, maker: str = "m", fee_asset: str = "Q") -> pd.DataFrame:
    row = {
        "time_ns": 0, "venue": "book", "taker": "t", "maker": maker, "side": side, "base": "B", "quote": "Q",
        "base_tokens": base, "quote_tokens": base * price, "price": price, "fee_asset": fee_asset,
        "taker_fee_tokens": 0.02, "maker_fee_tokens": 0.01,
    }  # fmt: skip
    return pd.DataFrame([row])


@pytest.mark.parametrize(("side", "gain"), [(1, -4.0), (-1, 4.0)])
def test_a_maker_who_sold_before_a_rise_lost(side: int, gain: float) -> None:
    found = fill_markouts(fill(side=side, price=101.0), ReferencePrices.of(PRICES), horizon_s=10.0)
    assert found.tolist() == [gain]


def test_the_horizon_decides() -> None:
    table = markouts(fill(side=1, price=101.0), PRICES, AGENTS, horizons_s=(1.0, 10.0)).set_index("horizon_s")
    assert table["markout_quote_tokens"].to_dict() == {1.0: 0.0, 10.0: -4.0}
    assert table.loc[10.0, "markout_bps"] == pytest.approx(-4.0 / 101.0 * 1e4)
    assert table.loc[10.0, "fee_bps"] == pytest.approx(-0.01 / 101.0 * 1e4)
    assert table.loc[10.0, "after_fees_bps"] == pytest.approx(table.loc[10.0, ["markout_bps", "fee_bps"]].sum())


def test_after_the_end_nothing_is_known() -> None:
    table = markouts(fill(side=1, price=101.0), PRICES, AGENTS, horizons_s=(300.0,))
    assert table["fills"].tolist() == [0]
    assert table["markout_bps"].isna().all()


def test_what_is_faster_than_the_prices_cannot_be_seen() -> None:
    slow = PRICES.assign(time_ns=PRICES["time_ns"] * 60)
    assert math.isnan(fill_markouts(fill(side=1, price=101.0), ReferencePrices.of(slow), horizon_s=1.0)[0])


def test_a_pool_keeps_the_takers_fee() -> None:
    reference = ReferencePrices.of(PRICES)
    assert maker_fees(fill(side=1, price=100.0, maker="book"), reference).tolist() == [0.02]
    assert maker_fees(fill(side=1, price=100.0, maker="book", fee_asset="B"), reference).tolist() == [2.0]
    assert maker_fees(fill(side=1, price=100.0), reference).tolist() == [-0.01]


def test_makers_sum_to_all_fills(tables: dict[str, pd.DataFrame]) -> None:
    table = markouts(tables["fills"], tables["prices"], tables["agents"])
    assert sorted(set(table["horizon_s"])) == list(HORIZONS_S)
    known = fill_markouts(tables["fills"], ReferencePrices.of(tables["prices"]), horizon_s=60.0)
    at_minute = table[table["horizon_s"] == 60.0]
    assert at_minute["markout_quote_tokens"].sum() == pytest.approx(float(np.nansum(known)))
    assert at_minute["fills"].sum() == int(np.isfinite(known).sum())
