"""What every trading venue's feed shows, so that agents, oracles and reports can read them alike."""

from __future__ import annotations

from typing import Protocol

DEPTH_BAND = 0.01


class MarketView(Protocol):
    """A venue as published: immutable, floats in whole tokens, prices in quote per base."""

    @property
    def mid(self) -> float | None:
        """The middle of bid and ask (a pool: its marginal price before fees); None where a side is empty."""

    @property
    def bid(self) -> float | None:
        """What the next small seller gets per base token, fees included; None where nobody buys."""

    @property
    def ask(self) -> float | None:
        """What the next small buyer pays per base token, fees included; None where nobody sells."""

    @property
    def depth(self) -> float:
        """Quote tokens that can be traded before the price has moved by 1 %, mean of both sides."""

    def quote_tokens(self, side: int, base_tokens: float) -> float | None:
        """What a taker pays (side +1) or gets (side -1) for that much base, fees included; None beyond the view."""
