"""The study `market`: prices come in, agents trade on a pool and a book on one clock, and a report comes out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final, cast

from shoal.experiments.accounts import holdings, record_results
from shoal.experiments.market.hosts import NATIVE, Hosts, build_hosts
from shoal.experiments.market.parameters import (
    ArbitrageGroup,
    BookGroup,
    ChainGroup,
    CustodyGroup,
    GasGroup,
    GeneratedGroup,
    InformedGroup,
    LiquidityGroup,
    MakerGroup,
    NetworkGroup,
    NoiseGroup,
    OracleGroup,
    OutsideGroup,
    PoolGroup,
)
from shoal.experiments.market.population import (
    add_arbitrageurs,
    add_informed_traders,
    add_liquidity_providers,
    add_market_makers,
    add_noise_traders,
    add_reporter,
)
from shoal.experiments.market.venues import Pair, build_pair, watched
from shoal.experiments.observer import Observer
from shoal.experiments.prices.bars import Bars
from shoal.experiments.prices.bridge import bridge_prices
from shoal.experiments.prices.generated import BTC, ETH, Crash, JumpDiffusion, generate_prices
from shoal.experiments.study import Problem, Study, Tag, group, parameter
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.records import Records
from shoal.sim.units import NANOSECONDS_PER_SECOND
from shoal.sim.world import World
from shoal.venues.outside_market import OutsideMarket

QUOTE: Final = "USDC"
DECIMALS: Final[Mapping[str, int]] = {"BTC": 8, "ETH": 18, QUOTE: 6}
_OTHER_DECIMALS: Final = 18
_HOUR_NS: Final = 3_600 * NANOSECONDS_PER_SECOND
_MODELS: Final[Mapping[str, JumpDiffusion]] = {"BTC": BTC, "ETH": ETH}
_ASSUMED: Final = Tag("assumed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Market(Study):
    """Prices from outside pass through a book and a pool that noise traders, makers, arbitrageurs and providers share.

    For each symbol: an order book and a constant product pool against USDC, the outside market, and an oracle.
    """

    price_step_s: float = parameter(
        1.0,
        unit="s",
        tag=_ASSUMED,
        explain="Grid of the outside price; finer than the data it is the model's.",
        minimum=0.001,
    )
    sample_s: float = parameter(
        30.0, unit="s", tag=_ASSUMED, explain="How often every venue is sampled for the report.", minimum=0.001
    )
    reference_s: float = parameter(
        1.0,
        unit="s",
        tag=_ASSUMED,
        explain="How often outside prices, against which trades are measured, are kept.",
        minimum=0.001,
    )
    generated: GeneratedGroup = group(GeneratedGroup)
    network: NetworkGroup = group(NetworkGroup)
    chain: ChainGroup = group(ChainGroup)
    gas: GasGroup = group(GasGroup)
    custody: CustodyGroup = group(CustodyGroup)
    outside: OutsideGroup = group(OutsideGroup)
    book: BookGroup = group(BookGroup)
    pool: PoolGroup = group(PoolGroup)
    oracle: OracleGroup = group(OracleGroup)
    noise: NoiseGroup = group(NoiseGroup)
    informed: InformedGroup = group(InformedGroup)
    makers: MakerGroup = group(MakerGroup)
    arbitrage: ArbitrageGroup = group(ArbitrageGroup)
    liquidity: LiquidityGroup = group(LiquidityGroup)

    def check(self) -> Iterable[Problem]:
        """Withdrawing must need more volatility than coming back."""
        for path, one in (("makers", self.makers), ("liquidity", self.liquidity)):
            if one.return_volatility > one.withdraw_volatility:
                yield Problem(
                    f"{path}.return_volatility",
                    f"{one.return_volatility} is above {path}.withdraw_volatility = {one.withdraw_volatility}",
                    "Lower it, or they would come back while they leave.",
                )

    def prices_default(self, *, seed: int, symbols: tuple[str, ...], start_ns: int, end_ns: int) -> PricePath:
        """A joint jump-diffusion with one scheduled fall; without it if the span ends before."""
        unknown = [symbol for symbol in symbols if symbol not in _MODELS]
        if unknown:
            raise ValueError(
                f"generated prices exist for {', '.join(_MODELS)}, not {', '.join(unknown)}: give --prices"
            )
        plan = self.generated
        crash = Crash(
            after_ns=round(plan.crash_after_hours * _HOUR_NS),
            depth=plan.crash_depth,
            fall_ns=round(plan.crash_minutes * 60 * NANOSECONDS_PER_SECOND),
            recovery=plan.recovery,
            recovery_half_life_ns=round(plan.recovery_half_life_hours * _HOUR_NS),
            volatility_multiple=plan.volatility_multiple,
        )
        models = {symbol: replace(_MODELS[symbol], crash=crash) for symbol in symbols}
        return generate_prices(models, start_ns=start_ns, end_ns=end_ns, seed=seed, step_ns=self._step_ns)

    def prices_recorded(self, bars: Bars, *, seed: int) -> PricePath:
        """A joint Brownian bridge that honours every bar."""
        return bridge_prices(bars, seed=seed, step_ns=self._step_ns)

    def build(self, *, seed: int, prices: PricePath, records: Records) -> World:
        """Hosts, venues, agents and their money, and the instrument that samples them."""
        if NATIVE not in prices.prices:
            raise ValueError(f"the market needs {NATIVE} among its symbols: gas is paid in it")
        world = World(seed=seed, start_ns=prices.start_ns, records=records)
        quote = world.asset(QUOTE, DECIMALS[QUOTE])
        bases = [world.asset(symbol, DECIMALS.get(symbol, _OTHER_DECIMALS)) for symbol in prices.symbols]
        hosts = build_hosts(
            world, prices, (*bases, quote), chain=self.chain, custody=self.custody, network=self.network
        )
        pairs = [
            build_pair(
                world,
                hosts,
                base,
                quote,
                price=float(prices.prices[base.symbol][0]),
                book=self.book,
                outside=self.outside,
                pool=self.pool,
                oracle=self.oracle,
            )
            for base in bases
        ]
        for pair in pairs:
            self._populate(world, pair)
        pairs = self._enlarge(world, hosts, pairs, prices)
        follow(world, {pair.symbol: pair.outside for pair in pairs}, prices)
        Observer(
            world,
            tuple(one for pair in pairs for one in watched(world, pair)),
            path=prices,
            quote=dict.fromkeys(prices.symbols, QUOTE),
            interval_ns=self._sample_ns,
            reference_interval_ns=round(self.reference_s * NANOSECONDS_PER_SECOND),
            until_ns=prices.end_ns - 1,
        )
        return world

    def finish(self, world: World, prices: PricePath) -> None:
        """Write who won and lost, at the outside market's prices."""
        kinds = {name: type(one).__name__ for name, one in (*world.agents.items(), *world.venues.items())}
        start_prices, end_prices = {QUOTE: 1.0}, {QUOTE: 1.0}
        for symbol in prices.symbols:
            start_prices[symbol] = float(prices.prices[symbol][0])
            outside = cast(OutsideMarket, world.venues[f"{symbol} outside"])
            mid = outside.mid(world.clock.now_ns)
            end_prices[symbol] = start_prices[symbol] if mid is None else mid
        record_results(
            world, world.endowments, holdings(world), kinds=kinds, start_prices=start_prices, end_prices=end_prices
        )

    def _enlarge(self, world: World, hosts: Hosts, pairs: list[Pair], prices: PricePath) -> list[Pair]:
        """Whatever a larger study adds to the market; returns the pairs that know of further pools."""
        return pairs

    def _populate(self, world: World, pair: Pair) -> None:
        add_liquidity_providers(world, pair, self.liquidity, gas=self.gas)
        add_reporter(world, pair, self.oracle, gas=self.gas)
        add_market_makers(world, pair, self.makers, custody=self.custody)
        add_arbitrageurs(world, pair, self.arbitrage, gas=self.gas, custody=self.custody)
        add_informed_traders(world, pair, self.informed, gas=self.gas)
        add_noise_traders(world, pair, self.noise, gas=self.gas, private_share=self._private_share)

    @property
    def _private_share(self) -> float:
        """The share of users of the chain who send privately."""
        return 0.0

    @property
    def _sample_ns(self) -> int:
        return round(self.sample_s * NANOSECONDS_PER_SECOND)

    @property
    def _step_ns(self) -> int:
        return round(self.price_step_s * NANOSECONDS_PER_SECOND)
