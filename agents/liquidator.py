"""A liquidator: repays what others owe and sells what it seizes."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import simpy

from shoal.agents.arbitrage import best_size
from shoal.agents.gas import GasTerms
from shoal.agents.hedging import Hedger
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import whole_number, within
from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.selling import proceeds, sale_of, selling_curves
from shoal.agents.trader import Trader, received
from shoal.routing.curve import Curve
from shoal.sim.calls import Call, Receipt
from shoal.sim.hosts.gas import INTRINSIC_GAS
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import DECIMALS

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class Seizure(NamedTuple):
    """A liquidation that pays: whose position, how much, the gain in quote tokens before gas.

    ``repaid_shares`` is 0 where the amount seized is what is asked for.
    """

    borrower: str
    seized: int
    repaid_shares: int
    gain: float


class Liquidator(Trader):
    """Liquidates whoever may be liquidated when that pays, and sells the collateral: a share at once, the rest after.

    Knows: the oracle's answers, the lending market and the pools as of the last block, the hedge markets, each one
    latency late; its balances by statement, its fills by receipt. It looks after each block, takes the position that
    gains most, sends one transaction, waits for its block, and looks again. Others do the same: who comes too late is
    refused and pays its gas, or, sent privately, is left out.

    The amount is the one that gains most at the curves as they were published: all of the debt, or what the position
    can pay, or less where selling more would cost more than the incentive brings. ``sold_at_once`` of what is seized
    is sold on the chain's pools inside the liquidation, before it pays; the rest is hedged on the exchanges when
    there is a hedge market, and held where there is none.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        market: the lending market's name.
        pools: pools of the chain where collateral is sold at once.
        hedges: markets of the pair on exchanges; none holds the rest.
        sold_at_once: share of what is seized; 0 to 1.
        minimum_profit_quote_tokens: least expected gain after gas.
        tip_share: share of the expected gain, after the base fee, that it bids as tip; 0 to 1.
        slippage_ppm: how much less than planned a sale may bring.
        gas: how it pays.
        builder: sends privately to this builder; None sends publicly.
        rebalance: when to move inventory between chain and exchanges; None never.
        active: False lets it do everything but send.

    Raises:
        ValueError: a parameter is out of range.

    Source: Qin, Zhou, Gamito, Jovanovic and Gervais (2021), arXiv 2106.06389; Morpho Blue's liquidations.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        market: str,
        pools: tuple[str, ...],
        hedges: tuple[str, ...] = (),
        sold_at_once: float,
        minimum_profit_quote_tokens: float,
        tip_share: float,
        slippage_ppm: int,
        gas: GasTerms,
        builder: str | None = None,
        rebalance: Rebalancing | None = None,
        active: bool = True,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        within(name, 0.0, 1.0, sold_at_once=sold_at_once, tip_share=tip_share)
        within(name, 0.0, 1e300, minimum_profit_quote_tokens=minimum_profit_quote_tokens)
        whole_number(name, minimum=0, slippage_ppm=slippage_ppm)
        within(name, 0, PPM - 1, slippage_ppm=slippage_ppm)
        if sold_at_once > 0.0 and not pools:
            raise ValueError(f"{name}: to sell at once it needs pools")
        self.market_name = market
        self.pools = pools
        self.hedges = hedges
        self.sold_at_once = sold_at_once
        self.minimum_profit_quote_tokens = minimum_profit_quote_tokens
        self.tip_share = tip_share
        self.slippage_ppm = slippage_ppm
        self.builder = builder
        self.rebalance = rebalance
        self.active = active

    def run(self) -> Process:
        """After each block: hedge what is open, liquidate what pays most, or move money."""
        lending = self.world.venues.get(self.market_name)
        if not isinstance(lending, LendingMarket):
            raise ValueError(f"{self.name}: {self.market_name!r} is no lending market of this world")
        chain = self.world.host_of[self.market_name].name
        pools, hedges = tuple(map(self.market, self.pools)), tuple(map(self.market, self.hedges))
        hosts = (chain, *(market.host for market in hedges))
        for host in hosts:
            self.statement(host)
        hedger = Hedger(self, hedges, slippage_ppm=self.slippage_ppm)
        rebalancer = Rebalancer(self, self.rebalance, hosts=hosts, assets=lending.assets)
        gas = {market.venue: market.gas - INTRINSIC_GAS for market in pools}
        gas[self.market_name] = INTRINSIC_GAS + lending.gas("liquidate")
        while True:
            yield self.changed(chain)
            if not self.active:
                continue
            yield from hedger.run()
            seizure = self._best(lending, pools, hedges)
            if seizure is None or not (yield from self._take(chain, gas, pools, seizure, hedger)):
                yield from rebalancer.run()

    def _take(
        self, chain: str, gas: Mapping[str, int], pools: Sequence[Market], seizure: Seizure, hedger: Hedger
    ) -> Generator[simpy.Event, Any, bool]:
        """Send the liquidation, wait for its block, hedge the rest; False if it was not worth its gas."""
        # In whole numbers: a float could round up to more than there will be.
        sold = seizure.seized * round(self.sold_at_once * PPM) // PPM
        sale = sale_of(self, pools, sold, slippage_ppm=self.slippage_ppm)
        tip_wei = self.bid_wei(
            chain,
            gas[self.market_name] + sum(gas[swap.venue] for swap in sale.calls),
            gain=seizure.gain,
            share=self.tip_share,
            minimum_quote_tokens=self.minimum_profit_quote_tokens,
        )
        if tip_wei is None:
            return False
        amount = {"repaid_shares": seizure.repaid_shares} if seizure.repaid_shares else {"seized": seizure.seized}
        call = Call(self.market_name, "liquidate", {"borrower": seizure.borrower, **amount}, sale.calls)
        event = self.submit(chain, call, tip_wei=tip_wei, builder=self.builder)
        if event is None:
            return False
        receipt: Receipt | None = yield from received(event)
        if receipt is not None and self.hedges:
            change = sum(taker_change(fill)[0] for one in receipt.inner for fill in one.outcome.fills)
            hedger.add(receipt.outcome.output + change)
            yield from hedger.run()
        return True

    # --- what pays ------------------------------------------------------------------------------------------------

    def _best(self, lending: LendingMarket, pools: Sequence[Market], hedges: Sequence[Market]) -> Seizure | None:
        """The liquidation that gains most, of all that are possible now; None if none gains."""
        view: LendingView | None = self.view(self.market_name)
        news = self.view(lending.oracle.name)
        if view is None or news is None or news.answer is None:
            return None
        now_s = self.now_ns // NANOSECONDS_PER_SECOND
        ripe = view.ripe(news.answer, now_s=now_s)
        if not ripe:
            return None
        at_once, later = selling_curves(self, pools), selling_curves(self, hedges)
        cash = self.spendable(self.world.host_of[self.market_name].name, view.loan)
        found = (self._gain(view, name, news.answer, now_s, at_once, later, cash) for name in ripe)
        best = max((one for one in found if one is not None), key=lambda one: one.gain, default=None)
        return best if best is not None and best.gain > 0.0 else None

    def _gain(
        self,
        view: LendingView,
        borrower: str,
        answer: int,
        now_s: int,
        at_once: Sequence[Curve],
        later: Sequence[Curve],
        cash: int,
    ) -> Seizure | None:
        """The best amount of one position: all of it, or what earns most, within what it can pay for."""
        position = view.positions[borrower]
        whole = min(position.collateral, view.seizure(position.borrow_shares, answer, now_s=now_s))

        def repaid(seized: int) -> int:
            return view.repayment(seized, answer, now_s=now_s)[0]

        def gain(tokens: float) -> float:
            rest = tokens * (1.0 - self.sold_at_once)
            # What has no market is held, at the price that the oracle says.
            kept = proceeds(later, rest) if later else rest * answer / 10**DECIMALS
            sold = proceeds(at_once, tokens - rest)
            return sold + kept - view.loan.tokens(repaid(view.collateral.floor(tokens)))

        most = view.collateral.tokens(whole)
        # A gain that still rises at the end is largest there.
        rises = gain(most) >= gain(0.98 * most)
        seized = whole if rises else view.collateral.floor(best_size(gain, most))
        affordable = self._affordable(view, at_once, seized, repaid(seized), cash)
        if affordable <= 0:
            return None
        clears = affordable == whole < position.collateral
        shares = position.borrow_shares if clears else 0
        return Seizure(borrower, affordable, shares, gain(view.collateral.tokens(affordable)))

    def _affordable(self, view: LendingView, at_once: Sequence[Curve], seized: int, repaid: int, cash: int) -> int:
        """As much of what is seized as its cash and the sale's least proceeds pay for."""
        if not seized or not repaid:
            return 0
        least = proceeds(at_once, view.collateral.tokens(seized) * self.sold_at_once) * (PPM - self.slippage_ppm) / PPM
        in_hand = cash + view.loan.floor(least)
        return seized if repaid <= in_hand else seized * in_hand // repaid * 99 // 100
