"""What an agent knows for good about a venue where it trades one pair, and how it asks for a trade there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from shoal.sim.calls import Call, Fill
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.gas import INTRINSIC_GAS
from shoal.sim.units import PPM, Asset

if TYPE_CHECKING:
    from shoal.sim.world import World


@dataclass(frozen=True, slots=True)
class Market:
    """A venue that trades one pair: where it lives, in what it deals, and what a swap costs in gas.

    Nothing here changes during a run; what does is read from feeds.

    Args:
        venue: the venue's name, also its feed's.
        host: where it lives.
        base: what is traded.
        quote: what it is priced in.
        on_chain: whether the host is a chain.
        has_book: whether it takes limit orders; otherwise swaps.
        gas: gas units of one swap, intrinsic gas included; 0 on an exchange.
    """

    venue: str
    host: str
    base: Asset
    quote: Asset
    on_chain: bool
    has_book: bool
    gas: int

    @classmethod
    def of(cls, world: World, name: str) -> Market:
        """The market of that name.

        Raises:
            ValueError: the world has no such venue.
        """
        venue = world.venues.get(name)
        if venue is None:
            raise ValueError(f"no venue {name!r} to trade at; there are {', '.join(world.venues)}")
        base, quote = venue.assets[:2]
        host = world.host_of[name]
        on_chain = isinstance(host, Chain)
        gas = INTRINSIC_GAS + venue.gas("swap_exact_in") if on_chain else 0
        return cls(name, host.name, base, quote, on_chain, "limit" in venue.verbs, gas)

    def take(self, view: Any, side: int, amount: int, worst_price: float) -> Call | None:
        """The call that buys (side +1) or sells (-1) at once; None if that is less than one unit or one lot.

        A swap trades all at an average price, fees included, no worse than ``worst_price``, or nothing; a book trades
        what it has at prices, the taker's fee included, no worse than that.

        Args:
            view: what the venue's feed shows.
            side: +1 or -1.
            amount: how much, base units of base; a book takes whole lots of it.
            worst_price: quote tokens for one base token.
        """
        if self.has_book:
            return self._limit(view, side, amount, worst_price)
        if amount <= 0:
            return None
        worth = self.quote.floor(amount / self.base.unit * worst_price)
        if side > 0:
            arguments = {"asset_out": self.base, "amount_out": amount, "maximum_in": worth}
            return Call(self.venue, "swap_exact_out", arguments)
        return Call(self.venue, "swap_exact_in", {"asset_in": self.base, "amount_in": amount, "minimum_out": worth})

    def _limit(self, view: Any, side: int, amount: int, worst_price: float) -> Call | None:
        quantity = amount // view.grid.lot * view.grid.lot
        price = worst_price * PPM / (PPM + side * view.taker_fee_ppm)
        limit = view.grid.price_below(price) if side > 0 else view.grid.price_above(price)
        if quantity <= 0 or limit <= 0:
            return None
        return Call(self.venue, "limit", {"side": side, "quantity": quantity, "price": limit, "immediate": True})


def taker_change(fill: Fill) -> tuple[int, int]:
    """What a fill added to its taker: base units of base and of quote, fees taken off."""
    base, quote = fill.side * fill.base_amount, -fill.side * fill.quote_amount
    if fill.fee_asset == fill.base:
        return base - fill.taker_fee, quote
    return base, quote - fill.taker_fee


def maker_change(fill: Fill) -> tuple[int, int]:
    """What a fill added to its maker: base units of base and of quote, fees taken off."""
    base, quote = -fill.side * fill.base_amount, fill.side * fill.quote_amount
    if fill.fee_asset == fill.base:
        return base - fill.maker_fee, quote
    return base, quote - fill.maker_fee
