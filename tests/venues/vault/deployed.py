"""A vault on a chain with its oracles, a pool and a lending market, and what its tests send to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tests.venues.laws import BLOCK_NS, START_NS, attempt, fund, perform

from shoal.sim.calls import Call, Outcome
from shoal.sim.errors import Refusal
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import Account, Asset
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle, answer_of
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.vault import Vault

BTC, USDC = Asset("BTC", 8), Asset("USDC", 6)
ETH = Asset("ETH", 18)
REPORTER = "reporter"
MANAGER = "alice"
OWNERS = ("alice", "bob", "carol", "lender", REPORTER)
DAY_NS = 86_400 * 10**9
PRICES = {BTC: 20_000.0, ETH: 2_000.0}
LOOSE = Guards(
    maximum_slippage_ppm=10**6,
    maximum_trade_ppm=10**8,
    maximum_price_age_s=10**9,
    budget_ppm=10**6,
    budget_period_s=1,
    cool_off_s=0,
)


@dataclass(frozen=True)
class Deployed:
    """A world, the vault in it, and everything around the vault."""

    world: World
    vault: Vault
    oracles: dict[Asset, Oracle]
    pool: ConstantProduct
    market: LendingMarket

    def report(self, asset: Asset, price: float) -> None:
        """Let the oracle answer."""
        call = Call(self.oracles[asset].name, "report", {"answer": answer_of(price)})
        perform(self.world, self.oracles[asset], call, sender=REPORTER)

    def perform(self, verb: str, *, sender: str = MANAGER, inner: tuple[Call, ...] = (), **arguments: Any) -> Outcome:
        """Send a call to the vault that must succeed."""
        return perform(self.world, self.vault, Call("vault", verb, arguments, inner), sender=sender)

    def attempt(
        self, verb: str, *, sender: str = MANAGER, inner: tuple[Call, ...] = (), **arguments: Any
    ) -> Outcome | Refusal:
        """Send a call to the vault."""
        return attempt(self.world, self.vault, Call("vault", verb, arguments, inner), sender=sender)

    def balance(self, asset: Asset, owner: str) -> int:
        """Base units on the chain."""
        return self.world.ledger.balance(asset, Account(owner, "chain"))

    def donate(self, asset: Asset, amount: int, *, sender: str = MANAGER) -> None:
        """Let somebody transfer an asset to the vault without a call."""
        ledger = self.world.ledger
        ledger.transfer(asset, Account(sender, "chain"), self.vault.account, amount)
        ledger.journal.commit()


def deploy(
    *, guards: Guards = LOOSE, lent: bool = False, answered: bool = True, block_ns: int = BLOCK_NS, **terms: Any
) -> Deployed:
    """A vault of BTC, ETH and USDC: 20000 and 2000 dollars; a deep pool of BTC; USDC to borrow against ETH."""
    world = World(seed=7, start_ns=START_NS, latency=ConstantLatency(1))
    chain = Chain(
        world,
        "chain",
        native=world.asset("ETH", 18),
        schedule=ConstantBlocks(block_ns),
        base_fee_wei=0,
        pool_lifetime_ns=3 * block_ns,
    )
    oracles = {
        asset: Oracle(f"{asset}-oracle", asset, USDC, reporter=REPORTER, deviation_ppm=1, heartbeat_s=10**9)
        for asset in (BTC, ETH)
    }
    pool = ConstantProduct("pool", BTC, USDC)
    market = LendingMarket(
        "lending", collateral=ETH, loan=USDC, oracle=oracles[ETH], lltv_ppm=860_000, rate=KinkedRate()
    )
    options: dict[str, Any] = {
        "numeraire": USDC,
        "oracles": oracles,
        "manager": MANAGER,
        "guards": guards,
        "venues": ("pool", "lending"),
        "lending": {ETH: market} if lent else {},
    }
    vault = Vault("vault", **(options | terms))
    for venue in (*oracles.values(), pool, market, vault):
        chain.add(venue)
    fund(chain, (BTC, ETH, USDC), tokens=10**9, owners=OWNERS)
    # Off the blocks' own instants, so that a pause of whole blocks ends behind one.
    world.run(until_ns=world.clock.now_ns + 5)
    deployed = Deployed(world, vault, oracles, pool, market)
    perform(
        world,
        pool,
        Call("pool", "mint", {"amount_base": BTC.amount(1_000), "amount_quote": USDC.amount(2 * 10**7)}),
        sender="lender",
    )
    perform(world, market, Call("lending", "supply", {"amount": USDC.amount(10**7)}), sender="lender")
    if answered:
        for asset, price in PRICES.items():
            deployed.report(asset, price)
    return deployed


def swap(asset_in: Asset, amount_in: int, *, minimum_out: int = 0) -> Call:
    """A trade in the pool."""
    return Call("pool", "swap_exact_in", {"asset_in": asset_in, "amount_in": amount_in, "minimum_out": minimum_out})


def lend(verb: str, amount: int) -> Call:
    """A call to the lending market."""
    return Call("lending", verb, {"amount": amount})
