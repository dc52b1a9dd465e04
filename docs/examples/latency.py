"""
News arrive late
================

A feed holds what was published, and when. Who reads it elsewhere sees each item one latency later, and never a
later item before an earlier one.
"""

from shoal.sim.latency import LogNormalLatency
from shoal.sim.world import World

world = World(seed=7)
world.network.link("exchange", "home", LogNormalLatency(median_ns=40_000_000, sigma=0.5))
feed = world.feed("price", "exchange")

# %%
# The exchange publishes a price every 10 ms; home looks every 25 ms.

seen = []
for step in range(12):
    world.at(10_000_000 * step + 1, lambda world, step=step: feed.publish(100 + step))
for step in range(8):
    world.at(25_000_000 * step + 2, lambda world: seen.append((world.clock.now_ns, feed.read("home"))))
world.run(until_ns=250_000_000)

# %%
# What home knew, and how old it was.

for now_ns, news in seen:
    known = "nothing yet" if news is None else f"{news.item}, {(now_ns - news.published_ns) / 1e6:.0f} ms old"
    print(f"{now_ns / 1e6:5.0f} ms: {known}")

published = [news.published_ns for _, news in seen if news is not None]
assert published == sorted(published)
