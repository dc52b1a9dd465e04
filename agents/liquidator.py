"""A liquidator: repays what others owe and sells what it seizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.hedging import Hedger
from shoal.agents.liquidation import Prospects, Seizure
from shoal.agents.market import Market, taker_change
from shoal.agents.parameters import whole_number, within
from shoal.agents.rebalancing import Rebalancer, Rebalancing
from shoal.agents.selling import sale_of, selling_curves
from shoal.agents.trader import Trader, received
from shoal.sim.calls import Call, Receipt
from shoal.sim.hosts.gas import INTRINSIC_GAS
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.credit.lending_view import LendingView
from shoal.venues.oracle import OracleNews

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class Liquidator(Trader):
    """Liquidates whoever may be liquidated when that pays, and sells the collateral: a share at once, the rest after.

    Knows: the oracle's answers, the lending market and the pools as of the last block, the hedge markets, each one
    latency late; its balances by statement, its fills by receipt. It looks after each block, takes the positions that
    gain most, sends one transaction for each, waits for their blocks, and looks again after the next. Others do the
    same: who comes too late is refused and pays its gas, or, sent privately, is left out.

    The amount is the one that gains most at the curves as they were published, as far as it can be paid for: all of
    the debt, or what the position can pay, or less where selling more would cost more than the incentive brings.
    ``sold_at_once`` of what is seized is sold on the chain's pools inside the liquidation, before it pays; the rest
    is hedged on the exchanges when there is a hedge market, and held where there is none. A position is cleared by
    shares, so that nothing stays owed; should the oracle's answer rise before the block, less is seized than is to be
    sold, and who has no stock of its own is refused.

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
        at_most: positions that it tries to liquidate in one block.
        gas: how it pays.
        builder: sends privately to this builder; None sends publicly.
        rebalance: when to move inventory between chain and exchanges; None never.
        active: False lets it do everything but liquidate; money between hosts is moved as ever.

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
        at_most: int = 8,
        gas: GasTerms,
        builder: str | None = None,
        rebalance: Rebalancing | None = None,
        active: bool = True,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        within(name, 0.0, 1.0, sold_at_once=sold_at_once, tip_share=tip_share)
        within(name, 0.0, 1e300, minimum_profit_quote_tokens=minimum_profit_quote_tokens)
        whole_number(name, minimum=0, slippage_ppm=slippage_ppm)
        whole_number(name, at_most=at_most)
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
        self.at_most = at_most
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
            yield from hedger.run()
            sent = self._send(chain, gas, pools, self._seizures(lending, pools, hedges)) if self.active else []
            for event in sent:
                receipt: Receipt | None = yield from received(event)
                if receipt is not None and hedges:
                    hedger.add(receipt.outcome.output + _sold(receipt))
            yield from hedger.run() if sent else rebalancer.run()

    def _seizures(self, lending: LendingMarket, pools: Sequence[Market], hedges: Sequence[Market]) -> list[Seizure]:
        """The liquidations that gain most, of all that are possible now."""
        view: LendingView | None = self.view(self.market_name)
        news: OracleNews | None = self.view(lending.oracle.name)
        if view is None or news is None or news.answer is None:
            return []
        prospects = Prospects(
            view=view,
            answer=news.answer,
            now_s=self.now_ns // NANOSECONDS_PER_SECOND,
            at_once=selling_curves(self, pools),
            later=selling_curves(self, hedges),
            sold_ppm=round(self.sold_at_once * PPM),
            slippage_ppm=self.slippage_ppm,
            cash=self.spendable(self.world.host_of[self.market_name].name, view.loan),
        )
        return prospects.seizures(self.at_most)

    def _send(
        self, chain: str, gas: Mapping[str, int], pools: Sequence[Market], seizures: Sequence[Seizure]
    ) -> list[simpy.Event]:
        """Send what is worth its gas, as far as its gas can be paid; whoever comes later in the list gains less."""
        sent: list[simpy.Event] = []
        committed_wei = 0
        for one in seizures:
            sale = sale_of(self, pools, one.sold, slippage_ppm=self.slippage_ppm, after=one.sold_before)
            used = gas[self.market_name] + sum(gas[swap.venue] for swap in sale.calls)
            tip_wei = self.bid_wei(
                chain,
                used,
                gain=one.gain,
                share=self.tip_share,
                minimum_quote_tokens=self.minimum_profit_quote_tokens,
            )
            if tip_wei is None:
                break
            committed_wei += self._most_wei(chain, used, tip_wei)
            if committed_wei > self.holding(chain, self.native(chain)):
                # A transaction that cannot be paid for would wait in the pool, and everything with it.
                break
            amount = {"repaid_shares": one.repaid_shares} if one.repaid_shares else {"seized": one.seized}
            call = Call(self.market_name, "liquidate", {"borrower": one.borrower, **amount}, sale.calls)
            event = self.submit(chain, call, tip_wei=tip_wei, builder=self.builder)
            if event is None:
                break
            sent.append(event)
        return sent

    def _most_wei(self, chain: str, gas: int, tip_wei: int) -> int:
        """The most that so much gas may cost."""
        assert self.gas is not None
        return self.gas.max_fee_wei(self.view(chain), tip_wei) * gas


def _sold(receipt: Receipt) -> int:
    """The change of base, below 0, by the swaps inside a liquidation."""
    return sum(taker_change(fill)[0] for one in receipt.inner for fill in one.outcome.fills)
