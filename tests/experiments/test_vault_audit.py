"""A real vault, its executor and its book under audit: every leg is found, and every base unit accounted for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.agents.laws import AGENT, ETH, SECOND_NS, START_NS, USDC, rows, wave
from tests.agents.vaults.market import GUARDS, Scene

from shoal.agents.vaults.execution.several_hosts import SeveralHosts
from shoal.experiments.auditor import Auditor
from shoal.experiments.measures.attribution import Valuation, attribution
from shoal.experiments.measures.frames import frame_of
from shoal.experiments.measures.shortfall import PARTS
from shoal.experiments.observer import PRICES, VENUE_STATES
from shoal.experiments.vault_observer import VaultObserver, WatchedVault
from shoal.experiments.world_mid import WorldMid

MARKETS = {ETH: ("pool", "book")}
SECONDS = 600


@pytest.fixture(scope="module")
def scene() -> Scene:
    """A vault that keeps half in ETH at a pool and a book while the price swings by 3 %."""
    one = Scene(
        wave(SECONDS, size=0.03),
        vault={"custody_cap_ppm": 500_000, "guards": replace(GUARDS, maximum_slippage_ppm=200_000)},
        executor={"execution": SeveralHosts(slippage_ppm=50_000), "markets": MARKETS},
        run=False,
    )
    mid = WorldMid(one.world, quote=USDC, markets={ETH: ("book", "pool", "outside")})
    Auditor(one.world, chain=one.market.chain, vaults={"vault": AGENT}, reference=mid, quote=USDC)
    log = one.log
    assert log is not None
    VaultObserver(
        one.world,
        [WatchedVault("vault", "half", twin_nav=lambda: log.twin_nav("vault"), target=lambda: {ETH: 0.5})],
        reference=mid,
        interval_ns=10 * SECOND_NS,
        until_ns=START_NS + SECONDS * SECOND_NS - 1,
    )
    one.market.run(SECONDS)
    for schema in (PRICES, VENUE_STATES):
        one.world.records.table(schema)
    one.world.records.close()
    return one


def test_every_executed_leg_is_audited_as_it_happened(scene: Scene) -> None:
    orders = [row for row in scene.orders if row["amount_in_raw"]]
    assert {row["host"] for row in orders} == {"chain", "exchange"}
    names = ("venue", "asset_in", "asset_out", "amount_in_raw")
    recorded = [(row["landed_ns"], row["amount_out_raw"], *(row[name] for name in names)) for row in orders]
    audits = rows(scene.world, "audits")
    audited = [(row["time_ns"], row["actual_out_raw"], *(row[name] for name in names)) for row in audits]
    assert sorted(recorded) == sorted(audited)


def test_parts_sum_to_what_the_vault_is_short_of(scene: Scene) -> None:
    tables = {name: frame_of(table.arrow()) for name, table in scene.world.records.tables.items()}
    names = ("fills", "transactions", "blocks", "prices", "venue_states")
    valuation = Valuation.of(*(tables[name] for name in names))
    table = attribution(tables["vault_orders"], tables["rebalances"], tables["audits"], valuation)
    assert table["unaudited_orders"].sum() == table["unpriced_orders"].sum() == 0
    for row in table.itertuples():
        orders = [one for one in scene.orders if one["rebalance"] == row.rebalance and one["amount_in_raw"]]
        paid = got = 0.0
        for one in orders:
            into, out = (1.0, one["reference"]) if one["asset_in"] == "USDC" else (one["reference"], 1.0)
            paid += float(one["amount_in_raw"]) / (10**6 if one["asset_in"] == "USDC" else 10**18) * into
            got += float(one["amount_out_raw"]) / (10**6 if one["asset_out"] == "USDC" else 10**18) * out
        executed = sum(getattr(row, f"{part}_raw") for part in PARTS[:5])
        assert executed == pytest.approx((paid - got) * 10**6, abs=10 * len(orders))


def test_samples_show_the_vault_near_its_target(scene: Scene) -> None:
    states = rows(scene.world, "vault_states")
    last = [row for row in states if row["time_ns"] == states[-1]["time_ns"]]
    assert [row["asset"] for row in last] == ["ETH", "USDC"]
    assert last[0]["weight"] == pytest.approx(0.5, abs=0.02)
    assert last[0]["target_weight"] == 0.5
    # The small market's pool follows nobody: trading with it may gain.
    assert last[0]["nav_tokens"] == pytest.approx(last[0]["twin_nav_tokens"], rel=0.02)
