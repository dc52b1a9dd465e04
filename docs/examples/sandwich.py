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

SECOND_NS, GWEI = 10**9, 10**9


class User(Trader):
    """Fills the pool and then buys for 40,000 USDC, for at least ``least`` wei of ETH."""

    least = 0

    def run(self):
        deposit = {"amount_base": 1_000 * 10**18, "amount_quote": 2_000_000 * 10**6}
        yield self.transact("chain", Call("pool", "add_liquidity", deposit), max_fee_wei=10 * GWEI, max_tip_wei=GWEI)
        usdc = self.world.assets["USDC"]
        swap = {"asset_in": usdc, "amount_in": usdc.amount("40000"), "minimum_out": self.least}
        self.receipt = yield self.submit("chain", Call("pool", "swap_exact_in", swap))


def bought(least: int, **searcher) -> int:
    """What the user gets, in wei of ETH, with this searcher around; what others take is printed."""
    world = World(seed=7)
    eth, usdc = world.asset("ETH", 18), world.asset("USDC", 6)
    chain = Chain(world, "chain", native=eth, schedule=ConstantBlocks(12 * SECOND_NS), base_fee_wei=GWEI)
    chain.add(ConstantProduct("pool", eth, usdc))
    for owner in ("user", "searcher"):
        world.endow(owner, "chain", eth, eth.amount("1100"))
        world.endow(owner, "chain", usdc, usdc.amount("3000000"))
    terms = {"place": "home", "gas": GasTerms(tip_wei=GWEI, price_feed="pool")}
    user = User(world, "user", **terms)
    user.least = least
    Sandwicher(world, "searcher", pools=("pool",), **({"minimum_profit_quote_tokens": 1.0} | searcher), **terms)
    world.run(until_ns=60 * SECOND_NS)
    assert set(world.conservation().values()) == {0}
    return user.receipt.outcome.output


# %%
# Who looks and sends nothing is the control; who asks an infinite profit is the placebo. The limit is 1 % below the quote.

alone = bought(0, bid_share=0.8, active=False)
assert bought(alone * 99 // 100, bid_share=0.8, minimum_profit_quote_tokens=float("inf")) == alone
attacked = bought(alone * 99 // 100, bid_share=0.8)
print(f"alone {alone / 1e18:.4f} ETH, attacked {attacked / 1e18:.4f} ETH")

# %%
# The tightest limit that is worth an attack to nobody who wants 50 USDC for it: with it none comes.

pool = Reserves(2_000_000 * 10**6, 1_000 * 10**18, 3_000)
safe = safe_minimum_out(pool, 40_000 * 10**6, cost=50 * 10**6)
print(f"safe limit: {1 - safe / alone:.3%} below the quote")
assert bought(safe, bid_share=0.8, minimum_profit_quote_tokens=50.0) == alone
