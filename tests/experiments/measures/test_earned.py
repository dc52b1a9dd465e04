"""Who earned from whom: parts sum to the whole, and what one gained another lost."""

import pandas as pd
import pytest
from tests.experiments.synthetic import SyntheticRun

from shoal.experiments.measures.earned import (
    PARTS,
    RESIDUAL,
    TOTAL,
    earned,
    earned_by_kind,
    transfers_between_kinds,
)

TABLES = ("fills", "prices", "agents", "venue_states", "transactions", "blocks", "orders")


@pytest.fixture(scope="module")
def found(tables: dict[str, pd.DataFrame]) -> pd.DataFrame:
    return earned(*(tables[name] for name in TABLES))


def test_parts_and_residual_sum_to_the_value_change(found: pd.DataFrame) -> None:
    difference = (found[[*PARTS, RESIDUAL]].sum(axis=1) - found[TOTAL]).abs()
    assert difference.max() < 1e-6


def test_the_residual_is_zero(found: pd.DataFrame) -> None:
    assert found[RESIDUAL].abs().max() < 1e-6


def test_the_value_change_is_that_of_the_books(found: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    booked = tables["agents"].groupby("owner")["value_change_quote_tokens"].sum()
    mine = found.set_index("owner")[TOTAL].reindex(booked.index)
    assert (mine - booked).abs().max() < 1e-6


@pytest.mark.parametrize("part", [part for part in PARTS if part != "holding_quote_tokens"])
def test_what_one_gained_another_lost(found: pd.DataFrame, part: str) -> None:
    assert found[part].sum() == pytest.approx(0.0, abs=1e-6)
    assert found[part].abs().sum() > 0.0


def test_who_traded_only_moved_nothing(found: pd.DataFrame) -> None:
    moved = found.set_index("owner")["moved_quote_tokens"]
    assert moved[["noise-1", "noise-2", "informed-1", "maker-1", "arbitrage-1"]].eq(0.0).all()
    assert moved["BTC pool"] + moved["ETH pool"] == pytest.approx(-moved[["provider-1", "provider-2"]].sum())


def test_money_from_nowhere_is_a_residual(tables: dict[str, pd.DataFrame]) -> None:
    agents = tables["agents"].copy()
    row = agents.index[(agents["owner"] == "noise-1") & (agents["asset"] == "USDC")][0]
    agents.loc[row, "change_tokens"] += 7.0
    found = earned(tables["fills"], tables["prices"], agents, *(tables[name] for name in TABLES[3:]))
    residual = found.set_index("owner")[RESIDUAL]
    assert residual["noise-1"] == pytest.approx(7.0)
    assert residual.drop("noise-1").abs().max() < 1e-6


@pytest.mark.parametrize("horizon_s", [0.0, 60.0, 1e9])
def test_the_horizon_shifts_but_the_sum_stays(tables: dict[str, pd.DataFrame], horizon_s: float) -> None:
    found = earned(*(tables[name] for name in TABLES), horizon_s=horizon_s)
    assert (found[[*PARTS, RESIDUAL]].sum(axis=1) - found[TOTAL]).abs().max() < 1e-6
    if horizon_s == 0.0:
        assert found["selection_quote_tokens"].abs().max() < 1e-9


def test_kinds_sum_to_owners_and_pools_count_with_providers(
    found: pd.DataFrame, tables: dict[str, pd.DataFrame]
) -> None:
    by_kind = earned_by_kind(found, tables["venue_states"]).set_index("kind")
    assert by_kind["owners"].sum() == len(found)
    assert by_kind[TOTAL].sum() == pytest.approx(found[TOTAL].sum())
    assert "ConstantProduct" not in by_kind.index
    assert by_kind.loc["LiquidityProvider", "fees_quote_tokens"] > 0.0
    assert by_kind.loc["LiquidityProvider", "moved_quote_tokens"] == pytest.approx(0.0, abs=1e-6)


def test_transfers_agree_with_the_parts(found: pd.DataFrame, tables: dict[str, pd.DataFrame]) -> None:
    transfers = transfers_between_kinds(tables["fills"], tables["prices"], tables["agents"], tables["venue_states"])
    edges = found.set_index("owner")["trading_edge_quote_tokens"]
    from_makers = transfers.groupby("maker_kind")["edge_quote_tokens"].sum()
    assert from_makers["AvellanedaStoikov"] == pytest.approx(edges["maker-1"])
    assert from_makers["LiquidityProvider"] == pytest.approx(edges["BTC pool"] + edges["ETH pool"])
    assert transfers["fills"].sum() == len(tables["fills"])
    fees = found["fees_quote_tokens"]
    assert transfers["fees_quote_tokens"].sum() == pytest.approx(-fees[fees < 0].sum(), rel=1e-9)


def test_a_run_of_other_seeds_closes_too() -> None:
    from shoal.experiments.measures.frames import frame_of

    arrow = SyntheticRun(seed=5, minutes=30, crash=0.6).tables()
    found = earned(*(frame_of(arrow[name]) for name in TABLES))
    assert (found[[*PARTS, RESIDUAL]].sum(axis=1) - found[TOTAL]).abs().max() < 1e-6
    assert found[RESIDUAL].abs().max() < 1e-6
