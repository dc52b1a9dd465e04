"""Searchers who trade around what waits in the public pool."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

from shoal.agents.gas import GasTerms
from shoal.agents.market import Market
from shoal.agents.next_block import NextBlock
from shoal.agents.parameters import within
from shoal.agents.sandwich import Reserves, Sandwich, best_sandwich, sandwiched
from shoal.agents.trader import Trader
from shoal.agents.victims import Victim, victim_of
from shoal.sim.calls import Bundle, Call, Transaction
from shoal.sim.hosts.block import BlockNews
from shoal.sim.hosts.mempool import Seen
from shoal.sim.units import Asset

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World

# A size that a victim's guard bears is found to a percent.
_HALVINGS: Final = 7


class Attack(NamedTuple):
    """A sandwich that pays: its transactions, and what is left of its gain after gas and bid, in quote tokens."""

    market: Market
    sandwich: Sandwich
    legs: tuple[Transaction, Transaction, Transaction]
    net: float


class Sandwicher(Trader):
    """Buys ahead of public swaps and sells right after them, by bundle, whenever that pays for fees, gas and bid.

    Knows: the public pool and each block, one latency late; its pools as of the last block it has heard of; its
    balances by statement. It looks when a transaction or a block is heard of, at exact swaps with one of its pools,
    also inside a vault's trade or a flash loan.

    Each attack is as large as the victim's limit and its own money let it be, unless less earns more, and rehearsed on
    the state after the last block it has heard of: where a guard of the victim's own would refuse it, it is made
    smaller. Of the gain after gas it bids a share, and never less than what puts the bundle ahead of the victim alone.
    The bundle (front, victim, back) is for the next block only and drops without cost when another one took the
    victim, when the pool has moved, or when it would lose money. Several victims of one block are attacked one after
    the other, the best first, each on the pool as the one before leaves it.

    Args:
        world: the run it belongs to.
        name: the owner of its accounts.
        place: where it is on the network.
        pools: constant product pools of one chain.
        gas: how it pays; its tip is not used, as the bid goes to the builder.
        minimum_profit_quote_tokens: least expected gain after fees, gas and bid; infinite asks too much for ever.
        bid_share: share of the expected gain after gas that goes to the builder; 0 to 1.
        builders: who get its bundles.
        active: False lets it do everything but send.

    Raises:
        ValueError: a parameter is out of range.

    Source: Daian et al. (2020), Flash Boys 2.0; Zhou, Qin, Torres, Le and Gervais (2021), arXiv 2009.14021.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        pools: tuple[str, ...],
        gas: GasTerms,
        minimum_profit_quote_tokens: float,
        bid_share: float,
        builders: tuple[str, ...] = ("builder",),
        active: bool = True,
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        within(name, 0.0, math.inf, minimum_profit_quote_tokens=minimum_profit_quote_tokens)
        within(name, 0.0, 1.0, bid_share=bid_share)
        if not pools or not builders:
            raise ValueError(f"{name}: pools and builders need at least one name each")
        self.pools = pools
        self.minimum_profit_quote_tokens = minimum_profit_quote_tokens
        self.bid_share = bid_share
        self.builders = builders
        self.active = active
        self._markets: dict[str, Market] = {}
        self._next = NextBlock(-1, 0)

    def run(self) -> Process:
        """Look whenever something new waits or has landed."""
        self._markets = {pool: self.market(pool) for pool in self.pools}
        chains = {market.host if market.on_chain else None for market in self._markets.values()}
        if len(chains) != 1 or None in chains:
            raise ValueError(f"{self.name}: its pools must live on one chain")
        chain = self._markets[self.pools[0]].host
        self.statement(chain)
        arrived, landed = self.changed(f"{chain} pool"), self.changed(chain)
        while True:
            yield arrived | landed
            if arrived.processed:
                arrived = self.changed(f"{chain} pool")
            if landed.processed:
                landed = self.changed(chain)
            self._look(chain)

    def _look(self, chain: str) -> None:
        """Attack what came since the last look, or since the last block all that waits, the best first."""
        news: BlockNews | None = self.view(chain)
        assert self.gas is not None
        price = self.mid(self.gas.price_feed)
        if news is None or price is None:
            return
        if news.number != self._next.number:
            self._next = NextBlock(news.number, news.next_base_fee_wei)
        victims = list(self._victims(self._chain(chain).pending(self.place)))
        while victims:
            attacks = [(victim, attack) for victim in victims for attack in self._attacks(victim, price)]
            if not attacks:
                return
            victim, attack = max(attacks, key=lambda pair: pair[1].net)
            victims.remove(victim)
            rehearsed = self._rehearsed(victim, attack, price)
            if rehearsed is not None:
                self._send(victim, rehearsed)

    def _victims(self, waiting: Iterable[Seen]) -> Iterator[Victim]:
        """Who has not been looked at since the last block, can be in the next one, and trades with a watched pool."""
        looked_at, base_fee_wei = self._next.looked_at, self._next.base_fee_wei
        for seen in waiting:
            if seen.sequence not in looked_at and seen.transaction.max_fee_wei >= base_fee_wei:
                looked_at.add(seen.sequence)
                victim = victim_of(seen.transaction, self._markets)
                if victim is not None:
                    yield victim

    # --- how much -----------------------------------------------------------------------------------------------

    def _attacks(self, victim: Victim, price: float) -> Iterator[Attack]:
        """The best attack on one victim at each pool, on the pools as planned for the next block, if it pays."""
        for pool, (sells_base, swap) in victim.wanted.items():
            market, reserves = self._markets[pool], self._pool(pool, sells_base)
            if reserves is not None:
                most = self.spendable(market.host, market.base if sells_base else market.quote)
                sandwich = best_sandwich(reserves, swap, most=most)
                found = None if sandwich is None else self._priced(market, victim, sandwich, price)
                if found is not None:
                    yield found

    def _priced(self, market: Market, victim: Victim, sandwich: Sandwich, price: float) -> Attack | None:
        """The sandwich with its bid, or None if it does not pay or the gas cannot be paid."""
        sells_base, _ = victim.wanted[market.venue]
        reserves = self._pool(market.venue, sells_base)
        assert reserves is not None
        assert self.gas is not None
        asset, worth = market.quote, 1.0
        if sells_base:
            asset, worth = market.base, market.quote.tokens(reserves.out_of) / market.base.tokens(reserves.into)
        native, own_gas = self.native(market.host), 2 * market.gas
        gas_wei = own_gas * self._next.base_fee_wei
        gain = asset.tokens(sandwich.profit) * worth - native.tokens(gas_wei) * price
        if gain <= 0.0:
            return None
        bid_wei = native.floor(gain * self.bid_share / price)
        payment_wei = self._next.payment_wei(market.venue, victim.transaction, own_gas=own_gas, bid_wei=bid_wei)
        if payment_wei is None:
            return None
        net = gain - native.tokens(payment_wei) * price
        if net <= 0.0 or net < self.minimum_profit_quote_tokens:
            return None
        cap_wei = self.gas.base_fee_multiple * self._next.base_fee_wei
        held_wei = self.holding(market.host, native) - (sandwich.front_in if asset == native else 0)
        if own_gas * cap_wei + payment_wei + self._next.paid_wei > held_wei:
            return None
        least = sandwich.front_in + asset.floor(native.tokens(gas_wei + payment_wei) * price / worth)
        bought = market.quote if sells_base else market.base
        front = swap_call(market.venue, asset, sandwich.front_in, sandwich.bought)
        back = swap_call(market.venue, bought, sandwich.bought, least)
        legs = (
            Transaction(self.name, (front,), max_fee_wei=cap_wei),
            victim.transaction,
            Transaction(self.name, (back,), max_fee_wei=cap_wei, payment_wei=payment_wei),
        )
        return Attack(market, sandwich, legs, net)

    def _pool(self, pool: str, sells_base: bool) -> Reserves | None:
        return self._next.pool(pool, self.view(pool), sells_base=sells_base)

    # --- what it does -------------------------------------------------------------------------------------------

    def _rehearsed(self, victim: Victim, attack: Attack, price: float) -> Attack | None:
        """The attack if the victim would stand it, or a smaller one that it would; None if there is none that pays."""
        host = attack.market.host
        # A block it has not heard of would tell the future; and who fails alone may stand at the next block's time.
        stale = self._chain(host).number != self._next.number
        if stale or self._stands(host, attack.legs) or not self._stands(host, (victim.transaction,)):
            return attack
        sells_base, swap = victim.wanted[attack.market.venue]
        reserves = self._pool(attack.market.venue, sells_base)
        assert reserves is not None
        best: Attack | None = None
        low, high = 0, attack.sandwich.front_in
        for _ in range(_HALVINGS):
            middle = (low + high) // 2
            sandwich = sandwiched(reserves, swap, middle)
            smaller = None if sandwich is None else self._priced(attack.market, victim, sandwich, price)
            if smaller is None:
                low = middle
            elif self._stands(host, smaller.legs):
                best, low = smaller, middle
            else:
                high = middle
        return best

    def _stands(self, chain: str, legs: tuple[Transaction, ...]) -> bool:
        """Whether transactions would succeed after the bundles already sent."""
        ahead = self._next.legs
        return all(one.refusal is None for one in self._chain(chain).simulate([*ahead, *legs])[len(ahead) :])

    def _send(self, victim: Victim, attack: Attack) -> None:
        """The bundle for the next block, to every builder it knows; plan on what it leaves."""
        venue, host = attack.market.venue, attack.market.host
        after: dict[str, Reserves] = {}
        for pool, (sells_base, swap) in victim.wanted.items():
            reserves = self._pool(pool, sells_base)
            alone = None if reserves is None else swap.executed(reserves)
            if reserves is not None and alone is not None:
                after[pool] = attack.sandwich.after if pool == venue else reserves.after(*alone)
        self._next.add(victim, after, attack.legs, own_gas=2 * attack.market.gas)
        for builder in self.builders if self.active else ():
            self.send_bundle(host, Bundle(attack.legs, block=self._next.number + 1), builder=builder)


def swap_call(pool: str, asset_in: Asset, amount_in: int, minimum_out: int) -> Call:
    """An exact input swap."""
    return Call(pool, "swap_exact_in", {"asset_in": asset_in, "amount_in": amount_in, "minimum_out": minimum_out})
