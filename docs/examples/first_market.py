"""
A first market run
==================

The study ``market`` in half an hour of simulated time: for BTC and for ETH a pool, an order book, an outside market and
an oracle on one clock, and a fall of a quarter after ten minutes.
"""

import shoal

result = shoal.run(
    "market", seed=7, hours=0.5, generated={"crash_after_hours": 1 / 6, "crash_depth": 0.25, "crash_minutes": 5.0}
)
result

# %%
# The key figures, one a row, each with its unit. The command line prints the same.

result.summary().query("topic in ['spread', 'depth', 'arbitrage', 'liquidity']")

# %%
# Every venue against the outside price. The pool moves in blocks, the book follows within seconds.

result.plot.prices()

# %%
# Depth within 1 % of the mid: makers step back and wary providers leave when volatility crosses their limits.

result.plot.depth()

# %%
# Who earned from whom by trading, in USDC at the last price.

result.plot.earned()

# %%
# Tables are DataFrames with units in the column names. Exact base units stand beside whole tokens.

result.fills[["time", "venue", "taker", "maker", "side", "base_raw", "base_tokens", "price"]].head(3)

# %%
# No money was made or lost on the way, to the last base unit. The digest identifies the run: the same study,
# parameters, seed and version give it again.

assert set(result.manifest["conservation"].values()) == {0}
assert result.measured.closure["difference_raw"].eq(0).all()
result.digest

# sphinx_gallery_thumbnail_path = 'images/market.png'  # noqa: ERA001
