"""The executor's desk: what executions know of a vault and its markets, and how they trade for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import simpy

from shoal.agents.market import Market
from shoal.agents.vaults.log import NO_TRANSACTION, UNFILLED, Leg, RebalanceLog
from shoal.agents.vaults.orders import Order, drift_of, orders_for
from shoal.agents.vaults.planning import Planned, PlannedLeg, Where, plan_orders
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.rebalance import Ended, Rebalance
from shoal.sim.calls import Call, Receipt
from shoal.sim.errors import Refusal
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, Asset
from shoal.venues.vault.share_math import SHARE_DECIMALS
from shoal.venues.vault.vault import Vault

if TYPE_CHECKING:
    from shoal.agents.trader import Trader
    from shoal.venues.credit.lending_view import LendingView
    from shoal.venues.vault.vault_view import VaultView

# A trade cut to its limit leaves room for what prices do until it lands.
_ROOM: Final = 0.99
# What is left below this share of the net asset value is rounding.
_SMALL: Final = 1e-6


class Filled(NamedTuple):
    """What a leg did, in base units, and how it ended: ``ok``, or the code of what was refused."""

    amount_in: int
    amount_out: int
    result: str


class Sent(NamedTuple):
    """What became of a transaction: its receipt, or why there is none."""

    receipt: Receipt | None
    why: str


class Desk:
    """One vault's executor at work: views one latency late, prices, plans, guards, and transactions with their records.

    Args:
        trader: who sends and pays gas; the vault's manager.
        vault: the vault's name.
        prices: by risky asset, the feed of the price it decides on.
        markets: by risky asset, venues where it may trade it against the numeraire.
        builder: sends privately to this builder; None sends publicly.
        log: the experimenter's book, or None.
        observe: what there is to do with new prices while an execution waits.
        interval_ns: how often to do it; None never.

    Raises:
        ValueError: there is no such vault, its assets are others, or a market is one it may not trade at.
    """

    def __init__(
        self,
        trader: Trader,
        *,
        vault: str,
        prices: Mapping[Asset, str],
        markets: Mapping[Asset, Sequence[str]],
        builder: str | None,
        log: RebalanceLog | None,
        observe: Callable[[], object],
        interval_ns: int | None,
    ) -> None:
        contract = trader.world.venues.get(vault)
        if not isinstance(contract, Vault):
            raise ValueError(f"{trader.name}: {vault!r} is no vault of this world")
        if set(prices) != set(contract.oracles):
            raise ValueError(
                f"{trader.name}: prices must name a feed for each of {', '.join(map(str, contract.oracles))}"
            )
        self.trader = trader
        self.vault = vault
        self.chain = trader.world.host_of[vault].name
        # What a contract was deployed with never changes: it is known without a feed.
        self.numeraire = contract.numeraire
        self.guards = contract.guards
        self.oracles = {asset: oracle.name for asset, oracle in contract.oracles.items()}
        self.lending = {asset: market.name for asset, market in contract.lending.items()}
        self.lending_oracles = {asset: market.oracle.name for asset, market in contract.lending.items()}
        self.custody_cap_ppm = contract.custody_cap_ppm
        self.assets = tuple(sorted(prices))
        self.builder = builder
        self.log = log
        self._prices = dict(prices)
        self._observe = observe
        self._interval_ns = interval_ns
        self.markets = {asset: self._markets(asset, markets.get(asset, ()), contract.venues) for asset in self.assets}

    def _markets(self, asset: Asset, names: Sequence[str], allowed: Sequence[str]) -> tuple[Market, ...]:
        markets = tuple(self.trader.market(name) for name in names)
        for market in markets:
            if (market.base, market.quote) != (asset, self.numeraire):
                pair = f"{market.base} in {market.quote}"
                raise ValueError(f"{self.trader.name}: {market.venue} trades {pair}, not {asset} in {self.numeraire}")
            if market.host == self.chain and market.venue not in allowed:
                raise ValueError(f"{self.trader.name}: {self.vault} may not call {market.venue}; put it on its list")
        return markets

    @property
    def visibility(self) -> str:
        """Who sees its transactions before they land: everybody, or one builder."""
        return "public" if self.builder is None else self.builder

    # --- what it knows --------------------------------------------------------------------------------------------

    def view(self) -> VaultView | None:
        """The vault as it was published, or None."""
        view: VaultView | None = self.trader.view(self.vault)
        return view

    def prices(self) -> dict[Asset, float] | str:
        """The prices it decides on, or why one is missing."""
        prices = {}
        for asset in self.assets:
            item = self.trader.view(self._prices[asset])
            price = None if item is None else item.price if hasattr(item, "price") else item.mid
            if price is None or not 0.0 < price < math.inf:
                return f"no price of {asset}: {self._prices[asset]} shows {price}"
            prices[asset] = price
        return prices

    def portfolio(self, prices: Mapping[Asset, float]) -> Portfolio | None:
        """What the vault has, in custody and as collateral too, debt taken off; None before its shares are known."""
        view = self.view()
        if view is None or not view.supply:
            return None
        net = {asset: view.net(asset) for asset in (*self.assets, self.numeraire)}
        for asset, market in self.lending.items():
            # The vault does not speak when interest accrues or collateral is liquidated; the lending market does.
            news: LendingView | None = self.trader.view(market)
            if news is not None:
                position = news.positions.get(self.vault)
                net[asset] += (0 if position is None else position.collateral) - view.collateral.get(asset, 0)
        cash = self.numeraire.tokens(net.pop(self.numeraire) + view.debt - self.debt())
        holdings = {asset: asset.tokens(amount) for asset, amount in net.items()}
        return Portfolio(self.trader.now_ns, prices, holdings, cash, view.supply / 10**SHARE_DECIMALS)

    def look(self) -> Portfolio | str:
        """What the vault has at the prices of now, or why that is not known or worth nothing."""
        prices = self.prices()
        if isinstance(prices, str):
            return prices
        portfolio = self.portfolio(prices)
        return portfolio if portfolio is not None and portfolio.nav > 0.0 else "no net asset value"

    def debt(self) -> int:
        """What the vault owes to lending markets by their own feeds, with interest until now, numeraire base units."""
        now_s = self.trader.now_ns // NANOSECONDS_PER_SECOND
        views = (self.trader.view(market) for market in self.lending.values())
        return sum(view.debt(self.vault, now_s=now_s) for view in views if view is not None)

    def held(self, asset: Asset) -> int:
        """Base units of an asset that the vault holds itself."""
        view = self.view()
        return 0 if view is None else view.holdings.get(asset, 0)

    def reported(self, asset: Asset) -> int:
        """Base units of an asset that the vault believes to be in custody."""
        view = self.view()
        return 0 if view is None else view.custody.get(asset, 0)

    def on_chain(self, asset: Asset) -> float:
        """Tokens of an asset that the vault holds itself."""
        return asset.tokens(self.held(asset))

    def orders(
        self, portfolio: Portfolio, weights: Mapping[Asset, float], *, minimum_value: float, kept: float
    ) -> tuple[Order, ...]:
        """The orders from a portfolio to weights that the vault can pay from what it holds on the chain."""
        available = {asset: self.on_chain(asset) for asset in self.assets}
        cash = self.on_chain(self.numeraire)
        return orders_for(portfolio, weights, available=available, cash=cash, minimum_value=minimum_value, kept=kept)

    def idle(self, portfolio: Portfolio, weights: Mapping[Asset, float], minimum_value: float) -> Ended:
        """How a rebalance without orders ends: there is nothing to trade, or nothing to pay with."""
        drift = drift_of(portfolio, weights)
        if drift < minimum_value or drift == 0.0:
            return Ended("held", f"dust: {drift:.2f} {self.numeraire} to trade, less than {minimum_value:g}")
        return Ended("refused", f"nothing on {self.chain} to pay with: {drift:.2f} {self.numeraire} to trade")

    # --- plans ----------------------------------------------------------------------------------------------------

    def plan(
        self, orders: Sequence[Order], *, slippage_ppm: int, minimum_value: float = 0.0, where: Where = "chain"
    ) -> Planned:
        """Route orders over the markets as they were published; ``plan_orders`` says how."""
        views = {
            market.venue: self.trader.view(market.venue) for order in orders for market in self.markets[order.asset]
        }
        return plan_orders(
            orders,
            self.markets,
            views,
            numeraire=self.numeraire,
            slippage_ppm=slippage_ppm,
            minimum_value=minimum_value,
            where=where,
        )

    def within_guard(self, portfolio: Portfolio, orders: Sequence[Order]) -> tuple[tuple[Order, ...], str]:
        """The orders, all cut alike to what one trade of the vault may give away, and a word if they were cut."""
        sold = math.fsum(order.value for order in orders if order.side < 0)
        bought = math.fsum(order.value for order in orders if order.side > 0)
        given, most = max(sold, bought), portfolio.nav * self.guards.maximum_trade_ppm / PPM
        if given <= most:
            return tuple(orders), ""
        share = most * _ROOM / given
        text = f"cut to the largest trade: {given:.2f} {self.numeraire} wanted, {most:.2f} allowed"
        return tuple(order.cut(order.value * share) for order in orders), text

    # --- what it does ---------------------------------------------------------------------------------------------

    def trade(
        self, rebalance: Rebalance, legs: Sequence[PlannedLeg], calls: Sequence[Call] | None = None
    ) -> Generator[simpy.Event, Any, Sent]:
        """Send one transaction in which the vault trades all legs, wait, and record them.

        Args:
            rebalance: what they belong to.
            legs: the swaps among the calls, in their order.
            calls: everything the vault calls; the swaps alone if not given.
        """
        calls = tuple(leg.swap for leg in legs) if calls is None else tuple(calls)
        self.start(rebalance)
        sent_ns = self.trader.now_ns
        sent = yield from self.transact(Call(self.vault, "trade", {}, calls))
        self.settle(rebalance, legs, calls, sent, sent_ns)
        return sent

    def start(self, rebalance: Rebalance) -> None:
        """Begin a slice: something is about to be sent."""
        rebalance.part += 1
        if self.log is not None and rebalance.opened is not None:
            self.log.start(rebalance.opened)

    def settle(
        self, rebalance: Rebalance, legs: Sequence[PlannedLeg], calls: Sequence[Call], sent: Sent, sent_ns: int
    ) -> list[tuple[PlannedLeg, Filled]]:
        """Record the legs of a transaction, and what each did; the fee of all of it stands on the first."""
        landed, filled = sent.receipt, [Filled(0, 0, sent.why.partition(":")[0])] * len(legs)
        if landed is not None:
            rebalance.traded = True
            # What ran inside the vault's own call comes last.
            ran = landed.inner[-len(calls) :]
            swaps = [one.outcome for one in ran if one.call.verb.startswith("swap")]
            filled = [Filled(leg.amount_in, out.output, "ok") for leg, out in zip(legs, swaps, strict=True)]
        elif self.log is not None:
            landed = self.log.receipt_of(self.trader.name, sent_ns)
        fee = 0 if landed is None else landed.fee_wei
        for index, (leg, one) in enumerate(zip(legs, filled, strict=True)):
            self.record(rebalance, leg, one, sent_ns=sent_ns, landed=landed, gas_raw=0 if index else fee)
        return list(zip(legs, filled, strict=True))

    def transact(self, *calls: Call) -> Generator[simpy.Event, Any, Sent]:
        """Send one transaction and wait until its block, and what the vault then published, are known here."""
        return (yield from self.answer(self.post(*calls)))

    def post(self, *calls: Call) -> simpy.Event | None:
        """Send one transaction; None before the chain's first block is known."""
        return self.trader.submit(self.chain, *calls, builder=self.builder)

    def answer(self, event: simpy.Event | None) -> Generator[simpy.Event, Any, Sent]:
        """Wait for a transaction's block and what the vault, and markets that it borrows from, then published."""
        if event is None:
            return Sent(None, f"nothing known of chain {self.chain} yet")
        try:
            receipt: Receipt = yield event
        except Refusal as refusal:
            return Sent(None, f"{refusal.code}: {refusal}")
        # A loan moves between two feeds, and each has a latency of its own.
        touched = {one.call.venue for one in receipt.inner}
        for feed in (self.vault, *(market for market in self.lending.values() if market in touched)):
            yield from self.trader.shown(feed, receipt.time_ns)
        return Sent(receipt, "")

    def rest(self, duration_ns: int) -> Generator[simpy.Event, Any, None]:
        """Let time pass, and observe prices meanwhile."""
        trader = self.trader
        until_ns, step_ns = trader.now_ns + duration_ns, self._interval_ns or duration_ns
        while (left_ns := until_ns - trader.now_ns) > 0:
            yield trader.sleep(min(left_ns, step_ns))
            self._observe()

    # --- records --------------------------------------------------------------------------------------------------

    def record(
        self,
        rebalance: Rebalance,
        leg: PlannedLeg,
        filled: Filled,
        *,
        sent_ns: int,
        landed: Receipt | None,
        gas_raw: int,
    ) -> None:
        """Write one leg that was sent; ``landed`` is None for what never arrived anywhere."""
        if self.log is None or rebalance.opened is None:
            return
        on_chain = leg.market.on_chain
        self.log.leg(
            rebalance.opened,
            Leg(
                part=rebalance.part,
                sent_ns=sent_ns,
                landed_ns=self.trader.now_ns if landed is None else landed.time_ns,
                host=leg.market.host,
                venue=leg.market.venue,
                risky=leg.risky,
                asset_in=leg.asset_in,
                asset_out=leg.asset_out,
                planned_in=leg.amount_in,
                amount_in=filled.amount_in,
                amount_out=filled.amount_out,
                transaction=landed.number if landed is not None and on_chain else NO_TRANSACTION,
                gas_raw=gas_raw,
                visibility=self.visibility if on_chain else leg.market.host,
                result=filled.result,
            ),
        )

    def record_unfilled(self, rebalance: Rebalance) -> None:
        """Write what is left of a rebalance that has ended, at the prices of its decision, one row an asset."""
        portfolio = self.portfolio(rebalance.portfolio.prices)
        if self.log is None or rebalance.opened is None or portfolio is None:
            return
        dust = _SMALL * abs(portfolio.nav)
        for order in orders_for(
            portfolio, rebalance.weights, available=portfolio.holdings, cash=math.inf, minimum_value=dust
        ):
            asset_in, asset_out = order.ways(self.numeraire)
            now_ns = self.trader.now_ns
            self.log.leg(
                rebalance.opened,
                Leg(
                    part=rebalance.part + 1,
                    sent_ns=now_ns,
                    landed_ns=now_ns,
                    host=self.chain,
                    venue="",
                    risky=order.asset,
                    asset_in=asset_in,
                    asset_out=asset_out,
                    planned_in=asset_in.floor(order.amount_in),
                    amount_in=0,
                    amount_out=0,
                    transaction=NO_TRANSACTION,
                    gas_raw=0,
                    visibility=self.visibility,
                    result=UNFILLED,
                ),
            )
