"""What an agent is willing to pay for its transactions."""

from __future__ import annotations

from dataclasses import dataclass

from shoal.sim.hosts.block import BlockNews


@dataclass(frozen=True, slots=True, kw_only=True)
class GasTerms:
    """How an agent sets its fee caps, and where it learns what gas is worth.

    Args:
        tip_wei: tip per gas, base units of the native asset.
        price_feed: the venue whose mid is the price of the native asset in quote tokens.
        base_fee_multiple: the fee cap allows the base fee to become this many times the next block's.

    Raises:
        ValueError: the tip is negative, or the multiple below 1.

    >>> GasTerms(tip_wei=5, price_feed="outside", base_fee_multiple=2).max_fee_wei(BlockNews(1, 0, 90, 100, 0))
    205
    """

    tip_wei: int
    price_feed: str
    base_fee_multiple: int = 4

    def __post_init__(self) -> None:
        if type(self.tip_wei) is not int or self.tip_wei < 0:
            raise ValueError(f"tip_wei must be a whole number >= 0, had {self.tip_wei!r}")
        if type(self.base_fee_multiple) is not int or self.base_fee_multiple < 1:
            raise ValueError(f"base_fee_multiple must be a whole number >= 1, had {self.base_fee_multiple!r}")

    def max_fee_wei(self, news: BlockNews, tip_wei: int | None = None) -> int:
        """The fee cap per gas after this block, for this tip or the usual one."""
        return self.base_fee_multiple * news.next_base_fee_wei + (self.tip_wei if tip_wei is None else tip_wei)
