"""A borrower: opens a position, and perhaps defends it."""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, Final, Literal

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.parameters import whole_number, within
from shoal.agents.selling import sale_of
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import DECIMALS, OracleNews

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World

Conduct = Literal["passive", "tops up", "deleverages"]
# Each half as large as the one before, until one helps.
_ATTEMPTS: Final = 5
_CONDUCTS: Final = ("passive", "tops up", "deleverages")


class Borrower(Trader):
    """Puts collateral up, borrows, and spends the loan elsewhere; when its health gets low it acts, or does not.

    Knows: the oracle's answers and the lending market as they were published, one latency late; its free balances by
    statement. Passive borrowers do nothing after the loan. Who tops up adds collateral of its own until its health is
    restored, as long as it has any; who deleverages sells collateral on the chain's pools, in the transaction that
    repays the debt with the proceeds, if that makes its health any better. One attempt at an answer, one at a time.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        market: the lending market's name.
        collateral: base units it puts up.
        debt: base units of the loan asset it borrows.
        conduct: what it does when its health gets low.
        low_health: below this it acts; above 1.
        restored_health: what it then aims at.
        pools: venues of the chain where it sells collateral; needed by who deleverages.
        slippage_ppm: how much less than quoted a sale may bring.
        gas: how it pays.

    Raises:
        ValueError: a parameter is out of range.

    Source: Morpho Blue's positions; conduct as in Perez, Werner, Xu and Livshits (2021), arXiv 2009.13235.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        market: str,
        collateral: int,
        debt: int,
        conduct: Conduct,
        low_health: float = 1.05,
        restored_health: float = 1.2,
        pools: tuple[str, ...] = (),
        slippage_ppm: int = 10_000,
        gas: GasTerms,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        whole_number(name, collateral=collateral, debt=debt)
        whole_number(name, minimum=0, slippage_ppm=slippage_ppm)
        within(name, 0, PPM - 1, slippage_ppm=slippage_ppm)
        within(name, 1.0, 1e6, low_health=low_health, restored_health=restored_health)
        if conduct not in _CONDUCTS:
            raise ValueError(f"{name}: conduct must be one of {', '.join(_CONDUCTS)}, had {conduct!r}")
        if restored_health <= low_health:
            raise ValueError(f"{name}: restored_health {restored_health!r} must be above low_health {low_health!r}")
        if conduct == "deleverages" and not pools:
            raise ValueError(f"{name}: who deleverages needs pools to sell at")
        self.market_name = market
        self.collateral = collateral
        self.debt = debt
        self.conduct = conduct
        self.low_health = low_health
        self.restored_health = restored_health
        self.pools = pools
        self.slippage_ppm = slippage_ppm

    def run(self) -> Process:
        """Open the position; then look at each new answer, if it looks at all."""
        lending = self.world.venues.get(self.market_name)
        if not isinstance(lending, LendingMarket):
            raise ValueError(f"{self.name}: {self.market_name!r} is no lending market of this world")
        chain, oracle = self.world.host_of[self.market_name].name, lending.oracle.name
        self.statement(chain)
        yield from self._open(chain, oracle)
        considered = 0
        while self.conduct != "passive":
            news: OracleNews | None = self.view(oracle)
            if news is None or news.round_id == considered:
                yield self.changed(oracle)
                continue
            # What arrived while a transaction was on its way counts, too.
            considered = news.round_id
            call = self._defence(news, chain)
            event = None if call is None else self.submit(chain, call)
            if event is not None:
                yield from self._landed(event)

    def _landed(self, event: simpy.Event) -> Generator[simpy.Event, Any, bool]:
        """Wait until the market's feed shows what a transaction did; False if it was refused."""
        receipt = yield from received(event)
        if receipt is not None:
            yield from self.shown(self.market_name, receipt.time_ns)
        return receipt is not None

    def _open(self, chain: str, oracle: str) -> Process:
        """Pledge and borrow in one transaction, again after each block until lenders and oracle allow it."""
        calls = (
            Call(self.market_name, "supply_collateral", {"amount": self.collateral}),
            Call(self.market_name, "borrow", {"amount": self.debt}),
        )
        while True:
            event = self.submit(chain, *calls) if self._may_open(chain, oracle) else None
            if event is not None and (yield from self._landed(event)):
                return
            yield self.changed(chain)

    def _may_open(self, chain: str, oracle: str) -> bool:
        """Whether the loan would be granted, by what was published: asking for nothing costs gas, too."""
        view: LendingView | None = self.view(self.market_name)
        news: OracleNews | None = self.view(oracle)
        if view is None or news is None or news.answer is None or view.liquidity < self.debt:
            return False
        if self.holding(chain, view.collateral) < self.collateral:
            return False
        worth = view.collateral.tokens(self.collateral) * news.answer / 10**DECIMALS
        return view.loan.tokens(self.debt) * PPM <= worth * view.lltv_ppm

    def _defence(self, news: OracleNews, chain: str) -> Call | None:
        """What it does now; None if its health will do or it has nothing to do it with."""
        view: LendingView | None = self.view(self.market_name)
        answer = news.answer
        if view is None or answer is None or self.name not in view.positions:
            return None
        now_s = self.now_ns // NANOSECONDS_PER_SECOND
        health = view.health(self.name, answer, now_s=now_s)
        if not 0.0 < health < self.low_health:
            return None
        debt = view.loan.tokens(view.debt(self.name, now_s=now_s))
        held = view.collateral.tokens(view.positions[self.name].collateral)
        price = answer / 10**DECIMALS
        threshold = view.lltv_ppm / PPM * price
        missing = self.restored_health * debt - threshold * held
        if self.conduct == "tops up":
            amount = min(view.collateral.floor(missing / threshold), self.spendable(chain, view.collateral))
            return Call(self.market_name, "supply_collateral", {"amount": amount}) if amount > 0 else None
        relief = self.restored_health * price * (PPM - self.slippage_ppm) / PPM - threshold
        amount = view.collateral.floor(min(held, missing / relief)) if relief > 0.0 else 0
        return self._deleverage(view, amount, health=health, threshold=threshold)

    def _deleverage(self, view: LendingView, amount: int, *, health: float, threshold: float) -> Call | None:
        """Sell so much collateral, or less where pools are so shallow that less is what helps, and repay with it."""
        markets = tuple(self.market(pool) for pool in self.pools)
        held, owed = view.positions[self.name].collateral, view.debt(self.name)
        for _ in range(_ATTEMPTS):
            sale = sale_of(self, markets, amount, slippage_ppm=self.slippage_ppm)
            sold = sum(int(call.arguments["amount_in"]) for call in sale.calls)
            repaid = min(owed, sum(int(call.arguments["minimum_out"]) for call in sale.calls))
            if not repaid:
                return None
            worth, left = threshold * view.collateral.tokens(held - sold), view.loan.tokens(owed - repaid)
            # The market takes nothing back from who is unhealthy after it.
            if worth > max(1.0, health) * left:
                release = Call(self.market_name, "withdraw_collateral", {"amount": sold})
                return Call(self.market_name, "repay", {"amount": repaid}, (release, *sale.calls))
            amount //= 2
        return None
