"""Constant proportion portfolio insurance."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shoal.agents.parameters import positive, within
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.targets.basket import Basket
from shoal.sim.units import NANOSECONDS_PER_SECOND, SECONDS_PER_YEAR, Asset


class ConstantProportion:
    """Exposure of multiplier times cushion, the net asset value above a floor; nothing once the floor is reached.

    The floor is kept a share of the vault, so that deposits and redemptions do not move the cushion's share. It begins
    with the first portfolio seen, grows at a rate, and with a ratchet never stays below a share of the highest value.
    At or below the floor all goes into cash, and as cash gains nothing, there it stays (cash-lock).

    Args:
        basket: how the exposure is split between the risky assets, adding up to 1.
        multiplier: exposure over cushion, above 1; the floor holds until a fall between two rebalances exceeds its
            inverse.
        floor: share of the first value, from 0 to below 1.
        growth_per_year: rate, continuously compounded, at which the floor grows.
        ratchet: share of the highest value seen that the floor never falls below, from 0 (no ratchet) to below 1.
        maximum: the largest exposure, as a share of the net asset value.

    Raises:
        ValueError: a parameter is out of range, or the basket does not add up to 1.

    Source: Black and Perold (1992), Theory of Constant Proportion Portfolio Insurance; with a ratchet, Estep and
    Kritzman (1988), TIPP: Insurance without Complexity.
    """

    __slots__ = ("_basket", "_floor", "_growth", "_highest", "_last_ns", "_maximum", "_multiplier",
                 "_ratchet", "_start_floor")  # fmt: skip

    def __init__(
        self,
        basket: Weights,
        *,
        multiplier: float,
        floor: float,
        growth_per_year: float = 0.0,
        ratchet: float = 0.0,
        maximum: float = 1.0,
    ) -> None:
        who = "constant proportion"
        if not 1.0 < multiplier < math.inf:
            raise ValueError(f"{who}: multiplier must be a finite number above 1, had {multiplier!r}")
        for name, value in (("floor", floor), ("ratchet", ratchet)):
            if not 0.0 <= value < 1.0:
                raise ValueError(f"{who}: {name} must be a share from 0 to below 1, had {value!r}")
        if not (floor or ratchet):
            raise ValueError(f"{who}: without floor or ratchet there is no cushion")
        within(who, -1.0, 1.0, growth_per_year=growth_per_year)
        positive(who, maximum=maximum)
        self._basket = Basket(who, basket)
        self._multiplier = multiplier
        self._start_floor = floor
        self._growth = growth_per_year
        self._ratchet = ratchet
        self._maximum = maximum
        self._floor: float | None = None
        self._last_ns = 0
        self._highest = 0.0

    @property
    def floor(self) -> float | None:
        """Numeraire tokens for one share; None before the first portfolio."""
        return self._floor

    def observe(self, now_ns: int, prices: Mapping[Asset, float]) -> None:
        """Check prices; the rule lives on the vault's own value.

        Raises:
            ValueError: a price is missing or not a finite number above 0.
        """
        self._basket.observe(prices)

    def weights(self, portfolio: Portfolio) -> Weights | None:
        """The basket scaled to multiplier times cushion; None without net asset value."""
        nav = portfolio.nav
        if nav <= 0.0:
            return None
        value = nav / portfolio.shares
        cushion = max(0.0, value - self._move_floor(portfolio.now_ns, value))
        return self._basket.scaled(min(self._multiplier * cushion / value, self._maximum))

    def _move_floor(self, now_ns: int, value: float) -> float:
        if self._floor is None:
            self._floor = self._start_floor * value
            self._last_ns = now_ns
        grown_s = max(0, now_ns - self._last_ns) / NANOSECONDS_PER_SECOND
        self._last_ns = max(now_ns, self._last_ns)
        self._highest = max(self._highest, value)
        grown = self._floor * math.exp(self._growth * grown_s / SECONDS_PER_YEAR)
        self._floor = max(grown, self._ratchet * self._highest)
        return self._floor
