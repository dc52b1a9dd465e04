"""The arbitrageur of the theorems: one pool, one outside price, all the profit there is at each block."""

from __future__ import annotations

from math import isqrt

from shoal.sim.agent import Agent, Process
from shoal.sim.calls import Call
from shoal.sim.errors import Refusal
from shoal.sim.units import PPM
from shoal.sim.world import World
from shoal.venues.amm.constant_product_view import ConstantProductView
from shoal.venues.outside_market import OutsideNews


class MyopicArbitrageur(Agent):
    """Trades a constant product pool to the edge of its no-trade band whenever the outside price leaves the band.

    It knows each outside price and the pool's last published reserves one latency late, has capital without limit,
    pays no gas, and lays nothing off: its holdings are valued at the outside price.

    Args:
        world: the run it belongs to.
        name: its name.
        place: where it is on the network.
        chain: where the pool lives.
        pool: the pool's name.
        outside: the outside market's name.

    Source: Milionis, Moallemi and Roughgarden (2023), Automated Market Making and Arbitrage Profits in the Presence of
    Fees, section 3: myopic arbitrageurs who compete for each block.
    """

    def __init__(self, world: World, name: str, *, place: str, chain: str, pool: str, outside: str) -> None:
        super().__init__(world, name, place=place)
        self.chain = chain
        self.pool = pool
        self.outside = outside

    def run(self) -> Process:
        """At each outside price send the trade that leaves nothing to earn."""
        while True:
            news = yield self.changed(self.outside)
            outside: OutsideNews = news.item
            state = self.read(self.pool)
            if state is None or outside.mid is None or not state.item.supply:
                continue
            call = best_swap(self.pool, state.item, outside.mid)
            if call is None:
                continue
            try:
                # Until it is in a block, a second trade would be one too many.
                yield self.transact(self.chain, call, max_fee_wei=0, max_tip_wei=0)
            except Refusal:
                continue


def best_swap(pool: str, view: ConstantProductView, price: float) -> Call | None:
    """The swap with the highest profit at that outside price, quote tokens for one base token; None in the band.

    The fee-less amount is rounded down to base units, so the trade never goes beyond the best one.

    Source: the first-order condition of the constant product with a fee on the input (g = 1 - fee): pay
    (sqrt(g p x y) - y) / g of quote where p > y / (g x), and the mirror of it.
    """
    base, quote, kept = view.reserve_base, view.reserve_quote, PPM - view.fee_ppm
    numerator, denominator = price.as_integer_ratio()
    # The price in base units of quote for one base unit of base.
    numerator, denominator = numerator * view.quote.unit, denominator * view.base.unit
    product = base * quote
    net_quote = isqrt(product * numerator * kept // (denominator * PPM)) - quote
    if net_quote > 0:
        return _swap(pool, view.quote, net_quote * PPM // kept)
    net_base = isqrt(product * denominator * kept // (numerator * PPM)) - base
    if net_base > 0:
        return _swap(pool, view.base, net_base * PPM // kept)
    return None


def _swap(pool: str, asset_in: object, amount_in: int) -> Call:
    return Call(pool, "swap_exact_in", {"asset_in": asset_in, "amount_in": amount_in, "minimum_out": 0})
