"""The places of the market: an exchange, the outside market, a chain, and the ways money takes between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from shoal.experiments.market.parameters import ChainGroup, CustodyGroup, NetworkGroup
from shoal.experiments.market.volatility import RealisedVolatility
from shoal.sim.custody import Custody, Way
from shoal.sim.hosts.block_schedule import ConstantBlocks, PoissonBlocks
from shoal.sim.hosts.block_space import BlockSpaceDemand
from shoal.sim.hosts.chain import Chain
from shoal.sim.hosts.exchange import Exchange
from shoal.sim.latency import ConstantLatency, LogNormalLatency
from shoal.sim.ordering.effective_tip import EffectiveTip
from shoal.sim.ordering.first_come import FirstCome
from shoal.sim.ordering.policy import OrderingPolicy
from shoal.sim.price_path import PricePath
from shoal.sim.units import NANOSECONDS_PER_SECOND, Asset
from shoal.sim.world import World

EXCHANGE: Final = "exchange"
OUTSIDE: Final = "outside"
CHAIN: Final = "ethereum"
COLOCATED: Final = "colocation"
INTERNET: Final = "internet"
NATIVE: Final = "ETH"

GWEI: Final = 10**9
_MICROSECOND_NS: Final = 1_000
_MILLISECOND_NS: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Hosts:
    """The three hosts of the market."""

    exchange: Exchange
    outside: Exchange
    chain: Chain


def link_places(world: World, network: NetworkGroup) -> None:
    """Set the latency of every pair of places."""
    near = ConstantLatency(round(network.colocated_us * _MICROSECOND_NS))
    far = LogNormalLatency(round(network.internet_ms * _MILLISECOND_NS), network.internet_sigma)
    cities = ConstantLatency(round(network.exchanges_ms * _MILLISECOND_NS))
    gossip = LogNormalLatency(round(network.chain_ms * _MILLISECOND_NS), network.internet_sigma)
    world.network.link(COLOCATED, EXCHANGE, near)
    world.network.link(COLOCATED, OUTSIDE, cities)
    world.network.link(COLOCATED, CHAIN, gossip)
    world.network.link(INTERNET, EXCHANGE, far)
    world.network.link(INTERNET, OUTSIDE, far)
    world.network.link(INTERNET, CHAIN, gossip)


def build_hosts(
    world: World,
    prices: PricePath,
    assets: tuple[Asset, ...],
    *,
    chain: ChainGroup,
    custody: CustodyGroup,
    network: NetworkGroup,
) -> Hosts:
    """Make the hosts, with custody on each, and link the places."""
    link_places(world, network)
    service_ns, feed_ns = round(network.service_us * _MICROSECOND_NS), round(network.feed_ms * _MILLISECOND_NS)
    hosts = Hosts(
        Exchange(world, EXCHANGE, service_ns=service_ns, feed_interval_ns=feed_ns),
        Exchange(world, OUTSIDE, service_ns=service_ns, feed_interval_ns=feed_ns),
        _chain(world, prices, chain),
    )
    for host in (hosts.exchange, hosts.outside, hosts.chain):
        host.add(_custody(host.name, prices, assets, custody))
    return hosts


def _chain(world: World, prices: PricePath, chain: ChainGroup) -> Chain:
    interval_ns = round(chain.block_s * NANOSECONDS_PER_SECOND)
    ordering: OrderingPolicy = EffectiveTip() if chain.ordering == "effective_tip" else FirstCome()
    reference_wei = round(chain.reference_base_fee_gwei * GWEI)
    demand = BlockSpaceDemand(
        reference_fee_wei=reference_wei,
        elasticity=chain.demand_elasticity,
        mean_tip_wei=chain.mean_tip_gwei * GWEI,
        volatility=RealisedVolatility(
            prices, NATIVE, window_s=chain.volatility_window_s, floor=chain.reference_volatility / 10
        ),
        reference_volatility=chain.reference_volatility,
        volatility_exponent=chain.demand_volatility_exponent,
        noise=chain.demand_noise,
    )
    return Chain(
        world,
        CHAIN,
        native=world.assets[NATIVE],
        schedule=PoissonBlocks(interval_ns) if chain.block_times == "poisson" else ConstantBlocks(interval_ns),
        base_fee_wei=reference_wei,
        gas_limit=chain.gas_limit,
        ordering=ordering,
        demand=demand,
    )


def _custody(host: str, prices: PricePath, assets: tuple[Asset, ...], custody: CustodyGroup) -> Custody:
    """Ways to the other two hosts; the fee is a fixed worth in quote tokens at the first price."""
    delay_s = custody.from_chain_s if host == CHAIN else custody.from_exchange_s
    worth = 0.0 if host == CHAIN else float(custody.withdrawal_fee_quote_tokens)
    ways = {}
    for target in (EXCHANGE, OUTSIDE, CHAIN):
        for asset in assets:
            if target != host:
                price = float(prices.prices[asset.symbol][0]) if asset.symbol in prices.prices else 1.0
                ways[target, asset] = Way(asset.floor(worth / price), round(delay_s * NANOSECONDS_PER_SECOND))
    return Custody(host, ways)
