"""
An order book and two agents
============================

A maker rests orders on an exchange, a taker lifts one. Prices are whole ticks, quantities whole lots, money behind a
resting order is escrowed, and both learn what happened one latency later.
"""

from shoal.sim.agent import Agent
from shoal.sim.calls import Call
from shoal.sim.errors import InsufficientFunds
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency
from shoal.sim.world import World
from shoal.venues.book.order_book import OrderBook

MILLISECOND_NS = 10**6
world = World(seed=7)
btc, usdc = world.asset("BTC", 8), world.asset("USDC", 6)
exchange = Exchange(world, "exchange", service_ns=20_000)
book = OrderBook("book", btc, usdc, tick="0.01", lot="0.0001", maker_fee_ppm=0, taker_fee_ppm=300)
exchange.add(book)
world.network.link("near", "exchange", ConstantLatency(1 * MILLISECOND_NS))
world.network.link("far", "exchange", ConstantLatency(40 * MILLISECOND_NS))


def limit(side, tokens, price, **options):
    """A limit order: whole base units and ticks; one for which the grid has no place would be refused."""
    arguments = {"side": side, "quantity": btc.amount(tokens), "price": usdc.amount(price), **options}
    return Call("book", "limit", arguments)


# %%
# The maker sends its ladder in one message: a batch travels once, and each call is executed or refused by itself.


class Maker(Agent):
    """Rests three orders a side around 30,000 and waits for a fill."""

    def run(self):
        self.statement("exchange")
        ladder = [
            limit(side, "0.5", str(30_000 - side * (5 + 10 * level)), post_only=True)
            for level in range(3)
            for side in (+1, -1)
        ]
        self.receipts = yield self.send_batch(ladder)
        self.told = []
        while True:
            news = yield self.statement("exchange").changed(self.place)
            self.told += [(self.now_ns, fill) for venue, fill in news.item.fills]


class Taker(Agent):
    """Looks at the book after 100 ms, buys 0.7 BTC at once, then asks for more than it can pay."""

    def run(self):
        yield self.sleep(100 * MILLISECOND_NS)
        self.seen = self.read("book").item
        receipt = yield self.send(limit(+1, "0.7", "30020", immediate=True))
        self.fills = receipt.outcome.fills
        try:
            yield self.send(limit(+1, "100", "30020"))
        except InsufficientFunds as refusal:
            self.refused = str(refusal)


maker, taker = Maker(world, "maker", place="near"), Taker(world, "taker", place="far")
for owner in ("maker", "taker"):
    world.endow(owner, "exchange", btc, btc.amount("2"))
    world.endow(owner, "exchange", usdc, usdc.amount("100000"))
world.run(until_ns=1_000 * MILLISECOND_NS)

# %%
# What the taker saw, 40 ms old, in ticks of a cent and in floats.

print(f"bid {taker.seen.best_bid}, ask {taker.seen.best_ask} USDC base units; mid {taker.seen.mid}")
print(f"USDC for 0.7 BTC, fee included: {taker.seen.quote_tokens(+1, 0.7):,.4f}")

# %%
# It took a whole level and part of the next, at the makers' prices. A refusal is an exception at the ``yield``.

for fill in taker.fills:
    print(f"{btc.text(fill.base_amount)} BTC for {usdc.text(fill.quote_amount)} USDC from {fill.maker}")
print(taker.refused)
for time_ns, fill in maker.told:
    print(f"the maker knew of {btc.text(fill.base_amount)} BTC at {time_ns / 1e6:.3f} ms")

# %%
# A notebook shows the world as a card.

assert sum(fill.base_amount for fill in taker.fills) == btc.amount("0.7")
assert set(world.conservation().values()) == {0}
world
