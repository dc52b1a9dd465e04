"""The executor of a vault: looks, decides off chain, and lets its execution trade."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import simpy

from shoal.agents.gas import GasTerms
from shoal.agents.parameters import whole_number
from shoal.agents.trader import Trader
from shoal.agents.vaults.desk import Desk
from shoal.agents.vaults.log import Opened, RebalanceLog
from shoal.agents.vaults.orders import fault_of
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.rebalance import Ended, Execution, Rebalance
from shoal.agents.vaults.target import Target
from shoal.agents.vaults.trigger import Move, Trigger
from shoal.sim.units import Asset

if TYPE_CHECKING:
    from shoal.sim.agent import Process
    from shoal.sim.world import World


class VaultExecutor(Trader):
    """Decides for one vault: what weights its target wants, whether its trigger moves, and hands over to its execution.

    Knows: the vault, its oracles, the prices it decides on and its markets as they were published, one latency late,
    whenever it looks. One rebalance at a time; looks that fell due meanwhile are made up for by one. The trigger is
    told when a rebalance ended unless it was refused; a refused one is tried again at the next look.

    What a decision came to is recorded: done, partial, refused with the reason, or held (a control, or dust). A
    refusal or a hold for the same reason as at the look before is not recorded again, so that a vault that cannot
    trade says so once and not at each look; refused transactions, which cost gas, are recorded each.

    Args:
        world: the run it belongs to.
        name: the owner that pays gas; the vault's manager.
        place: where it is on the network.
        vault: the vault's name.
        target: what weights.
        trigger: when, and how far.
        execution: how.
        prices: by risky asset, the feed of the price it decides on; normally the vault's oracles.
        markets: by risky asset, venues where it may trade it against the vault's numeraire.
        interval_ns: how often it looks, from the start on; None looks whenever one of the prices is published.
        gas: how it pays on the vault's chain.
        active: False decides and records but sends nothing: the control.
        builder: sends privately to this builder, who leaves out what would revert; None sends publicly.
        log: the experimenter's book of rebalances; None keeps none.
        policy: what decides, in words for tables; the names of target, trigger and execution if not given.

    Raises:
        ValueError: a parameter is out of range.

    Source: the manager side of index vaults: Set's GeneralIndexModule, Index Coop's FlexibleLeverageStrategyAdapter.
    """

    def __init__(
        self,
        world: World,
        name: str,
        *,
        place: str,
        vault: str,
        target: Target,
        trigger: Trigger,
        execution: Execution,
        prices: Mapping[Asset, str],
        markets: Mapping[Asset, Sequence[str]],
        interval_ns: int | None,
        gas: GasTerms,
        active: bool = True,
        builder: str | None = None,
        log: RebalanceLog | None = None,
        policy: str = "",
    ) -> None:
        super().__init__(world, name, place=place, gas=gas)
        if interval_ns is not None:
            whole_number(name, interval_ns=interval_ns)
        if not prices or set(markets) - set(prices):
            raise ValueError(f"{name}: prices must name a feed for each risky asset, had {len(prices)}")
        self.vault = vault
        self.target = target
        self.trigger = trigger
        self.execution = execution
        self.prices = dict(prices)
        self.markets = {asset: tuple(names) for asset, names in markets.items()}
        self.interval_ns = interval_ns
        self.active = active
        self.builder = builder
        self.log = log
        self.policy = policy or " ".join(type(part).__name__ for part in (target, trigger, execution))
        self._decisions = 0
        self.wanted: Weights | None = None
        """What its target wanted at the last look; for instruments."""
        self._said = ""

    def run(self) -> Process:
        """Look, decide, trade."""
        desk = Desk(
            self,
            vault=self.vault,
            prices=self.prices,
            markets=self.markets,
            builder=self.builder,
            log=self.log,
            observe=lambda: self._observe(desk),
            interval_ns=self.interval_ns,
        )
        self.execution.prepare(desk)
        if self.log is not None:
            self.log.follow(self.vault, self.name)
        began_ns = self.now_ns
        while True:
            known = self._published_ns()
            yield from self._look(desk)
            if self.interval_ns is not None:
                # The next look that is not over yet: late ones are made up for by one.
                yield self.sleep(self.interval_ns - (self.now_ns - began_ns) % self.interval_ns)
            elif self._published_ns() == known:
                # Otherwise a price came while it traded: that look is due already.
                yield simpy.AnyOf(self.world.clock, [self.changed(feed) for feed in self.prices.values()])

    def _published_ns(self) -> list[int | None]:
        """When the prices that it knows were published."""
        news = (self.read(feed) for feed in self.prices.values())
        return [None if one is None else one.published_ns for one in news]

    # --- deciding -------------------------------------------------------------------------------------------------

    def _observe(self, desk: Desk) -> dict[Asset, float] | str:
        """The prices as they are known now, shown to the target; or why there are none."""
        prices = desk.prices()
        if not isinstance(prices, str):
            self.target.observe(self.now_ns, prices)
        return prices

    def _look(self, desk: Desk) -> Generator[simpy.Event, Any, None]:
        prices, view = self._observe(desk), desk.view()
        if view is None or not view.supply:
            # Nobody has bought shares yet: there is nothing to decide.
            return
        if isinstance(prices, str):
            self._refuse(desk, "look", prices)
            return
        portfolio = desk.portfolio(prices)
        if portfolio is None:
            return
        if not portfolio.nav > 0.0:
            self._refuse(desk, "look", "no net asset value")
            return
        move = self._move(desk, portfolio)
        if move is None:
            self._said = ""
            return
        fault = fault_of(move.weights, borrows=self.execution.borrows)
        if fault is not None:
            self._refuse(desk, move.reason, f"infeasible: {fault}")
        elif not self.active:
            self._hold(desk, move)
        else:
            yield from self._rebalance(desk, portfolio, move)

    def _move(self, desk: Desk, portfolio: Portfolio) -> Move | None:
        """Where to go now; None to stay, during the target's warm-up too."""
        urgent = self.execution.urgent(portfolio)
        weights = self.wanted = self.target.weights(portfolio)
        if weights is None:
            return urgent
        fault = fault_of(weights, borrows=True)
        if fault is not None:
            return urgent or Move(weights, "target")
        return urgent or self.trigger.destination(portfolio, weights)

    def _rebalance(self, desk: Desk, portfolio: Portfolio, move: Move) -> Generator[simpy.Event, Any, None]:
        rebalance = Rebalance(self._decisions + 1, self.now_ns, portfolio, move.weights, move.reason)
        rebalance.opened = self._open(desk, move.reason, move.weights)
        ended = yield from self.execution.carry_out(desk, rebalance)
        if rebalance.part:
            self._close(desk, rebalance.opened, ended, rebalance)
            self._said = ""
        else:
            self._say(desk, rebalance.opened, ended, rebalance)
        if ended.result != "refused":
            self.trigger.fired(self.now_ns)

    # --- saying so ------------------------------------------------------------------------------------------------

    def _refuse(self, desk: Desk, reason: str, why: str) -> None:
        self._say(desk, self._open(desk, reason, None), Ended("refused", why))

    def _hold(self, desk: Desk, move: Move) -> None:
        self._say(desk, self._open(desk, move.reason, None), Ended("held", "a control: it sends nothing"))
        self.trigger.fired(self.now_ns)

    def _open(self, desk: Desk, reason: str, weights: Weights | None) -> Opened | None:
        if self.log is None:
            return None
        return self.log.open(
            vault=self.vault,
            policy=self.policy,
            number=self._decisions + 1,
            reason=reason,
            weights=weights,
            assets=desk.assets,
        )

    def _say(self, desk: Desk, opened: Opened | None, ended: Ended, rebalance: Rebalance | None = None) -> None:
        """Record what came of a look, unless the look before came to the same."""
        # What follows the colon are figures, which change at each look.
        said = f"{ended.result} {ended.why.partition(':')[0]}"
        if said != self._said:
            self._close(desk, opened, ended, rebalance)
        self._said = said

    def _close(self, desk: Desk, opened: Opened | None, ended: Ended, rebalance: Rebalance | None = None) -> None:
        self._decisions += 1
        if self.log is None or opened is None:
            return
        if rebalance is not None and ended.result in ("partial", "refused"):
            desk.record_unfilled(rebalance)
        self.log.close(opened, ended.result, ended.why)
