"""The study `cascade`: by how much liquidations deepen a fall of stated size, over what the answer depends on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from shoal.experiments.market.loop_parameters import POLICIES, ShockGroup, SweepGroup, repeated
from shoal.experiments.measures.loop_figures import amplifications
from shoal.experiments.prices.generated import BTC, ETH, JumpDiffusion, generate_prices
from shoal.experiments.prices.generated import Crash as Fall
from shoal.experiments.studies.crash import NO_LIQUIDATION, NO_REBALANCING, Crash
from shoal.experiments.studies.market import Market
from shoal.experiments.study import Amount, Problem, Study, group
from shoal.sim.price_path import PricePath
from shoal.sim.units import NANOSECONDS_PER_SECOND

if TYPE_CHECKING:
    from shoal.experiments.figure import Figure
    from shoal.experiments.result import Result

_MODELS: Final[Mapping[str, JumpDiffusion]] = {"BTC": BTC, "ETH": ETH}
_MINUTE_NS: Final = 60 * NANOSECONDS_PER_SECOND


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade(Crash):
    """How much further prices fall because of liquidations: over depth, permanent share, oracle, debt and policies.

    The path is a shock of stated size and volatility (a jump, a ramp, or the generated crash), so that no liquidation
    is in it already. Every setting is a pair of worlds, with and without liquidations.
    """

    hours: ClassVar[float] = 3.0
    shock: ShockGroup = group(ShockGroup)
    sweep: SweepGroup = group(SweepGroup)

    def check(self) -> Iterable[Problem]:
        """What `crash` checks; policies of the sweep that exist; nothing twice."""
        yield from Crash.check(self)
        for policy in self.sweep.sweep_policies:
            if policy not in POLICIES:
                yield Problem("sweep.sweep_policies", f"{policy!r} is unknown", f"There are {', '.join(POLICIES)}.")
        yield from repeated("sweep", self.sweep)

    def prices_default(self, *, seed: int, symbols: tuple[str, ...], start_ns: int, end_ns: int) -> PricePath:
        """The shock; "generated" is the crash of the study `market`."""
        shock = self.shock
        unknown = [symbol for symbol in symbols if symbol not in _MODELS]
        if shock.form == "generated" or unknown:
            return Market.prices_default(self, seed=seed, symbols=symbols, start_ns=start_ns, end_ns=end_ns)
        fall = Fall(
            after_ns=round(shock.after_minutes * _MINUTE_NS),
            depth=shock.depth,
            fall_ns=0 if shock.form == "jump" else round(shock.ramp_minutes * _MINUTE_NS),
            recovery=0.0,
        )
        models = {
            symbol: JumpDiffusion(_MODELS[symbol].start_price, 0.0, shock.volatility, crash=fall) for symbol in symbols
        }
        return generate_prices(
            models, start_ns=start_ns, end_ns=end_ns, seed=seed, step_ns=self._step_ns, jumps_per_year=0.0
        )

    def counterfactuals(self) -> Mapping[str, Study]:
        """Without liquidations, without rebalancing, and each setting of the sweep with and without liquidations."""
        worlds = dict(Crash.counterfactuals(self))
        worlds = {name: worlds[name] for name in (NO_LIQUIDATION, NO_REBALANCING)}
        for name, study in self._settings():
            worlds[name] = study
            worlds[_calm(name)] = replace(study, liquidators=replace(study.liquidators, liquidate=False))
        return worlds

    def figures(self, worlds: Mapping[str, Result]) -> Iterable[Figure]:
        """What `crash` reports, and the amplification of each setting."""
        yield from Crash.figures(self, worlds)
        for name, _ in self._settings():
            if name in worlds and _calm(name) in worlds:
                yield from amplifications(name, worlds[name], worlds[_calm(name)])

    def _settings(self) -> Iterator[tuple[str, Cascade]]:
        """Each setting by name: one thing changed at a time."""
        sweep = self.sweep
        for share in sweep.permanent_shares:
            yield f"permanent-{_text(share)}", replace(self, outside=replace(self.outside, permanent_share=share))
        for multiple in sweep.depth_multiples:
            depth = self.outside.depth_quote_tokens * multiple
            yield f"depth-{_text(multiple)}", replace(self, outside=replace(self.outside, depth_quote_tokens=depth))
        for source in sweep.oracle_sources:
            yield f"oracle-{source}", replace(self, oracle=replace(self.oracle, source=source))
        for multiple in sweep.debt_multiples:
            debt = Amount(f"{float(self.borrowers.debt_quote_tokens) * multiple:.0f}")
            supply = Amount(f"{float(self.lending.supply_quote_tokens) * max(1.0, multiple):.0f}")
            yield (
                f"debt-{_text(multiple)}",
                replace(
                    self,
                    borrowers=replace(self.borrowers, debt_quote_tokens=debt),
                    lending=replace(self.lending, supply_quote_tokens=supply),
                ),
            )
        for policy in sweep.sweep_policies:
            # One policy with the money of all.
            capital = Amount(f"{float(self.vaults.capital_quote_tokens) * len(self.vaults.policies):.0f}")
            vaults = replace(self.vaults, policies=(policy,), capital_quote_tokens=capital)
            yield f"all-{policy.lower()}", replace(self, vaults=vaults)


def _calm(name: str) -> str:
    return f"{name}-{NO_LIQUIDATION}"


def _text(value: float) -> str:
    return f"{value:g}".replace(".", "p").replace("+", "")
