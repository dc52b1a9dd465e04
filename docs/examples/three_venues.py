"""
One order over three venues, with its certificate
=================================================

The router splits an order over whatever trades the pair. Its plan carries a bound that no split can exceed, so nobody
has to trust the search: the gap between the two is the proof.
"""

from shoal.routing.curves import curve_of
from shoal.routing.legs import inputs
from shoal.routing.one_pair import route, route_out
from shoal.sim.units import Asset
from shoal.venues.amm.constant_product_view import ConstantProductView
from shoal.venues.book.grid import Grid
from shoal.venues.book.news import BookNews
from shoal.venues.outside_news import OutsideNews

eth, usdc = Asset("ETH", 18), Asset("USDC", 6)
grid = Grid(eth, usdc, "0.01", "0.001")
bids = tuple((200_100 - 50 * level, 4_000, 1) for level in range(5))  # ticks, lots, orders: 4 ETH each half dollar
views = {
    "pool": ConstantProductView(eth, usdc, eth.amount(1_000), usdc.amount(2_010_000), 3_000, 10**18, 0, 0, 0),
    "outside": OutsideNews(2_000.0, 50_000.0, 100),
    "book": BookNews(grid, bids, ((200_200, 4_000, 1),), (), None, 500, 0),
}

# %%
# What the venues' feeds show becomes curves; 30 ETH are to be sold, fees included.

curves = [curve_of(name, view, side=-1) for name, view in views.items()]
plan = route(curves, 30.0)
for leg in plan.legs:
    print(f"{leg.venue:8} {leg.amount_in:9.4f} ETH for {leg.amount_out:12.4f} USDC")
print(plan.status, plan.amount_out, "of at most", plan.dual_bound)
assert plan.status == "optimal"
assert plan.gap <= 1e-9 * plan.amount_out

# %%
# At the optimum every venue that trades does so up to the same marginal price; no venue alone gives as much.

print(f"marginal price {plan.price:.4f}")
for curve in curves:
    alone = route([curve], 30.0)
    print(f"{curve.venue:8} alone {alone.amount_out:12.4f} USDC, {alone.unfilled:.0f} ETH unfilled")
    assert alone.amount_out < plan.amount_out

# %%
# The other way round: how much ETH for exactly 10,000 USDC. And a plan in base units, never above the order.

print(route_out(curves, 10_000.0).amount_in)
assert sum(inputs(plan, eth, eth.amount("30"))) == eth.amount("30")
