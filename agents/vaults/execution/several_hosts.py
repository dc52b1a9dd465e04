"""One rebalance over a chain and exchanges at once, with what happens when a part of it fails."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

import simpy

from shoal.agents.market import taker_change
from shoal.agents.parameters import whole_number, within
from shoal.agents.vaults.desk import Filled, Sent
from shoal.agents.vaults.execution.custody_account import CustodyAccount
from shoal.agents.vaults.execution.custody_budget import CustodyBudget, afforded, paid_on_chain
from shoal.agents.vaults.guard_check import objection_to
from shoal.agents.vaults.orders import Order, orders_for
from shoal.agents.vaults.planning import PlannedLeg
from shoal.agents.vaults.portfolio import Portfolio
from shoal.agents.vaults.rebalance import Ended, Execution, Rebalance
from shoal.sim.calls import Call, Receipt
from shoal.sim.errors import Refusal
from shoal.sim.units import PPM, Asset

if TYPE_CHECKING:
    from shoal.agents.vaults.desk import Desk

type OnFailure = Literal["leave", "retry", "reverse"]
type _Key = tuple[str, Asset]

# A leg filled up to this share is filled: books trade in lots.
_FILLED: Final = 0.99


class SeveralHosts(Execution):
    """Trades the chain's legs through the vault and the exchanges' legs from a capped custody account, all at once.

    The router splits each order over all markets. What exchanges' legs need and is not there yet is sent from the
    vault first, within the vault's cap on custody; a leg that the cap does not allow goes to the chain's markets
    instead. Then the chain's transaction and immediate orders to the exchanges are sent at the same instant. Sales are
    carried out before purchases are planned. At the end everything comes back from custody, or stays there for the
    next time, and the vault is told what there is.

    What is in custody counts for the vault at its last report; what happens to it there only the executor guards: it
    asks the vault's own guards before it sends anything.

    When a leg fails, wholly or in part:

    * ``leave``: the others stand, and the rebalance ends ``partial``;
    * ``retry``: what is missing is planned anew over all markets and sent again, up to ``retries`` times;
    * ``reverse``: what was traded is traded back at once, at whatever that costs within the slippage limit.

    Args:
        slippage_ppm: how much less than planned each leg may bring.
        on_failure: what happens when a leg fails.
        retries: attempts beyond the first.
        keeps_custody: whether what is in custody stays there between rebalances.
        minimum_quote_tokens: dust; orders and legs worth less are not sent.

    Raises:
        ValueError: a parameter is out of range.

    Source: own design; custody at its last report as in Yearn v3's vaults (debt last reported).
    """

    def __init__(
        self,
        *,
        slippage_ppm: int,
        on_failure: OnFailure = "leave",
        retries: int = 2,
        keeps_custody: bool = False,
        minimum_quote_tokens: float = 1.0,
    ) -> None:
        whole_number("several hosts", minimum=0, slippage_ppm=slippage_ppm)
        whole_number("several hosts", retries=retries)
        within("several hosts", 0, PPM - 1, slippage_ppm=slippage_ppm)
        within("several hosts", 0.0, 1e300, minimum_quote_tokens=minimum_quote_tokens)
        if on_failure not in ("leave", "retry", "reverse"):
            raise ValueError(f"several hosts: on_failure is leave, retry or reverse, had {on_failure!r}")
        self.slippage_ppm = slippage_ppm
        self.on_failure: OnFailure = on_failure
        self.retries = retries
        self.keeps_custody = keeps_custody
        self.minimum_quote_tokens = minimum_quote_tokens
        self._custody: CustodyAccount

    def prepare(self, desk: Desk) -> None:
        """Open the custody account.

        Raises:
            ValueError: no market is on an exchange, or money cannot get there.
        """
        markets = [market for markets in desk.markets.values() for market in markets]
        hosts = tuple(dict.fromkeys(market.host for market in markets if not market.on_chain))
        if not hosts:
            raise ValueError(f"{desk.trader.name}: several hosts need a market on an exchange")
        self._custody = CustodyAccount(desk, hosts)

    def carry_out(self, desk: Desk, rebalance: Rebalance) -> Generator[simpy.Event, Any, Ended]:
        """Sales, then purchases, then everything back."""
        why = ""
        for side in (-1, +1):
            why = (yield from self._side(desk, rebalance, side)) or why
            if why and self.on_failure == "reverse":
                break
        if not rebalance.part and not why:
            return desk.idle(rebalance.portfolio, rebalance.weights, self.minimum_quote_tokens)
        settled = yield from (self._custody.report() if self.keeps_custody else self._custody.bring_back())
        return rebalance.ended(why or settled)

    # --- one side -------------------------------------------------------------------------------------------------

    def _side(self, desk: Desk, rebalance: Rebalance, side: int) -> Generator[simpy.Event, Any, str]:
        """All sales, or all purchases; what is missing at the end, or nothing."""
        why = ""
        for _ in range(1 + self.retries if self.on_failure == "retry" else 1):
            known = desk.look()
            if isinstance(known, str):
                return known
            portfolio = self._with_custody(desk, known)
            orders = self._orders(desk, portfolio, rebalance, side)
            if not orders:
                return why
            why = yield from self._attempt(desk, rebalance, portfolio, orders)
            if not why:
                return ""
        return why

    def _with_custody(self, desk: Desk, portfolio: Portfolio) -> Portfolio:
        """What there is, with custody as the executor itself knows it."""
        unreported = {
            asset: asset.tokens(self._custody.total(asset) - desk.reported(asset))
            for asset in (*desk.assets, desk.numeraire)
        }
        holdings = {asset: max(0.0, held + unreported[asset]) for asset, held in portfolio.holdings.items()}
        return replace(portfolio, holdings=holdings, cash=portfolio.cash + unreported[desk.numeraire])

    def _orders(self, desk: Desk, portfolio: Portfolio, rebalance: Rebalance, side: int) -> tuple[Order, ...]:
        available = {asset: self._spendable(desk, asset) for asset in desk.assets}
        orders = orders_for(
            portfolio,
            rebalance.weights,
            available=available,
            cash=self._spendable(desk, desk.numeraire),
            minimum_value=self.minimum_quote_tokens,
            kept=0.0,
        )
        return tuple(order for order in orders if order.side == side)

    def _spendable(self, desk: Desk, asset: Asset) -> float:
        return asset.tokens(desk.held(asset) + sum(self._custody.held(host, asset) for host in self._custody.hosts))

    def _attempt(
        self, desk: Desk, rebalance: Rebalance, portfolio: Portfolio, orders: tuple[Order, ...]
    ) -> Generator[simpy.Event, Any, str]:
        """Plan, supply custody, and trade everything at once; what is missing afterwards, or nothing."""
        orders, cut = desk.within_guard(portfolio, orders)
        legs, missing = self._plan(desk, portfolio, orders)
        if not legs:
            return missing
        objection = objection_to(legs, desk=desk)
        if objection is not None:
            return objection
        refused = yield from self._custody.bring(self._deficits(desk, legs))
        if refused:
            return refused
        filled = yield from self._send(desk, rebalance, legs)
        short = [leg for leg, one in filled if self._is_short(portfolio, leg, one)]
        if short and self.on_failure == "reverse":
            return (yield from self._reverse(desk, rebalance, filled))
        failed = ", ".join(
            f"{leg.market.venue} filled {one.amount_in} of {leg.amount_in}" for leg, one in filled if leg in short
        )
        return (f"legs failed: {failed}" if short else "") or missing or cut

    def _plan(self, desk: Desk, portfolio: Portfolio, orders: Sequence[Order]) -> tuple[list[PlannedLeg], str]:
        """Legs over all markets; what custody may not hold goes to the chain's."""
        minimum, slippage = self.minimum_quote_tokens, self.slippage_ppm
        planned = desk.plan(orders, slippage_ppm=slippage, minimum_value=minimum, where="anywhere")
        legs, excess = afforded(desk, planned.legs)
        # What is in custody cannot go to the chain's markets, however good they are.
        elsewhere = _parts_of(desk, orders, excess)
        legs = _joined(
            [*legs, *desk.plan(elsewhere, slippage_ppm=slippage, minimum_value=minimum, where="exchanges").legs]
        )
        budget = CustodyBudget(desk, self._custody, portfolio, legs)
        kept: list[PlannedLeg] = []
        diverted: dict[Asset, int] = {}
        for leg in legs:
            taken = leg.amount_in if leg.market.on_chain else budget.take(leg, self._reserve(leg))
            if taken < leg.amount_in:
                diverted[leg.risky] = diverted.get(leg.risky, 0) + leg.amount_in - taken
            if taken:
                kept.append(leg.part(taken))
        if diverted:
            others = [leg for leg in kept if not leg.market.on_chain]
            for leg in kept:
                if leg.market.on_chain:
                    diverted[leg.risky] = diverted.get(leg.risky, 0) + leg.amount_in
            again = desk.plan(_parts_of(desk, orders, diverted), slippage_ppm=slippage, minimum_value=minimum)
            kept = others + afforded(desk, again.legs)[0]
        return kept, planned.why or _shortage(planned.legs, kept)

    def _reserve(self, leg: PlannedLeg) -> int:
        """What must be there for a leg on an exchange: a purchase there may cost up to its limit."""
        if leg.asset_in == leg.risky:
            return leg.amount_in
        return -(-leg.amount_in * PPM // (PPM - self.slippage_ppm))

    def _deficits(self, desk: Desk, legs: Sequence[PlannedLeg]) -> dict[_Key, int]:
        """What is missing on exchanges and the vault can spare, by host and asset."""
        chain = paid_on_chain(legs)
        needed: dict[_Key, int] = {}
        for leg in legs:
            if not leg.market.on_chain:
                key = leg.market.host, leg.asset_in
                needed[key] = needed.get(key, 0) + self._reserve(leg)
        missing = {key: amount - self._custody.held(*key) for key, amount in needed.items()}
        there = {key: desk.held(key[1]) - chain.get(key[1], 0) - self._custody.fee(*key) for key in needed}
        return {key: least for key, amount in missing.items() if (least := min(amount, there[key])) > 0}

    def _is_short(self, portfolio: Portfolio, leg: PlannedLeg, filled: Filled) -> bool:
        """Whether a leg did less than it should; books trade in lots, and dust is no failure."""
        missing = leg.asset_in.tokens(leg.amount_in - filled.amount_in)
        value = missing * portfolio.prices.get(leg.asset_in, 1.0)
        return filled.amount_in < _FILLED * leg.amount_in and value >= self.minimum_quote_tokens

    # --- sending --------------------------------------------------------------------------------------------------

    def _send(
        self, desk: Desk, rebalance: Rebalance, legs: Sequence[PlannedLeg]
    ) -> Generator[simpy.Event, Any, list[tuple[PlannedLeg, Filled]]]:
        """Send everything at this instant and wait for all of it; what each leg did, none left out."""
        trader, sent_ns = desk.trader, desk.trader.now_ns
        desk.start(rebalance)
        waiting: list[tuple[PlannedLeg, simpy.Event | None]] = []
        for leg in legs:
            if not leg.market.on_chain:
                call = self._order(desk, leg)
                waiting.append((leg, None if call is None else trader.send(call)))
        mine = [leg for leg in legs if leg.market.on_chain]
        swaps = tuple(leg.swap for leg in mine)
        event = desk.post(Call(desk.vault, "trade", {}, swaps)) if mine else None
        found: list[tuple[PlannedLeg, Filled]] = []
        for leg, answer in waiting:
            receipt, code = yield from _answer_of(answer)
            filled = self._filled(leg, receipt, code)
            rebalance.traded |= filled.amount_out > 0
            desk.record(rebalance, leg, filled, sent_ns=sent_ns, landed=receipt, gas_raw=0)
            found.append((leg, filled))
        if mine:
            sent: Sent = yield from desk.answer(event)
            found += desk.settle(rebalance, mine, swaps, sent, sent_ns)
        return found

    def _order(self, desk: Desk, leg: PlannedLeg) -> Call | None:
        """The exchange's call for a leg: at once, at a price no worse than the limit."""
        paid, least = leg.asset_in.tokens(leg.amount_in), leg.asset_out.tokens(leg.minimum_out)
        view = desk.trader.view(leg.market.venue)
        if leg.asset_in == leg.risky:
            return leg.market.take(view, -1, leg.amount_in, least / paid)
        if not least:
            return None
        # A purchase is stated in what it gets, and at its limit it must not cost more than there is.
        worst = paid / least
        held = leg.asset_in.tokens(self._custody.held(leg.market.host, leg.asset_in))
        return leg.market.take(view, +1, leg.asset_out.floor(min(leg.expected_out, held / worst)), worst)

    def _filled(self, leg: PlannedLeg, receipt: Receipt | None, code: str) -> Filled:
        """What an exchange's leg did, noted in custody."""
        if receipt is None:
            return Filled(0, 0, code)
        base = quote = 0
        for fill in receipt.outcome.fills:
            changes = taker_change(fill)
            base, quote = base + changes[0], quote + changes[1]
        host, market = leg.market.host, leg.market
        self._custody.add(host, market.base, base)
        self._custody.add(host, market.quote, quote)
        paid, got = (-base, quote) if leg.asset_in == market.base else (-quote, base)
        return Filled(paid, got, "ok" if paid else "nothing filled")

    def _reverse(
        self, desk: Desk, rebalance: Rebalance, filled: Sequence[tuple[PlannedLeg, Filled]]
    ) -> Generator[simpy.Event, Any, str]:
        """Trade back what was traded, each leg where it was."""
        failed = ", ".join(leg.market.venue for leg, one in filled if not one.amount_out)
        back = [_back(leg, one, self.slippage_ppm) for leg, one in filled if one.amount_out > 0]
        if back:
            again = yield from self._send(desk, rebalance, back)
            stuck = [leg.market.venue for leg, one in again if one.amount_in < _FILLED * leg.amount_in]
            if stuck:
                return f"legs failed: {failed or 'in part'}; could not be reversed at {', '.join(stuck)}"
        return f"legs failed: {failed or 'in part'}; the others were reversed"


def _joined(legs: Iterable[PlannedLeg]) -> list[PlannedLeg]:
    """Legs of one venue and direction as one."""
    found: dict[tuple[str, Asset], PlannedLeg] = {}
    for leg in legs:
        key = leg.market.venue, leg.asset_in
        known = found.get(key)
        found[key] = (
            leg
            if known is None
            else replace(
                known,
                amount_in=known.amount_in + leg.amount_in,
                expected_out=known.expected_out + leg.expected_out,
                minimum_out=known.minimum_out + leg.minimum_out,
            )
        )
    return list(found.values())


def _parts_of(desk: Desk, orders: Iterable[Order], amounts: Mapping[Asset, int]) -> list[Order]:
    """The orders cut to so much of what they pay, base units by risky asset."""
    parts = []
    for order in orders:
        asset_in = order.asset if order.side < 0 else desk.numeraire
        tokens = asset_in.tokens(amounts.get(order.asset, 0))
        if tokens > 0.0:
            parts.append(order.cut(order.value * min(1.0, tokens / order.amount_in)))
    return parts


def _shortage(wanted: Iterable[PlannedLeg], kept: Iterable[PlannedLeg]) -> str:
    """A word if less is traded than the router wanted to."""
    paid = sum(leg.amount_in for leg in kept)
    if paid >= _FILLED * sum(leg.amount_in for leg in wanted):
        return ""
    return "money is not where the markets are: the cap on custody, or too little on the chain"


def _answer_of(event: simpy.Event | None) -> Generator[simpy.Event, Any, tuple[Receipt | None, str]]:
    """An exchange's answer, or the code of its refusal."""
    if event is None:
        return None, "less than a lot"
    try:
        receipt: Receipt = yield event
    except Refusal as refusal:
        return None, refusal.code
    return receipt, ""


def _back(leg: PlannedLeg, filled: Filled, slippage_ppm: int) -> PlannedLeg:
    """The leg that undoes a filled one, for at least what that had cost, less twice the slippage limit."""
    least = filled.amount_in * max(0, PPM - 2 * slippage_ppm) // PPM
    return replace(
        leg,
        asset_in=leg.asset_out,
        asset_out=leg.asset_in,
        amount_in=filled.amount_out,
        expected_out=leg.asset_in.tokens(filled.amount_in),
        minimum_out=least,
    )
