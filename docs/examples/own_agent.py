"""
An agent of your own in the study's world
=========================================

A study is a class, and ``build`` returns its world. Whoever inherits from it can add an agent, and keeps the venues,
the other agents, the report and the reproducibility.
"""

from dataclasses import dataclass

import shoal
from shoal.agents.trader import Trader
from shoal.experiments.studies.market import Market
from shoal.experiments.study import Tag, parameter

SECOND_NS = 10**9


class TrendFollower(Trader):
    """Buys on the book when the outside price rose over its window, sells when it fell, one order at a time.

    Knows: the outside market's and the book's feeds, one latency late, and its own receipts.
    Source: none; an example.
    """

    def __init__(self, world, name, *, symbol, window_s, order_quote_tokens):
        super().__init__(world, name, place="internet")
        self.symbol, self.window_s, self.order = symbol, window_s, order_quote_tokens
        self.trades = 0

    def run(self):
        book, before = self.market(f"{self.symbol} book"), None
        while True:
            yield self.sleep(self.window_s * SECOND_NS)
            now = self.mid(f"{self.symbol} outside")
            if before is not None and now is not None and abs(now / before - 1) > 0.001:
                side = +1 if now > before else -1
                amount = book.base.floor(self.order / now)
                receipt = yield from self.trade(book, side, amount, now * (1 + 0.005 * side))
                self.trades += receipt is not None and bool(receipt.outcome.fills)
            before = now


# %%
# The study gains one parameter, with its unit, its tag and a line of explanation, and one agent with money.


@dataclass(frozen=True, kw_only=True)
class MarketWithTrend(Market):
    """The market, and somebody who runs after it."""

    trend_window_s: int = parameter(
        60, unit="s", tag=Tag("assumed"), explain="Over which a trend is looked for.", minimum=1
    )

    def build(self, *, seed, prices, records):
        world = Market.build(self, seed=seed, prices=prices, records=records)
        TrendFollower(world, "ETH trend", symbol="ETH", window_s=self.trend_window_s, order_quote_tokens=20_000.0)
        world.endow("ETH trend", "exchange", world.assets["ETH"], world.assets["ETH"].amount("100"))
        world.endow("ETH trend", "exchange", world.assets["USDC"], world.assets["USDC"].amount("200000"))
        return world


fall = {"crash_after_hours": 0.05, "crash_minutes": 8.0, "crash_depth": 0.1}
result = shoal.run(MarketWithTrend(), seed=7, hours=0.25, generated=fall)
result

# %%
# What it earned, and what from: the edge at the moment of the trade, fees, how prices moved after, what it held.

earned = result.measured.earned.set_index("owner").loc["ETH trend"]
print(earned.to_string())

# %%
# Draws are keyed by owner and purpose: adding it moved nobody else's. Noise traders sent their orders at the same
# times.

plain = shoal.run("market", seed=7, hours=0.25, generated=fall)


def sent(run):
    """When noise traders of ETH sent their orders to the book."""
    orders = run.orders[run.orders["sender"].str.startswith("ETH noise") & (run.orders["venue"] == "ETH book")]
    return set(zip(orders["sender"], orders["sent_ns"], strict=True))


assert result.digest != plain.digest
print(f"{len(sent(result) & sent(plain))} of {len(sent(plain))} orders at the very same nanosecond")
