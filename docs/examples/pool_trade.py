"""
An exact pool, and impermanent loss
===================================

The constant product pool is Uniswap's v2 pair to the base unit, and it lives on a chain: calls travel, wait for a
block, and pay gas. Here a provider puts money in, the price moves, and the provider takes its share out.
"""

import math

from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.units import Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

SECOND_NS, GWEI = 10**9, 10**9
world = World(seed=7)
eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
chain = Chain(world, "chain", native=eth, schedule=ConstantBlocks(12 * SECOND_NS), base_fee_wei=10 * GWEI)
pool = ConstantProduct("pool", eth, usdc, fee_ppm=0)
chain.add(pool)


class Sender(Agent):
    """Sends its calls one after the other, each in a transaction of its own, and keeps the receipts."""

    def __init__(self, world, name, *calls):
        super().__init__(world, name, place="home")
        self.calls, self.receipts = calls, []

    def run(self):
        for call in self.calls:
            receipt = yield self.transact("chain", call, max_fee_wei=100 * GWEI, max_tip_wei=GWEI)
            self.receipts.append(receipt)


# %%
# The provider brings 1,000 ETH and 2,000,000 USDC, so that the price is 2,000. Text becomes base units exactly.

deposit = {"amount_base": eth.amount("1000"), "amount_quote": usdc.amount("2000000")}
provider = Sender(world, "provider", Call("pool", "add_liquidity", deposit))
world.endow("provider", "chain", eth, eth.amount("1001"))
world.endow("provider", "chain", usdc, usdc.amount("2000000"))
world.run(until_ns=20 * SECOND_NS)
receipt = provider.receipts[0]
receipt.block, receipt.gas_used, receipt.outcome.output

# %%
# Outside, ETH goes to 3,000. A trader buys until the pool says the same: the reserve of USDC must grow by
# sqrt(3,000 / 2,000). What the trade will give is known before: ``quote`` is exact and changes nothing. A limit on what
# must come out protects it from whoever might trade before.

amount_in = usdc.floor(2_000_000 * (math.sqrt(1.5) - 1))
swap = Call("pool", "swap_exact_in", {"asset_in": usdc, "amount_in": amount_in, "minimum_out": 0})
promised = pool.quote(swap, now_ns=world.clock.now_ns).output
swap.arguments["minimum_out"] = promised

trader = Sender(world, "trader", swap)
world.endow("trader", "chain", eth, eth.amount("1"))
world.endow("trader", "chain", usdc, amount_in)
world.run(until_ns=40 * SECOND_NS)
assert trader.receipts[0].outcome.output == promised
eth.text(promised), pool.published(world.clock.now_ns).mid

# %%
# The provider's share against having held 1,000 ETH and 2,000,000 USDC. In theory 2 sqrt(r) / (1 + r) - 1.

share = pool.claims(world.ledger)["provider"]
value = share[eth] / eth.unit * 3_000 + share[usdc] / usdc.unit
held = 1_000 * 3_000 + 2_000_000
theory = 2 * math.sqrt(1.5) / 2.5 - 1
print(f"share {value:,.2f} USDC, held {held:,.2f} USDC: {value / held - 1:.6%}, theory {theory:.6%}")
assert math.isclose(value / held - 1, theory, rel_tol=1e-9)

# %%
# The same loss at every price. The pool of the study charges 0.3 %, which is what a provider is paid for this.

import plotly.graph_objects as go  # noqa: E402

ratios = [0.2 + step / 50 for step in range(200)]
figure = go.Figure(go.Scatter(x=ratios, y=[200 * math.sqrt(r) / (1 + r) - 100 for r in ratios], name="theory"))
figure.add_scatter(x=[1.5], y=[100 * (value / held - 1)], name="this pool", mode="markers", marker={"size": 10})
figure.update_layout(
    template="plotly_white", height=360, xaxis_title="price / price at deposit", yaxis_title="share against holding, %"
)
figure

# %%
# Gas was paid in ETH, the base fee is burnt and counted, the tip is the proposer's.

tips = world.ledger.balance(eth, Account("proposer", "chain"))
print(f"burnt {eth.text(world.ledger.burned(eth))} ETH, tips {eth.text(tips)} ETH")
assert set(world.conservation().values()) == {0}
