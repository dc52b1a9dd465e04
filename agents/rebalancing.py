"""How a trader with money on several hosts keeps all of them supplied."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import simpy

from shoal.agents.parameters import whole_number, within
from shoal.agents.trader import Trader
from shoal.sim.units import Asset


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebalancing:
    """When inventory is moved between hosts.

    Args:
        interval_ns: at most one round of withdrawals in this time; longer than they take, or money in flight is
            moved twice.
        skew: of the hosts with least and most, moves half the difference when the one holds less than this share of
            what both hold; 0 to 0.5.

    Raises:
        ValueError: a parameter is out of range.

    >>> terms = Rebalancing(interval_ns=1, skew=0.2)
    >>> terms.move(10, 90), terms.move(90, 10), terms.move(30, 70)
    (-40, 40, 0)
    """

    interval_ns: int
    skew: float

    def __post_init__(self) -> None:
        whole_number("rebalancing", interval_ns=self.interval_ns)
        within("rebalancing", 0.0, 0.5, skew=self.skew)

    def move(self, here: int, there: int) -> int:
        """Base units to move from here to there; negative the other way; 0 while neither side runs short."""
        if min(here, there) >= self.skew * (here + there):
            return 0
        half = abs(here - there) // 2
        return half if here > there else -half


class Rebalancer:
    """Carries out a trader's rebalancing through the custody of its hosts, for each asset from most to least.

    Args:
        trader: whose money it is; it knows its balances by statement.
        terms: when to move; None never moves anything.
        hosts: where it holds money; a host named twice counts once.
        assets: what to keep everywhere.

    Raises:
        ValueError: a host has no custody.
    """

    def __init__(
        self, trader: Trader, terms: Rebalancing | None, *, hosts: tuple[str, ...], assets: tuple[Asset, ...]
    ) -> None:
        self._trader = trader
        self._hosts = tuple(dict.fromkeys(hosts))
        self._terms = terms if len(self._hosts) > 1 else None
        self._assets = assets
        self._next_ns = 0
        for host in self._hosts if self._terms is not None else ():
            if f"{host} custody" not in trader.world.venues:
                raise ValueError(f"{trader.name}: to move money from {host} it needs a custody there")
            trader.statement(host)

    def run(self) -> Generator[simpy.Event, Any, None]:
        """Move what has to be moved now, if anything."""
        terms, trader = self._terms, self._trader
        if terms is None or trader.now_ns < self._next_ns:
            return
        if any(trader.statement(host).read(trader.place) is None for host in self._hosts):
            # Where no statement has arrived yet, nothing held is not known to be nothing.
            return
        self._next_ns = trader.now_ns + terms.interval_ns
        for asset in self._assets:
            held = [(trader.holding(host, asset), host) for host in self._hosts]
            (least, target), (most, source) = min(held), max(held)
            amount = terms.move(most, least)
            if amount > 0:
                yield from trader.settle(source, trader.withdraw(source, asset, amount, to=target))
