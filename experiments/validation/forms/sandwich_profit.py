"""Sandwiches on a constant product pool: size, profit, the victim that breaks even, and the slippage that is safe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Self

from shoal.agents.gas import GasTerms
from shoal.agents.sandwicher import Sandwicher
from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.fixed_attacker import FixedAttacker
from shoal.experiments.validation.provider import Provider
from shoal.experiments.validation.swapper import Swapper
from shoal.sim.calls import Call
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.units import PPM, Account
from shoal.sim.world import World
from shoal.venues.amm.constant_product import ConstantProduct

_BLOCK_NS: Final = 12 * 10**9
_UNIT: Final = 10**18
_CAPITAL: Final = 10**27
_HALVINGS: Final = 30
# So small a front hardly moves the point at which it breaks even.
_SMALL: Final = 1e-7


@dataclass(frozen=True)
class SandwichProfit(ClosedForm):
    """A swap waits in public, a searcher's bundle takes it, and the ledger says what the searcher gained.

    Victims sell and buy, with a slippage limit: the front-run is the largest that leaves them within it, the profit
    without a fee s v (x + v) / (x + s v). A victim below the break-even input is worth no attack at whatever limit,
    neither to the searcher nor to an attacker who does not reckon; one whose slippage is below the safe one is left
    alone by a searcher who wants its cost back. Both thresholds are found by halving, one world a step.

    Args:
        fee_ppm: of the pool.
        victims: input of base in whole tokens, and slippage.
        cost: what the searcher wants at least, whole tokens of base.
        base: whole tokens in the pool.
        quote: whole tokens in the pool.
    """

    source: ClassVar[str] = (
        "Zhou et al. (2021), arXiv 2009.14021; Heimbach and Wattenhofer (2022), arXiv 2202.03762; profit derived"
    )
    fee_ppm: int = 3_000
    victims: tuple[tuple[float, float], ...] = ((10.0, 0.005), (10.0, 0.01), (50.0, 0.01), (100.0, 0.05))
    cost: float = 0.1
    base: int = 1_000
    quote: int = 2_000_000

    @classmethod
    def instances(cls) -> tuple[Self, ...]:
        """No fee, and three usual ones."""
        dear = ((50.0, 0.01), (100.0, 0.05))
        return cls(fee_ppm=0), cls(fee_ppm=500, victims=dear), cls(), cls(fee_ppm=10_000, victims=dear)

    @property
    def name(self) -> str:
        """What is validated."""
        return f"Sandwich, fee {self.fee_ppm} ppm"

    def replications(self, *, quick: bool) -> int:
        """One: nothing is random."""
        return 1

    def replicate(self, seed: int) -> Sample:
        """Front-run and profit of each victim, selling and buying; then the thresholds."""
        figures: list[float] = []
        for amount, slippage in self.victims:
            for sells in (True, False):
                figures += self._attacked(seed, amount, slippage, sells=sells)
        if self.fee_ppm:
            figures.append(_threshold(lambda share: self._small_front_gains(seed, share), 10 * self.fee_ppm / PPM))
            figures.append(_threshold(lambda share: self._is_attacked(seed, share), 10 * self.fee_ppm / PPM))
        amount = self.victims[-1][0]
        figures.append(
            _threshold(lambda slippage: self._attacked(seed, amount, slippage, cost=self.cost)[0] > 0.0, 0.1)
        )
        return tuple(figures)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """Every figure beside its formula."""
        figures = iter(samples[0])
        estimates = []
        for amount, slippage in self.victims:
            front = self.front_run(amount, slippage)
            profit = self.profit(amount, slippage)
            for way in ("sells", "buys"):
                title = f"victim {way} {amount:g}, slippage {slippage:.1%}"
                estimates.append(_close(f"{title}: front-run", front, next(figures), 1e-9))
                estimates.append(_close(f"{title}: profit", profit, next(figures), 1e-9))
        if self.fee_ppm:
            for who in ("small front", "searcher"):
                title = f"break-even victim, share of the reserve ({who})"
                estimates.append(_close(title, self.break_even(), next(figures), 1e-4))
        amount = self.victims[-1][0]
        title = f"safe slippage of {amount:g} at a cost of {self.cost:g}"
        estimates.append(_close(title, self.safe_slippage(amount), next(figures), 1e-6))
        return tuple(estimates)

    # --- theory -------------------------------------------------------------------------------------------------

    @property
    def _kept(self) -> float:
        return 1.0 - self.fee_ppm / PPM

    def front_run(self, amount: float, slippage: float) -> float:
        """The positive root of m g a^2 + m (x + g (x + g v)) a + m x (x + g v) - g v x y, m the least output.

        >>> [round(SandwichProfit(fee_ppm=fee).front_run(10.0, 0.005), 6) for fee in (0, 3_000)]
        [2.521899, 2.525669]
        """
        x, y, g, v = float(self.base), float(self.quote), self._kept, amount
        least = (1.0 - slippage) * y * g * v / (x + g * v)
        linear = least * (x + g * (x + g * v))
        constant = least * x * (x + g * v) - g * v * x * y
        return (math.sqrt(linear * linear - 4.0 * least * g * constant) - linear) / (2.0 * least * g)

    def profit(self, amount: float, slippage: float) -> float:
        """What the largest front-run earns: in closed form without a fee, by the three swaps with one.

        >>> [round(SandwichProfit(fee_ppm=fee).profit(100.0, 0.05), 7) for fee in (0, 3_000)]
        [5.4726368, 5.2813214]
        """
        x, g, v = float(self.base), self._kept, amount
        if not self.fee_ppm:
            return slippage * v * (x + v) / (x + slippage * v)
        front = self.front_run(amount, slippage)
        bought = g * front / (x + g * front)
        taken = (1.0 - bought) * g * v / (x + front + g * v)
        left = 1.0 - bought - taken
        return (x + front + v) * g * bought / (left + g * bought) - front

    def break_even(self) -> float:
        """The smallest u with (1 + u) (1 + g u) = 1 / g^2.

        >>> [round(SandwichProfit(fee_ppm=fee).break_even() * 100, 5) for fee in (500, 3_000, 10_000)]
        [0.05004, 0.30135, 1.01518]
        """
        g = self._kept
        return (math.sqrt((1.0 + g) ** 2 - 4.0 * g * (1.0 - 1.0 / g**2)) - (1.0 + g)) / (2.0 * g)

    def safe_slippage(self, amount: float) -> float:
        """The slippage at which the profit is the cost."""
        return _threshold(lambda slippage: self.profit(amount, slippage) > self.cost, 0.1)

    # --- engine -------------------------------------------------------------------------------------------------

    def _attacked(
        self, seed: int, amount: float, slippage: float, *, sells: bool = True, cost: float = 0.0
    ) -> tuple[float, float]:
        """What the searcher put in and gained, as base; a buyer's victim puts in base's worth of quote."""
        price = self.quote / self.base
        unit = _UNIT if sells else int(_UNIT * price)
        stage = _Stage(self, seed, int(amount * unit), slippage, sells=sells)
        gas = GasTerms(tip_wei=0, price_feed="pool")
        Sandwicher(
            stage.world,
            "attacker",
            place="home",
            pools=("pool",),
            gas=gas,
            minimum_profit_quote_tokens=cost * price,
            bid_share=0.0,
        )
        put_in, gained = stage.play()
        return put_in / unit, gained / unit

    def _is_attacked(self, seed: int, share: float) -> bool:
        return self._attacked(seed, share * self.base, 1.0)[0] > 0.0

    def _small_front_gains(self, seed: int, share: float) -> bool:
        stage = _Stage(self, seed, int(share * self.base * _UNIT), 1.0, sells=True)
        FixedAttacker(
            stage.world,
            "attacker",
            place="home",
            chain="chain",
            pool="pool",
            asset_in=stage.pool.base,
            asset_out=stage.pool.quote_asset,
            amount_in=int(_SMALL * self.base * _UNIT),
        )
        return stage.play()[1] > 0


class _Stage:
    """A pool, its provider and a victim on a chain without fees; the attacker is still to be made."""

    def __init__(self, form: SandwichProfit, seed: int, amount: int, slippage: float, *, sells: bool) -> None:
        self.world = World(seed=seed, latency=ConstantLatency(1))
        native = self.world.asset("ETH", 18)
        base, quote = self.world.asset("BASE", 18), self.world.asset("QUOTE", 18)
        chain = Chain(self.world, "chain", native=native, schedule=ConstantBlocks(_BLOCK_NS), base_fee_wei=0)
        self.pool = ConstantProduct("pool", base, quote, fee_ppm=form.fee_ppm)
        chain.add(self.pool)
        self._asset = base if sells else quote
        deposit = form.base * _UNIT, form.quote * _UNIT
        for asset, put_in in zip((base, quote), deposit, strict=True):
            self.world.endow("provider", "chain", asset, put_in)
        for owner in ("victim", "attacker"):
            self.world.endow(owner, "chain", self._asset, _CAPITAL)
        self.world.endow("attacker", "chain", native, _UNIT)
        Provider(self.world, "provider", place="home", chain="chain", pool=self.pool, amounts=deposit)
        x, y = deposit if sells else deposit[::-1]
        kept = PPM - form.fee_ppm
        quoted = y * kept * amount // (x * PPM + kept * amount)
        # In whole numbers: the share that the victim insists on is exact to 1e-18.
        least = quoted * round((1.0 - slippage) * _UNIT) // _UNIT
        arguments = {"asset_in": self._asset, "amount_in": amount, "minimum_out": least}
        call = Call("pool", "swap_exact_in", arguments)
        Swapper(self.world, "victim", place="home", chain="chain", call=call, time_ns=_BLOCK_NS + 10**9)

    def play(self) -> tuple[int, int]:
        """What the attacker's first swap put in, and what it has more than before; base units."""
        self.world.run(until_ns=2 * _BLOCK_NS + 10**9)
        self.world.records.close()
        fills = [row for row in self.world.records.tables["fills"].arrow().to_pylist() if row["taker"] == "attacker"]
        put_in = 0
        if fills:
            first = fills[0]
            put_in = int(first["base_raw" if first["side"] < 0 else "quote_raw"]) + int(first["taker_fee_raw"])
        held = self.world.ledger.balance(self._asset, Account("attacker", "chain"))
        return put_in, held - _CAPITAL


def _threshold(holds: Callable[[float], bool], most: float) -> float:
    """Where a statement that is false for small values becomes true."""
    low, high = 0.0, most
    for _ in range(_HALVINGS):
        middle = (low + high) / 2.0
        low, high = (low, middle) if holds(middle) else (middle, high)
    return (low + high) / 2.0


def _close(quantity: str, theory: float, engine: float, relative: float) -> Estimate:
    return Estimate(
        quantity, theory, engine, tolerance=relative * theory, detail=f"tolerance {relative:g} of the value"
    )
