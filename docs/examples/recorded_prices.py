"""
Prices of your own
==================

``prices`` takes a Parquet or CSV file, or a DataFrame. Here the bars are made up, so that the example needs no file.
"""

from itertools import pairwise

import pandas as pd

import shoal
from shoal.experiments.errors import GapError

minutes = pd.date_range("2024-03-05 14:00", periods=40, freq="min", tz="UTC")
path = [100 - 0.25 * max(0, minute - 8) + 0.4 * max(0, minute - 20) for minute in range(41)]
bars = pd.concat(
    pd.DataFrame(
        {
            "time": minutes,
            "symbol": symbol,
            "open": [scale * price for price in path[:-1]],
            "high": [scale * max(pair) * 1.001 for pair in pairwise(path)],
            "low": [scale * min(pair) * 0.999 for pair in pairwise(path)],
            "close": [scale * price for price in path[1:]],
        }
    )
    for symbol, scale in (("BTC-USD", 600.0), ("ETH-USD", 35.0))
).reset_index(drop=True)
bars.head(3)

# %%
# ``BTC`` finds the one symbol whose base is BTC. The end is exclusive. Between the bars a bridge honours open, high,
# low and close of each; whatever shows at a finer scale is the model's, and the manifest says so.

result = shoal.run("market", seed=7, prices=bars, symbols="BTC,ETH", start="2024-03-05T14:05Z", end="2024-03-05T14:35Z")
result.manifest["prices"]["kind"], result.manifest["prices"]["provenance"]["quotes"]

# %%
result.plot.prices()

# %%
# The path honours the bars exactly.

prices = result.table("prices")
outside = prices[prices["venue"] == "BTC path"].set_index("time")["mid"]
bar = bars[(bars["symbol"] == "BTC-USD") & (bars["time"] == pd.Timestamp("2024-03-05T14:20Z"))].iloc[0]
inside = outside["2024-03-05T14:20Z":"2024-03-05T14:20:59Z"]
assert inside.iloc[0] == bar["open"]
assert inside.between(bar["low"], bar["high"]).all()

# %%
# Nothing is repaired. A missing minute is refused with its row and column, and so is a price of 0.

try:
    shoal.run("market", prices=bars.drop(bars.index[12]), symbols=["BTC", "ETH"])
except GapError as refusal:
    print(refusal)
