"""The study `rebalance-cost`: what a rebalance costs by policy, execution, visibility and size, one vault a world."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar, Final, NamedTuple

from shoal.experiments.market.loop_parameters import POLICIES, Form, PanelGroup, repeated
from shoal.experiments.measures.loop_figures import BASE, cost_of
from shoal.experiments.studies.crash import Crash
from shoal.experiments.study import Amount, Problem, Study, group

if TYPE_CHECKING:
    from shoal.experiments.figure import Figure as FigureType
    from shoal.experiments.result import Result

_BAND: Final = 0.02
"""Sizes are measured against what can be traded before the price has moved by so much."""


class _Cell(NamedTuple):
    """One world of the panel."""

    policy: str
    form: Form
    private: bool
    size: float

    @property
    def name(self) -> str:
        """A folder's name: policy, form, visibility, size in percent of the depth."""
        seen = "private" if self.private else "public"
        size = f"{self.size * 100:g}".replace(".", "p")
        return f"{self.policy.lower()}-{self.form.replace(' ', '-')}-{seen}-{size}pc"


@dataclass(frozen=True, slots=True, kw_only=True)
class RebalanceCost(Crash):
    """The cost of rebalancing, policy by execution by visibility by size, one vault a world, all on the same draws.

    The base world holds all vaults at once: what they cost there beyond what each costs alone is crowding. A size is a
    typical trade, the threshold's band times the vault's value, in parts of what the pool trades within 2 %.
    """

    hours: ClassVar[float] = 4.0
    panel: PanelGroup = group(PanelGroup)

    def check(self) -> Iterable[Problem]:
        """What `crash` checks; policies of the panel that exist; nothing twice."""
        yield from Crash.check(self)
        for policy in self.panel.panel_policies:
            if policy not in POLICIES:
                yield Problem("panel.panel_policies", f"{policy!r} is unknown", f"There are {', '.join(POLICIES)}.")
        yield from repeated("panel", self.panel)

    def counterfactuals(self) -> Mapping[str, Study]:
        """One world for each cell of the panel, and one for each vault of the base on its own, all else as there."""
        alone = {
            _alone(policy): replace(self, vaults=replace(self.vaults, policies=(policy,)))
            for policy in self.vaults.policies
        }
        return {cell.name: self._world(cell) for cell in self._cells()} | alone

    def figures(self, worlds: Mapping[str, Result]) -> Iterable[FigureType]:
        """Each cell's cost against the paper twin, beside the first policy of its kind, and beside the crowd."""
        from shoal.experiments.figure import Figure

        for policy, cost in cost_of(worlds[BASE]).items():
            if _alone(policy) in worlds:
                control = cost_of(worlds[_alone(policy)]).get(policy, math.nan)
                yield Figure(f"cost of {policy} among all", "bps of value", cost, control, _alone(policy))
        for cell in self._cells():
            if cell.name not in worlds:
                continue
            cost = cost_of(worlds[cell.name]).get(cell.policy, math.nan)
            yield Figure(f"cost of {_in_words(cell)}", "bps of value", cost)
            first = cell._replace(policy=self.panel.panel_policies[0])
            if first != cell and first.name in worlds:
                control = cost_of(worlds[first.name]).get(first.policy, math.nan)
                yield Figure(f"cost of {_in_words(cell)}", "bps of value", cost, control, first.name)

    def _cells(self) -> Iterator[_Cell]:
        panel = self.panel
        for policy in panel.panel_policies:
            for form in panel.forms:
                for private in panel.visibilities:
                    for size in panel.sizes:
                        yield _Cell(policy, form, private == "private", size)

    def _world(self, cell: _Cell) -> Study:
        side = float(self.liquidity.quote_tokens) * (self.liquidity.steady + self.liquidity.wary)
        depth = side * (math.sqrt(1.0 + _BAND) - 1.0)
        capital = Amount(f"{Decimal(cell.size * depth / self.vaults.band):.2f}")
        return replace(
            self,
            vaults=replace(self.vaults, policies=(cell.policy,), capital_quote_tokens=capital),
            execution=replace(self.execution, form=cell.form, private=cell.private),
        )


def _alone(policy: str) -> str:
    return f"alone-{policy.lower()}"


def _in_words(cell: _Cell) -> str:
    size = f"{cell.size * 100:.8f}".rstrip("0").rstrip(".")
    return f"{cell.policy}, {cell.form}, {'private' if cell.private else 'public'}, {size}% of the depth"
