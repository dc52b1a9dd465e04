"""Owners of a pool's liquidity, who may take it away when the market gets rough."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.market import Market
from shoal.agents.parameters import positive, whole_number
from shoal.agents.trader import Trader
from shoal.agents.volatility import RealisedVolatility
from shoal.sim.calls import Call

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class LiquidityProvider(Trader):
    """Deposits at the start, withdraws all when volatility is high, and comes back after it has been calm for a while.

    Knows: the outside mid, one latency late, every ``interval_ns``, of which it keeps an exponentially weighted
    volatility; the liquidity it owns by receipt. It deposits at the ratio of the pool, at most the amounts it set out
    with or got back, and pays gas each time.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        pool: a constant product pool on a chain.
        reference: the outside market.
        base_tokens: at most so much base at the start.
        quote_tokens: at most so much quote at the start.
        interval_ns: how often it looks.
        withdraw_volatility: leaves above it, fraction per square-root year; infinite never leaves.
        return_volatility: comes back below it.
        calm_s: after so many seconds below it.
        start_volatility: what it takes volatility to be before it has seen a price.
        volatility_half_life_s: half-life of the weights.
        gas: how it pays.

    Raises:
        ValueError: a parameter is out of range.

    Source: passive full-range provision; withdrawal in stress as liquidity providers did in March 2020 (assumed rule).
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        pool: str,
        reference: str,
        base_tokens: float,
        quote_tokens: float,
        interval_ns: int,
        withdraw_volatility: float,
        return_volatility: float,
        calm_s: float,
        start_volatility: float,
        volatility_half_life_s: float,
        gas: GasTerms,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, interval_ns=interval_ns)
        positive(name, base_tokens=base_tokens, quote_tokens=quote_tokens, return_volatility=return_volatility)
        if not withdraw_volatility >= return_volatility:
            raise ValueError(f"{name}: withdraw_volatility {withdraw_volatility!r} is below return_volatility")
        if not calm_s >= 0.0:
            raise ValueError(f"{name}: calm_s must be a number of seconds >= 0, had {calm_s!r}")
        self.pool = pool
        self.reference = reference
        self.base_tokens = base_tokens
        self.quote_tokens = quote_tokens
        self.interval_ns = interval_ns
        self.withdraw_volatility = withdraw_volatility
        self.return_volatility = return_volatility
        self.calm_s = calm_s
        self.liquidity = 0
        self._volatility = RealisedVolatility(start=start_volatility, half_life_s=volatility_half_life_s)
        self._amounts = (0, 0)

    def run(self) -> Process:
        """Deposit, then look at each interval whether to leave or to come back."""
        market = self.market(self.pool)
        self._amounts = (market.base.floor(self.base_tokens), market.quote.floor(self.quote_tokens))
        calm_since_ns = self.now_ns
        wants_in = True
        while True:
            price = self.mid(self.reference)
            if price is not None:
                self._volatility.update(self.now_ns, price)
            volatility = self._volatility.annual
            if volatility >= self.return_volatility:
                calm_since_ns = self.now_ns
            if volatility > self.withdraw_volatility:
                wants_in = False
            elif not wants_in and self.now_ns - calm_since_ns >= self.calm_s * 1e9:
                wants_in = volatility < self.return_volatility
            if wants_in and not self.liquidity:
                yield from self._deposit(market)
            elif not wants_in and self.liquidity:
                yield from self._withdraw(market)
            yield self.sleep(self.interval_ns)

    def _deposit(self, market: Market) -> Generator[simpy.Event, Any, None]:
        base, quote = self._amounts
        call = Call(market.venue, "add_liquidity", {"amount_base": base, "amount_quote": quote, "minimum_liquidity": 1})
        receipt = yield from self.settle(market.host, call)
        if receipt is not None:
            self.liquidity = receipt.outcome.output

    def _withdraw(self, market: Market) -> Generator[simpy.Event, Any, None]:
        arguments = {"liquidity": self.liquidity, "minimum_base": 0, "minimum_quote": 0}
        receipt = yield from self.settle(market.host, Call(market.venue, "remove_liquidity", arguments))
        if receipt is not None:
            self.liquidity = 0
            details = receipt.outcome.details
            self._amounts = (details["base"], details["quote"])
