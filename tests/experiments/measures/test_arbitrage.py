"""Whose trades make the volume."""

import pandas as pd
import pytest

from shoal.experiments.measures.arbitrage import arbitrage_share, volume_by_taker


def test_shares_of_a_venue_sum_to_one(tables: dict[str, pd.DataFrame]) -> None:
    found = volume_by_taker(tables["fills"], tables["agents"])
    assert found.groupby("venue")["share"].sum().tolist() == pytest.approx([1.0] * 6)
    assert found["volume_quote_tokens"].sum() == pytest.approx(tables["fills"]["quote_tokens"].sum())


def test_the_pool_is_traded_by_arbitrageurs_alone(tables: dict[str, pd.DataFrame]) -> None:
    found = arbitrage_share(tables["fills"], tables["agents"]).set_index("venue")["arbitrage_share"]
    assert found["BTC pool"] == 1.0
    assert 0.0 < found["BTC book"] < 0.5


@pytest.mark.parametrize("kind", ["Arbitrageur", "BookArbitrageur", "arbitrage bot", "CyclicArbitrageSearcher"])
def test_every_kind_of_arbitrageur_counts(tables: dict[str, pd.DataFrame], kind: str) -> None:
    agents = tables["agents"].copy()
    agents["kind"] = agents["kind"].astype(str).replace("Arbitrageur", kind)
    expected = arbitrage_share(tables["fills"], tables["agents"])
    pd.testing.assert_frame_equal(arbitrage_share(tables["fills"], agents), expected)


def test_an_owner_without_a_kind_is_unknown(tables: dict[str, pd.DataFrame]) -> None:
    found = volume_by_taker(tables["fills"], tables["agents"].iloc[:0])
    assert set(found["taker_kind"]) == {"unknown"}
