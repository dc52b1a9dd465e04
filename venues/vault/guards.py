"""The limits a vault sets to its manager, and to an executor off chain that wants to keep within them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shoal.sim.units import PPM
from shoal.venues.vault.refusals import BudgetSpent, CoolingOff, SlippageAboveGuard, TradeTooLarge

LOSS_UNIT: Final = 10**18
"""Losses in the budget are parts of the net asset value, times this."""

_LOSS_PER_PPM: Final = LOSS_UNIT // PPM


@dataclass(frozen=True, slots=True, kw_only=True)
class Guards:
    """What a trade may lose, how large it may be, how old its prices, how soon after the last.

    Values are base units of the numeraire at the oracles' answers; a trade at a limit passes, one unit more does not.

    Args:
        maximum_slippage_ppm: the most a trade may lose, in millionths of the value given away in it.
        maximum_trade_ppm: the most a trade may give away, in millionths of the net asset value before.
        maximum_price_age_s: the oldest answer that counts.
        budget_ppm: the most that trades may lose together, in millionths of the net asset value. Losses add up and
            gains do not offset them.
        budget_period_s: the time in which a whole budget comes back, evenly.
        cool_off_s: the least time between two trades.

    Raises:
        ValueError: a limit is out of range.

    Source: Enzyme's CumulativeSlippageTolerancePolicy (budget); Set's GeneralIndexModule (size, cool-off).
    """

    maximum_slippage_ppm: int
    maximum_trade_ppm: int
    maximum_price_age_s: int
    budget_ppm: int
    budget_period_s: int
    cool_off_s: int

    def __post_init__(self) -> None:
        _check("maximum_slippage_ppm", self.maximum_slippage_ppm, 0, PPM)
        _check("maximum_trade_ppm", self.maximum_trade_ppm, 1, 100 * PPM)
        _check("maximum_price_age_s", self.maximum_price_age_s, 1, None)
        _check("budget_ppm", self.budget_ppm, 0, PPM)
        _check("budget_period_s", self.budget_period_s, 1, None)
        _check("cool_off_s", self.cool_off_s, 0, None)

    def largest_trade(self, nav: int) -> int:
        """The most value that one trade may give away."""
        return nav * self.maximum_trade_ppm // PPM

    def largest_loss(self, given: int) -> int:
        """The most that a trade of this value may lose, the budget apart."""
        return given * self.maximum_slippage_ppm // PPM

    def check_time(self, who: str, *, now_s: int, last_trade_s: int | None) -> None:
        """Refuse a trade too soon after the last.

        Raises:
            CoolingOff: the cool-off has not passed.
        """
        if last_trade_s is not None and now_s - last_trade_s < self.cool_off_s:
            raise CoolingOff(who, now_s - last_trade_s, self.cool_off_s, "s since the last trade")

    def check_size(self, who: str, *, given: int, nav: int) -> None:
        """Refuse a trade that gives away too much.

        Raises:
            TradeTooLarge: more than its part of the net asset value.
        """
        if given > self.largest_trade(nav):
            raise TradeTooLarge(who, given, f"at most {self.largest_trade(nav)}", "numeraire base units")

    def check_slippage(self, who: str, *, given: int, loss: int) -> None:
        """Refuse a trade that loses too much of what it gives away.

        Raises:
            SlippageAboveGuard: it does.
        """
        if loss > self.largest_loss(given):
            raise SlippageAboveGuard(who, loss, f"at most {self.largest_loss(given)}", "numeraire base units lost")

    def replenished(self, spent: int, *, elapsed_s: int) -> int:
        """What is still spent of the budget after a time, in parts of the net asset value times ``LOSS_UNIT``."""
        return max(0, spent - self._budget * max(0, elapsed_s) // self.budget_period_s)

    def spend(self, who: str, *, spent: int, loss: int, nav: int) -> int:
        """What is spent after another loss, which is rounded up; ``spent`` is what is left of earlier losses.

        Raises:
            BudgetSpent: more than the budget.
        """
        total = spent + max(0, -(-loss * LOSS_UNIT // nav))
        if total > self._budget and loss > 0:
            raise BudgetSpent(who, total / LOSS_UNIT, f"at most {self._budget / LOSS_UNIT}", "of NAV lost")
        return total

    def left_ppm(self, spent: int) -> int:
        """What is left of the budget, whole millionths of the net asset value, rounded down."""
        return max(0, self._budget - spent) // _LOSS_PER_PPM

    @property
    def _budget(self) -> int:
        return self.budget_ppm * _LOSS_PER_PPM


def _check(name: str, value: object, minimum: int, maximum: int | None) -> None:
    if type(value) is not int or value < minimum or (maximum is not None and value > maximum):
        bounds = f">= {minimum}" if maximum is None else f"from {minimum} to {maximum}"
        raise ValueError(f"guards: {name} must be a whole number {bounds}, had {value!r}")
