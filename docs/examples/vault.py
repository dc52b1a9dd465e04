"""
A vault that rebalances
=======================

A vault is a contract on the chain, which holds and guards, and an executor off the chain, which decides: a target (which
weights), a trigger (when) and an execution (how). This one wants half in ETH and trades when it is 2 % away from that.
"""

from shoal.agents.depositor import Depositor
from shoal.agents.gas import GasTerms
from shoal.agents.oracle_reporter import OracleReporter
from shoal.agents.trader import Trader
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.log import RebalanceLog
from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.threshold import Threshold
from shoal.sim.calls import Call
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct
from shoal.venues.oracle import Oracle
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.vault import Vault

SECOND_NS, GWEI = 10**9, 10**9
world = World(seed=7)
eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
chain = Chain(world, "chain", native=eth, schedule=ConstantBlocks(12 * SECOND_NS), base_fee_wei=GWEI)
pool = ConstantProduct("pool", eth, usdc)
oracle = Oracle("oracle", eth, usdc, reporter="reporter", deviation_ppm=5_000, heartbeat_s=3_600)
guards = Guards(maximum_slippage_ppm=20_000, maximum_trade_ppm=200_000, maximum_price_age_s=7_200, budget_ppm=50_000,
                budget_period_s=7 * 86_400, cool_off_s=60)  # fmt: skip
vault = Vault("vault", numeraire=usdc, oracles={eth: oracle}, manager="executor", guards=guards, venues=("pool",))
for venue in (pool, oracle, vault):
    chain.add(venue)
for owner in ("seller", "saver", "reporter", "executor"):
    world.endow(owner, "chain", eth, eth.amount("1200"))
    world.endow(owner, "chain", usdc, usdc.amount("2000000"))
gas = {"place": "home", "gas": GasTerms(tip_wei=GWEI, price_feed="pool")}


class Seller(Trader):
    """Fills the pool, and after five minutes sells 100 ETH into it."""

    def run(self):
        deposit = {"amount_base": eth.amount("1000"), "amount_quote": usdc.amount("2000000")}
        yield self.transact("chain", Call("pool", "add_liquidity", deposit), max_fee_wei=10 * GWEI, max_tip_wei=GWEI)
        yield self.sleep(300 * SECOND_NS)
        yield from self.trade(self.market("pool"), -1, eth.amount("100"), 1.0)


# %%
# The experimenter's log keeps the book of every decision, and a paper twin that trades the same at the pool's mid, free.

log = RebalanceLog(world, lambda asset: pool.published(world.clock.now_ns).mid)
Seller(world, "seller", **gas)
OracleReporter(world, "reporter", oracle="oracle", sources=("pool",), interval_ns=SECOND_NS, delay_ns=0, **gas)
amounts = {eth: eth.amount("50"), usdc: usdc.amount("100000")}
Depositor(world, "saver", vault="vault", amounts=amounts, **gas)
VaultExecutor(world, "executor", vault="vault", target=ConstantWeights({eth: 0.5}), trigger=Threshold(absolute=0.02),
              execution=AtOnce(slippage_ppm=5_000), prices={eth: "oracle"}, markets={eth: ("pool",)},
              interval_ns=60 * SECOND_NS, log=log, **gas)  # fmt: skip
world.run(until_ns=900 * SECOND_NS)

# %%
# The pool fell by 17 %, the weight of ETH from 50 to 45 %, and the vault bought some back.

world.records.close()
print(world.records.tables["rebalances"].arrow().to_pandas()[["reason", "result", "nav_tokens", "twin_nav_tokens"]])
print(vault.published(world.clock.now_ns))
assert set(world.conservation().values()) == {0}
