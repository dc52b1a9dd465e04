"""Vaults that trade at the price itself, for a proportional fee: the stage of every theorem about rebalancing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

import numpy as np
import numpy.typing as npt

from shoal.agents.depositor import Depositor
from shoal.agents.gas import GasTerms
from shoal.agents.lender import Lender
from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.execution.leveraged import HopTerms, Leveraged
from shoal.agents.vaults.executor import VaultExecutor
from shoal.agents.vaults.target import Target
from shoal.agents.vaults.trigger import Trigger
from shoal.experiments.prices.generated import geometric_brownian
from shoal.experiments.prices.normals import exponentials
from shoal.experiments.validation.arbitrage_world import logarithms
from shoal.experiments.validation.prompt_reporter import PromptReporter
from shoal.experiments.validation.statistics import Array
from shoal.experiments.validation.vault_book import Book, Fills, book_of
from shoal.sim.hosts.block_schedule import ConstantBlocks
from shoal.sim.hosts.chain import Chain
from shoal.sim.latency import ConstantLatency
from shoal.sim.price_path import PricePath
from shoal.sim.price_process import follow
from shoal.sim.units import NANOSECONDS_PER_SECOND, PPM, SECONDS_PER_YEAR, Asset
from shoal.sim.world import World
from shoal.venues.credit.kinked_rate import KinkedRate
from shoal.venues.credit.lending_market import LendingMarket
from shoal.venues.oracle import Oracle
from shoal.venues.outside_market import UNLIMITED, OutsideMarket
from shoal.venues.vault.guards import Guards
from shoal.venues.vault.vault import Vault

Times = npt.NDArray[np.int64]

START_PRICE: Final = 1_000.0
DEPOSIT_TOKENS: Final = 10**6
_START_NS: Final = 1_700_000_000 * 10**9
# A price is seen 1 ns after its time, and the report arrives 1 ns later: in good time for the block.
_LEAD_NS: Final = 40
# In each step the price is reported in one block, and vaults trade in the next.
_BLOCKS_A_STEP: Final = 2
# The first step is for the deposits.
_FIRST: Final = 1
_CHAIN: Final = "chain"
_SLIPPAGE_PPM: Final = 1_000
_SMALLEST_HOP: Final = 1e-6
_LLTV_PPM: Final = 860_000
_LENT_DEPOSITS: Final = 10
_FREE: Final = KinkedRate(base_ppm=0, slope_below_ppm=0, slope_above_ppm=0)
_INVENTORY: Final = 10**40
# So large that blocks are never half full, and the base fee stays 0.
_GAS_LIMIT: Final = 10**12
_GAS: Final = GasTerms(tip_wei=0, price_feed="none", base_fee_multiple=1)
_OPEN: Final = Guards(
    maximum_slippage_ppm=PPM,
    maximum_trade_ppm=100 * PPM,
    maximum_price_age_s=10**12,
    budget_ppm=PPM,
    budget_period_s=1,
    cool_off_s=0,
)


@dataclass(frozen=True, slots=True)
class Policy:
    """One vault of the stage.

    Args:
        symbols: what it holds next to the numeraire.
        target: makes its target from these assets.
        trigger: makes its trigger.
        deposit: share of what is first deposited that is in each of these assets; the rest is numeraire.
        borrows: whether it holds its one asset as collateral and borrows numeraire, for nothing, in hops.
    """

    symbols: tuple[str, ...]
    target: Callable[[tuple[Asset, ...]], Target]
    trigger: Callable[[], Trigger]
    deposit: tuple[float, ...] = ()
    borrows: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """A finished run.

    Args:
        world: the world, run to its end.
        path: outside prices, one a step.
        books: one a policy, in their order.
    """

    world: World
    path: PricePath
    books: tuple[Book, ...]


def walks(
    symbols: Sequence[str],
    *,
    seed: int,
    volatilities: Sequence[float],
    log_drift: float = 0.0,
    correlation: float = 0.0,
) -> Callable[[Times], PricePath]:
    """Geometric Brownian motions from ``START_PRICE`` on, one a symbol.

    Args:
        symbols: of the assets.
        seed: of the draws, which are keyed by symbol and step.
        volatilities: of each, fraction per square-root year.
        log_drift: expected growth of the log price a year.
        correlation: of each but the first with the first.
    """

    def path_at(times: Times) -> PricePath:
        moves = [_standard_moves(symbol, times, seed) for symbol in symbols]
        mixed = [moves[0]] + [correlation * moves[0] + math.sqrt(1.0 - correlation**2) * other for other in moves[1:]]
        years = (times - times[0]) / (SECONDS_PER_YEAR * NANOSECONDS_PER_SECOND)
        prices = {
            symbol: START_PRICE * exponentials(volatility * np.cumsum(move) + log_drift * years)
            for symbol, volatility, move in zip(symbols, volatilities, mixed, strict=True)
        }
        return PricePath(times, prices, end_ns=int(times[-1]) + 1, kind="generated", source_step_ns=0)

    return path_at


def _standard_moves(symbol: str, times: Times, seed: int) -> Array:
    """Increments of a standard Brownian motion, time in years."""
    walk = geometric_brownian(
        times, symbol=symbol, start_price=1.0, volatility_per_year=1.0, drift_per_year=0.5, seed=seed
    )
    moves: Array = np.diff(logarithms(walk.prices[symbol]), prepend=0.0)
    return moves


def play(
    policies: Sequence[Policy],
    *,
    seed: int,
    steps: int,
    step_ns: int,
    fee_ppm: int,
    path_at: Callable[[Times], PricePath],
) -> Stage:
    """Run vaults through that many prices, the first of which is for the deposits alone.

    Each asset has a market of unlimited depth on the chain. In each step the price changes, oracles have it in one
    block, and whoever wants to trade does so in the next, at that price.

    Args:
        policies: the vaults.
        seed: of the world.
        steps: prices.
        step_ns: between them, an even number of nanoseconds.
        fee_ppm: of the value traded.
        path_at: the outside prices at given times.
    """
    world = World(seed=seed, start_ns=_START_NS, latency=ConstantLatency(1))
    native, quote = world.asset("NATIVE", 18), world.asset("QUOTE", 18)
    block_ns = step_ns // _BLOCKS_A_STEP
    chain = Chain(
        world,
        _CHAIN,
        native=native,
        schedule=ConstantBlocks(block_ns),
        base_fee_wei=0,
        gas_limit=_GAS_LIMIT,
        pool_lifetime_ns=step_ns,
    )
    times = _START_NS + block_ns + step_ns * np.arange(steps, dtype=np.int64) - _LEAD_NS
    path = path_at(times)
    known = _markets(world, chain, path.symbols, quote, fee_ppm)
    follow(world, {symbol: market for symbol, (_, market, _) in known.items()}, path)
    for number, policy in enumerate(policies):
        _vault(world, chain, number, policy, known, quote)
    world.run(until_ns=int(times[-1]) + step_ns)
    return Stage(world, path, tuple(_books(world, policies, path, step_ns)))


def _markets(
    world: World, chain: Chain, symbols: Sequence[str], quote: Asset, fee_ppm: int
) -> dict[str, tuple[Asset, OutsideMarket, Oracle]]:
    found: dict[str, tuple[Asset, OutsideMarket, Oracle]] = {}
    for symbol in symbols:
        base = world.asset(symbol, 18)
        market = OutsideMarket(
            f"{symbol} market",
            base,
            quote,
            depth_quote_tokens=UNLIMITED,
            fee_ppm=fee_ppm,
            permanent_share=0.0,
            half_life_s=1.0,
        )
        oracle = Oracle(f"{symbol} oracle", base, quote, reporter="reporter", deviation_ppm=1, heartbeat_s=1)
        chain.add(market)
        chain.add(oracle)
        for asset in (base, quote):
            world.endow(market.name, _CHAIN, asset, _INVENTORY)
        found[symbol] = base, market, oracle
    sources = {oracle.name: market.name for _, market, oracle in found.values()}
    PromptReporter(world, "reporter", place="home", chain=_CHAIN, sources=sources)
    return found


def _vault(
    world: World,
    chain: Chain,
    number: int,
    policy: Policy,
    known: Mapping[str, tuple[Asset, OutsideMarket, Oracle]],
    quote: Asset,
) -> None:
    parts = [known[symbol] for symbol in policy.symbols]
    assets = tuple(base for base, _, _ in parts)
    lending = _lending(world, chain, number, parts[0], quote) if policy.borrows else {}
    vault = Vault(
        f"vault-{number}",
        numeraire=quote,
        oracles={base: oracle for base, _, oracle in parts},
        manager=f"manager-{number}",
        guards=_OPEN,
        venues=(*(market.name for _, market, _ in parts), *(lender.name for lender in lending.values())),
        lending=lending,
    )
    chain.add(vault)
    amounts = {asset: amount for asset, amount in _deposit(policy, (*assets, quote)).items() if amount}
    for asset, amount in amounts.items():
        world.endow(f"saver-{number}", _CHAIN, asset, amount)
    Depositor(world, f"saver-{number}", place="home", vault=vault.name, amounts=amounts, gas=_GAS)
    VaultExecutor(
        world,
        f"manager-{number}",
        place="home",
        vault=vault.name,
        target=policy.target(assets),
        trigger=policy.trigger(),
        execution=_leveraged(assets[0]) if policy.borrows else _at_once(),
        prices={base: oracle.name for base, _, oracle in parts},
        markets={base: (market.name,) for base, market, _ in parts},
        interval_ns=None,
        gas=_GAS,
    )


def _lending(
    world: World, chain: Chain, number: int, known: tuple[Asset, OutsideMarket, Oracle], quote: Asset
) -> dict[Asset, LendingMarket]:
    """A market that lends for nothing, and who has put money into it."""
    base, _, oracle = known
    market = LendingMarket(
        f"lending-{number}", collateral=base, loan=quote, oracle=oracle, lltv_ppm=_LLTV_PPM, rate=_FREE
    )
    chain.add(market)
    supply = quote.amount(_LENT_DEPOSITS * DEPOSIT_TOKENS)
    world.endow(f"lender-{number}", _CHAIN, quote, supply)
    Lender(world, f"lender-{number}", place="home", market=market.name, amount=supply, gas=_GAS)
    return {base: market}


def _at_once() -> AtOnce:
    return AtOnce(slippage_ppm=_SLIPPAGE_PPM, minimum_quote_tokens=0.0)


def _leveraged(asset: Asset) -> Leveraged:
    terms = HopTerms(slippage_ppm=_SLIPPAGE_PPM)
    return Leveraged(asset, terms=terms, minimum_quote_tokens=_SMALLEST_HOP)


def _deposit(policy: Policy, assets: Sequence[Asset]) -> dict[Asset, int]:
    """Base units of each asset, and of the numeraire, that a vault begins with."""
    shares = policy.deposit or (0.0,) * len(policy.symbols)
    tokens = [DEPOSIT_TOKENS * share / START_PRICE for share in shares] + [DEPOSIT_TOKENS * (1.0 - sum(shares))]
    return {asset: asset.floor(amount) for asset, amount in zip(assets, tokens, strict=True)}


def _books(world: World, policies: Sequence[Policy], path: PricePath, step_ns: int) -> Iterator[Book]:
    fills = Fills.of(world, first_ns=int(path.times_ns[_FIRST]), step_ns=step_ns)
    for number, policy in enumerate(policies):
        vault = cast(Vault, world.venues[f"vault-{number}"])
        prices = np.column_stack([path.prices[symbol][_FIRST:] for symbol in policy.symbols])
        quote = vault.numeraire
        yield book_of(world, vault, prices=prices, deposit=_deposit(policy, (*vault.oracles, quote)), fills=fills)
