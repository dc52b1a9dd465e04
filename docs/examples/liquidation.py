"""
A liquidation, sold through the router
======================================

The price falls, the oracle follows, a borrower's health falls from 1.05 to below 1. A liquidator without a cent seizes
collateral, sells it over two pools at the optimum and repays the debt out of the proceeds, in one transaction.
"""

from shoal.agents.borrower import Borrower
from shoal.agents.gas import GasTerms
from shoal.agents.liquidator import Liquidator
from shoal.agents.oracle_reporter import OracleReporter
from shoal.agents.trader import Trader
from shoal.sim.calls import Call
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle

world = World(seed=7)
eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
chain = Chain(world, "chain", native=eth, schedule=ConstantBlocks(12 * 10**9), base_fee_wei=10**9)
oracle = Oracle("oracle", eth, usdc, reporter="reporter", deviation_ppm=5_000, heartbeat_s=3_600)
lending = LendingMarket("lending", collateral=eth, loan=usdc, oracle=oracle, lltv_ppm=860_000, rate=KinkedRate())
for venue in (ConstantProduct("large", eth, usdc), ConstantProduct("small", eth, usdc), oracle, lending):
    chain.add(venue)
for owner, dollars in (("market", 4_000_000), ("reporter", 0), ("borrower", 0), ("liquidator", 0)):
    world.endow(owner, "chain", eth, eth.amount(2_000))
    world.endow(owner, "chain", usdc, usdc.amount(dollars))
home = {"place": "home", "gas": GasTerms(tip_wei=10**9, price_feed="large")}


class Market(Trader):
    def run(self):
        """Fill the pools at 2,000 USDC, lend, and after five minutes sell into the larger until it shows 10 % less."""
        for pool, size in (("large", 1_000), ("small", 500)):
            deposit = {"amount_base": eth.amount(size), "amount_quote": usdc.amount(2_000 * size)}
            self.transact("chain", Call(pool, "add_liquidity", deposit), max_fee_wei=10**10, max_tip_wei=10**9)
        yield self.sleep(60 * 10**9)
        yield self.submit("chain", Call("lending", "supply", {"amount": usdc.amount(500_000)}))
        yield self.sleep(240 * 10**9)
        yield from self.trade(self.market("large"), -1, eth.amount(54), 1.0)


Market(world, "market", **home)
OracleReporter(world, "reporter", oracle="oracle", sources=("large",), interval_ns=10**9, delay_ns=0, **home)
credit = {"market": "lending", "pools": ("large", "small"), "slippage_ppm": 10_000, **home}
Borrower(world, "borrower", collateral=eth.amount(50), debt=usdc.amount(82_000), conduct="passive", **credit)
Liquidator(world, "liquidator", sold_at_once=1.0, tip_share=0.5, minimum_profit_quote_tokens=1.0, **credit)
world.run(until_ns=600 * 10**9)

# %%
# One order, split so that both pools end at the same marginal price: the smaller, into which nobody sold, takes more.
world.records.close()
fills = world.records.tables["fills"].arrow().to_pandas().query("taker == 'liquidator'")
print(fills[["venue", "base_tokens", "quote_tokens", "price"]])
assert lending.published(world.clock.now_ns).debt("borrower") == 0
