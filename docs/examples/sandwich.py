"""
A sandwich and its victim
=========================

A searcher watches the public pool. It buys ahead of a waiting purchase and sells right after it, as much as the
purchase's own limit bears, when that pays for fees, gas and the bid to the builder.
"""

from shoal.agents.gas import GasTerms
from shoal.agents.sandwich import Reserves, safe_minimum_out
from shoal.agents.sandwicher import Sandwicher
from shoal.agents.trader import Trader
from shoal.sim.calls import Call
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct


class User(Trader):
    """Fills the pool and then buys ETH for 40,000 USDC."""

    def run(self):
        deposit = {"amount_base": 1_000 * 10**18, "amount_quote": 2_000_000 * 10**6}
        yield self.transact("chain", Call("pool", "add_liquidity", deposit), max_fee_wei=10**10, max_tip_wei=10**9)
        self.receipt = yield self.submit("chain", Call("pool", "swap_exact_in", self.swap))


def bought(minimum_out: int, **searcher: float) -> int:
    """What the user gets, in wei, with a searcher like this in the world."""
    world = World(seed=7)
    eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
    chain = Chain(world, "chain", native=eth, schedule=ConstantBlocks(12 * 10**9), base_fee_wei=10**9)
    chain.add(ConstantProduct("pool", eth, usdc))
    for owner in ("user", "searcher"):
        world.endow(owner, "chain", eth, eth.amount("1100"))
        world.endow(owner, "chain", usdc, usdc.amount("3000000"))
    terms = {"place": "home", "gas": GasTerms(tip_wei=10**9, price_feed="pool")}
    user = User(world, "user", **terms)
    user.swap = {"asset_in": usdc, "amount_in": usdc.amount("40000"), "minimum_out": minimum_out}
    Sandwicher(world, "searcher", pools=("pool",), bid_share=0.8, **searcher, **terms)
    world.run(until_ns=60 * 10**9)
    return user.receipt.outcome.output


# %%
# The placebo is a searcher that asks an infinite profit: it does all its work and nothing comes of it. The other one
# leaves the user what its limit says, 1 % below the quote.

alone = bought(0, minimum_profit_quote_tokens=float("inf"))
print(f"{alone / 1e18:.4f} ETH alone, {bought(alone * 99 // 100, minimum_profit_quote_tokens=1.0) / 1e18:.4f} attacked")

# %%
# With the loosest limit at which no attack earns more than 50 USDC, nobody who wants as much comes.

safe = safe_minimum_out(Reserves(2_000_000 * 10**6, 1_000 * 10**18, 3_000), 40_000 * 10**6, cost=50 * 10**6)
print(f"the safe limit is {1 - safe / alone:.2%} below the quote")
assert bought(safe, minimum_profit_quote_tokens=50.0) == alone
