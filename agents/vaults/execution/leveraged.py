"""Leverage through a lending market, in hops."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import simpy

from shoal.agents.parameters import positive, whole_number, within
from shoal.agents.vaults.guard_check import objection_to
from shoal.agents.vaults.orders import Order
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.rebalance import Ended, Execution, Rebalance
from shoal.agents.vaults.trigger import Move
from shoal.sim.calls import AllOf, Call
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, Asset

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk
    from shoal.agents.vaults.planning import PlannedLeg
    from shoal.venues.credit.lending_view import LendingView

# Interest until the transaction lands, and the rounding of shares, on top of a debt that is to be paid back whole.
_LAST: Final = 1.0001
# A sale may bring more than planned, and nobody can pay more than is owed.
_SURPRISE: Final = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class HopTerms:
    """How one hop trades.

    Args:
        slippage_ppm: how much less than planned each leg may bring.
        maximum_quote_tokens: the largest hop.
        cool_off_ns: from the end of a hop to the next; 0 sends the next one at once.

    Raises:
        ValueError: a parameter is out of range.
    """

    slippage_ppm: int
    maximum_quote_tokens: float = math.inf
    cool_off_ns: int = 0

    def __post_init__(self) -> None:
        whole_number("hop terms", minimum=0, slippage_ppm=self.slippage_ppm, cool_off_ns=self.cool_off_ns)
        within("hop terms", 0, PPM - 1, slippage_ppm=self.slippage_ppm)
        if not self.maximum_quote_tokens > 0.0:
            raise ValueError(f"hop terms: maximum_quote_tokens must be above 0, had {self.maximum_quote_tokens!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ripcord:
    """When a vault may not wait for its trigger.

    Args:
        leverage: from which it is pulled.
        to: leverage to come down to.
        terms: of the hops.

    Raises:
        ValueError: not 0 < to <= leverage.
    """

    leverage: float
    to: float
    terms: HopTerms

    def __post_init__(self) -> None:
        if not 0.0 < self.to <= self.leverage < math.inf:
            raise ValueError(f"ripcord: needs 0 < to <= leverage, had {self.to!r} and {self.leverage!r}")


class _Loan(NamedTuple):
    """The vault's position in whole tokens, and the oracle's price by which it is judged."""

    collateral: float
    debt: float
    price: float
    lltv: float
    liquidity: float
    shares: int


class Leveraged(Execution):
    """Holds one asset as collateral and borrows the numeraire against it; each hop is one transaction of the vault.

    Up: what is idle and borrowed buys the asset, which becomes collateral. A hop borrows at most
    collateral value x LLTV x (1 - unused) - debt, and what the market has. Down: collateral is freed, sold, and the
    debt paid with it; a hop frees at most collateral x (limit - debt) / limit with limit = collateral value x LLTV x
    (1 - unused), which is nothing once the debt has reached the limit: near liquidation it takes many hops, and then
    none is possible. Hops go on until the leverage is there, or the price has brought it there from the other side.

    Values are at the lending market's oracle, as the market judges. With a ripcord, a leverage at or above it is
    brought down whatever the trigger says, on the ripcord's terms.

    Args:
        asset: the collateral.
        terms: of ordinary hops.
        unused: share of what could be borrowed that is left unused; 0 to below 1.
        ripcord: when not to wait; None never.
        maximum_hops: after which it gives up and ends ``partial``.
        minimum_quote_tokens: dust; less is not traded.

    Raises:
        ValueError: a parameter is out of range.

    Source: Index Coop, FlexibleLeverageStrategyAdapter: ``_calculateMaxBorrowCollateral``, ``iterateRebalance``,
    ``ripcord`` (without its bounty).
    """

    borrows = True

    def __init__(
        self,
        asset: Asset,
        *,
        terms: HopTerms,
        unused: float = 0.01,
        ripcord: Ripcord | None = None,
        maximum_hops: int = 20,
        minimum_quote_tokens: float = 1.0,
    ) -> None:
        whole_number("leveraged", maximum_hops=maximum_hops)
        positive("leveraged", minimum_quote_tokens=minimum_quote_tokens)
        if not 0.0 <= unused < 1.0:
            raise ValueError(f"leveraged: unused must lie in 0 to below 1, had {unused!r}")
        self.asset = asset
        self.terms = terms
        self.unused = unused
        self.ripcord = ripcord
        self.maximum_hops = maximum_hops
        self.minimum_quote_tokens = minimum_quote_tokens

    def prepare(self, desk: Desk) -> None:
        """Check that the vault may borrow against the asset.

        Raises:
            ValueError: it may not.
        """
        if self.asset not in desk.lending:
            raise ValueError(f"{desk.trader.name}: {desk.vault} has no lending market for {self.asset}")

    def urgent(self, portfolio: Portfolio) -> Move | None:
        """Down to the ripcord's leverage, if it is due."""
        exposure, ripcord = portfolio.exposure, self.ripcord
        if ripcord is None or exposure is None or exposure < ripcord.leverage:
            return None
        return Move({self.asset: ripcord.to}, f"ripcord: leverage {exposure:.4f}")

    def carry_out(self, desk: Desk, rebalance: Rebalance) -> Generator[simpy.Event, Any, Ended]:
        """Hop after hop, until nothing is left to do."""
        pulled = self.urgent(rebalance.portfolio) is not None
        terms = self.ripcord.terms if self.ripcord is not None and pulled else self.terms
        first_side, why = 0, ""
        for number in range(self.maximum_hops):
            if number and terms.cool_off_ns:
                yield from desk.rest(terms.cool_off_ns)
            portfolio = desk.look()
            if isinstance(portfolio, str):
                return rebalance.ended(portfolio)
            if not pulled and self.urgent(portfolio) is not None:
                return rebalance.ended("the ripcord is due")
            order = self._order(portfolio, rebalance)
            first_side = first_side or (0 if order is None else order.side)
            if order is None or order.side != first_side:
                return Ended("done") if rebalance.traded else self._idle(desk, rebalance)
            why = yield from self._hop(desk, rebalance, portfolio, order, terms)
            if why and (not number or not terms.cool_off_ns):
                return rebalance.ended(why)
        return rebalance.ended(f"{self.maximum_hops} hops were not enough" + (f": {why}" if why else ""))

    def _idle(self, desk: Desk, rebalance: Rebalance) -> Ended:
        return desk.idle(rebalance.portfolio, rebalance.weights, self.minimum_quote_tokens)

    # --- what is left to do -----------------------------------------------------------------------------------------

    def _order(self, portfolio: Portfolio, rebalance: Rebalance) -> Order | None:
        """What is left to do; None if that is nothing."""
        price = portfolio.prices[self.asset]
        missing = rebalance.weights[self.asset] * portfolio.nav - portfolio.holdings[self.asset] * price
        if abs(missing) < self.minimum_quote_tokens:
            return None
        side = 1 if missing > 0.0 else -1
        return Order(self.asset, side, missing if side > 0 else -missing / price, abs(missing))

    def _loan(self, desk: Desk) -> _Loan | None:
        view: LendingView | None = desk.trader.view(desk.lending[self.asset])
        oracle = desk.trader.view(desk.lending_oracles[self.asset])
        if view is None or oracle is None or oracle.price is None:
            return None
        position = view.positions.get(desk.vault)
        debt = view.debt(desk.vault, now_s=desk.trader.now_ns // NANOSECONDS_PER_SECOND)
        return _Loan(
            collateral=0.0 if position is None else self.asset.tokens(position.collateral),
            debt=desk.numeraire.tokens(debt),
            price=oracle.price,
            lltv=view.lltv_ppm / PPM,
            liquidity=desk.numeraire.tokens(view.liquidity),
            shares=0 if position is None else position.borrow_shares,
        )

    # --- one hop ----------------------------------------------------------------------------------------------------

    def _hop(
        self, desk: Desk, rebalance: Rebalance, portfolio: Portfolio, order: Order, terms: HopTerms
    ) -> Generator[simpy.Event, Any, str]:
        """Send one hop; why it did not go through, or nothing."""
        loan = self._loan(desk)
        if loan is None:
            return f"no price of {self.asset}: {desk.lending_oracles[self.asset]} has no answer"
        room = (
            self._room_up(desk, loan) if order.side > 0 else self._room_down(desk, loan) * portfolio.prices[self.asset]
        )
        (cut,), _ = desk.within_guard(portfolio, (order.cut(min(room, terms.maximum_quote_tokens)),))
        if cut.value < min(self.minimum_quote_tokens, order.value):
            way = "borrow" if order.side > 0 else "free"
            return f"nothing left to {way}: debt of {loan.debt:.2f} against {loan.collateral:.6g} {self.asset}"
        planned = desk.plan((cut,), slippage_ppm=terms.slippage_ppm, minimum_value=self.minimum_quote_tokens)
        if not planned.legs:
            return planned.why
        objection = objection_to(planned.legs, desk=desk)
        if objection is not None:
            return objection
        calls = self._up(desk, planned.legs) if order.side > 0 else self._down(desk, planned.legs, loan)
        sent = yield from desk.trade(rebalance, planned.legs, calls)
        return sent.why

    def _limit(self, loan: _Loan, collateral: float) -> float:
        return collateral * loan.price * loan.lltv * (1.0 - self.unused)

    def _room_up(self, desk: Desk, loan: _Loan) -> float:
        """The most a hop can spend: what is idle, and what may be borrowed before the hop's own purchase counts."""
        borrowable = self._limit(loan, loan.collateral + desk.on_chain(self.asset)) - loan.debt
        return desk.on_chain(desk.numeraire) + max(0.0, min(borrowable, loan.liquidity))

    def _room_down(self, desk: Desk, loan: _Loan) -> float:
        """The most a hop can sell, tokens of the asset: what is idle, and the collateral that may be freed."""
        limit = self._limit(loan, loan.collateral)
        free = loan.collateral * max(0.0, limit - loan.debt) / limit if limit > 0.0 else 0.0
        return desk.on_chain(self.asset) + free

    def _up(self, desk: Desk, legs: tuple[PlannedLeg, ...]) -> list[Call]:
        market = desk.lending[self.asset]
        borrowed = sum(leg.amount_in for leg in legs) - desk.held(desk.numeraire)
        calls = []
        if borrowed > 0:
            if desk.held(self.asset):
                calls.append(Call(market, "supply_collateral", {"amount": AllOf(self.asset)}))
            calls.append(Call(market, "borrow", {"amount": borrowed}))
        return [*calls, *(leg.swap for leg in legs), Call(market, "supply_collateral", {"amount": AllOf(self.asset)})]

    def _down(self, desk: Desk, legs: tuple[PlannedLeg, ...], loan: _Loan) -> list[Call]:
        market, numeraire = desk.lending[self.asset], desk.numeraire
        freed = sum(leg.amount_in for leg in legs) - desk.held(self.asset)
        calls = [Call(market, "withdraw_collateral", {"amount": freed})] if freed > 0 else []
        calls += [leg.swap for leg in legs]
        if not loan.shares:
            return calls
        least = desk.on_chain(numeraire) + numeraire.tokens(sum(leg.minimum_out for leg in legs))
        most = desk.on_chain(numeraire) + math.fsum(leg.expected_out for leg in legs) * (1.0 + _SURPRISE)
        if least > loan.debt * _LAST:
            payment: dict[str, Any] = {"shares": loan.shares}
        elif most < loan.debt:
            payment = {"amount": AllOf(numeraire)}
        else:
            payment = {"amount": numeraire.floor(min(least, loan.debt / _LAST))}
        return [*calls, Call(market, "repay", payment)]
