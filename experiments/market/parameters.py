"""Parameters of the market studies, by group; each with unit, tag, source and one line of explanation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from shoal.experiments.study import Amount, Group, Tag, parameter

ASSUMED: Final = Tag("assumed")
UNISWAP_V2: Final = Tag("literature", source="Uniswap v2 whitepaper", date="2020-03")
EIP_1559: Final = Tag("literature", source="EIP-1559", date="2021-08")
FUSAKA: Final = Tag("literature", source="EIP-7935, Ethereum's default gas limit since Fusaka", date="2025-12")
SLOTS: Final = Tag("literature", source="Ethereum's slot time since the merge", date="2022-09")
CHAINLINK: Final = Tag("literature", source="Chainlink ETH/USD on Ethereum: deviation and heartbeat", date="2026-11")
SMALL_EXCHANGE: Final = Tag(
    "calibrated", source="lob_l3_bitstamp_btcusd_* by shoal.experiments.calibration", date="2026-05-02"
)
LARGE_EXCHANGE: Final = Tag(
    "calibrated",
    source="lob_l2_binance_spot_btcusdt_2024-08-08_09 by shoal.experiments.calibration",
    date="2024-08-08",
)
POOL_FLOW: Final = Tag(
    "calibrated",
    source="univ3_usdc_weth_polygon_1m_2022-07-19_08-22 by shoal.experiments.calibration",
    date="2022-07-19/2022-08-22",
)
GAS_PRICE: Final = Tag(
    "calibrated",
    source="gas_price_1m_2023-08-14_17 and weth_usd_1m_2023-08-13_17 by shoal.experiments.calibration",
    date="2023-08-14/2023-08-17",
)
LARGE_FEES: Final = Tag("literature", source="Binance, spot fee schedule of a regular user", date="2024")
SMALL_FEES: Final = Tag("literature", source="Bitstamp, fee schedule above 20 million USD in 30 days", date="2026")
AVELLANEDA_STOIKOV: Final = Tag("literature", source="Avellaneda and Stoikov 2008; Gueant, Lehalle and Tapia 2013")


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedGroup(Group):
    """The generated price path, used when no file is given."""

    crash_after_hours: float = parameter(
        2.0, unit="h", tag=ASSUMED, explain="When the scheduled fall begins, from the start.", minimum=0
    )
    crash_depth: float = parameter(
        0.25, unit="fraction", tag=ASSUMED, explain="Part of the price lost when the fall ends.", above=0, below=1
    )
    crash_minutes: float = parameter(20.0, unit="min", tag=ASSUMED, explain="How long the fall takes.", minimum=0)
    recovery: float = parameter(
        0.5, unit="fraction", tag=ASSUMED, explain="Part of the fall that comes back in the end.", minimum=0, maximum=1
    )
    recovery_half_life_hours: float = parameter(
        1.0, unit="h", tag=ASSUMED, explain="Half of the recovery has come after this long.", above=0
    )
    volatility_multiple: float = parameter(
        10.0, tag=ASSUMED, explain="How much the fall multiplies volatility; it fades as the price recovers.", minimum=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkGroup(Group):
    """Latencies of the network and service time of the exchanges."""

    colocated_us: float = parameter(
        200.0, unit="us", tag=ASSUMED, explain="One way from the colocation to the exchange.", minimum=0.001
    )
    exchanges_ms: float = parameter(
        5.0, unit="ms", tag=ASSUMED, explain="One way from the colocation to the outside market.", minimum=0.001
    )
    internet_ms: float = parameter(
        40.0, unit="ms", tag=ASSUMED, explain="Median one way from an ordinary user to an exchange.", minimum=0.001
    )
    internet_sigma: float = parameter(
        0.3,
        unit="log",
        tag=ASSUMED,
        explain="Deviation of the logarithm of latencies over the internet.",
        minimum=0,
        maximum=5,
    )
    chain_ms: float = parameter(
        120.0, unit="ms", tag=ASSUMED, explain="Median one way between anybody and the chain's nodes.", minimum=0.001
    )
    feed_ms: float = parameter(
        1.0, unit="ms", tag=ASSUMED, explain="How long after a change an exchange's market data show it.", minimum=0
    )
    service_us: float = parameter(
        20.0, unit="us", tag=ASSUMED, explain="How long one call occupies an exchange.", minimum=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainGroup(Group):
    """The chain: blocks, gas, and everybody else's demand for block space."""

    block_s: float = parameter(12.0, unit="s", tag=SLOTS, explain="Mean time between blocks.", minimum=1e-6)
    block_times: Literal["constant", "poisson"] = parameter(
        "constant", tag=SLOTS, explain="Blocks at constant intervals or at Poisson times."
    )
    gas_limit: int = parameter(60_000_000, unit="gas", tag=FUSAKA, explain="Gas a block holds.", minimum=1_000_000)
    ordering: Literal["effective_tip", "first_come"] = parameter(
        "effective_tip", tag=EIP_1559, explain="How the builder orders transactions."
    )
    reference_base_fee_gwei: float = parameter(
        10.0,
        unit="gwei",
        tag=ASSUMED,
        explain="Base fee at which demand fills the target on a calm day.",
        minimum=1e-6,
        maximum=1e6,
    )
    mean_tip_gwei: float = parameter(
        1.0, unit="gwei", tag=ASSUMED, explain="Mean tip of everybody else's transactions.", above=0, maximum=1e6
    )
    demand_elasticity: float = parameter(
        1.0, tag=ASSUMED, explain="How fast demand for gas falls as the base fee rises.", minimum=0, maximum=10
    )
    demand_volatility_exponent: float = parameter(
        0.42,
        tag=GAS_PRICE,
        explain="How demand for gas rises with realised volatility; 0 is not at all.",
        minimum=0,
        maximum=4,
    )
    demand_noise: float = parameter(
        0.4, unit="log", tag=ASSUMED, explain="Deviation of the logarithm of a block's demand.", minimum=0, maximum=3
    )
    reference_volatility: float = parameter(
        0.8, unit="1/sqrt(year)", tag=POOL_FLOW, explain="Volatility of a calm day.", above=0
    )
    volatility_window_s: int = parameter(
        900, unit="s", tag=ASSUMED, explain="Window of the volatility that demand for gas reacts to.", minimum=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GasGroup(Group):
    """What agents bid and have for gas."""

    tip_gwei: float = parameter(
        1.0, unit="gwei", tag=ASSUMED, explain="Tip of ordinary users, per gas.", minimum=0, maximum=1e6
    )
    user_tokens: Amount = parameter(
        Amount("50"),
        unit="ETH",
        tag=ASSUMED,
        explain="Native tokens for gas that each ordinary user starts with.",
        minimum=0,
    )
    arbitrageur_tokens: Amount = parameter(
        Amount("10000"),
        unit="ETH",
        tag=ASSUMED,
        explain="Native tokens for gas of arbitrageurs, informed traders and reporters, who bid by what they gain.",
        minimum=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyGroup(Group):
    """Deposits and withdrawals between hosts."""

    from_exchange_s: float = parameter(
        120.0, unit="s", tag=ASSUMED, explain="From a withdrawal at an exchange to the credit elsewhere.", minimum=1e-6
    )
    from_chain_s: float = parameter(
        180.0, unit="s", tag=ASSUMED, explain="From a withdrawal on the chain to the credit elsewhere.", minimum=1e-6
    )
    withdrawal_fee_quote_tokens: Amount = parameter(
        Amount("3"),
        unit="USDC",
        tag=ASSUMED,
        explain="Worth of an exchange's withdrawal fee at the first price.",
        minimum=0,
    )
    rebalance_minutes: float = parameter(
        10.0, unit="min", tag=ASSUMED, explain="How often inventory between hosts is looked at.", above=0
    )
    rebalance_skew: float = parameter(
        0.25,
        unit="fraction",
        tag=ASSUMED,
        explain="Money moves when a host holds less than this part.",
        above=0,
        below=0.5,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideGroup(Group):
    """The outside market: the rest of the world, of which the price path is the record."""

    depth_quote_tokens: float = parameter(
        20_000_000.0, unit="USDC", tag=LARGE_EXCHANGE, explain="Quote tokens that move its price by 1 %.", above=0
    )
    fee_ppm: int = parameter(1_000, unit="ppm", tag=LARGE_FEES, explain="Its taker fee.", minimum=0, below=1_000_000)
    permanent_share: float = parameter(
        0.3, unit="fraction", tag=ASSUMED, explain="Part of the inside world's impact that stays.", minimum=0, maximum=1
    )
    half_life_s: float = parameter(
        600.0, unit="s", tag=ASSUMED, explain="Half of the rest of the impact has gone after this long.", above=0
    )
    inventory_quote_tokens: Amount = parameter(
        Amount("500000000"), unit="USDC", tag=ASSUMED, explain="What it holds of each side at the start.", above=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BookGroup(Group):
    """The order book exchange."""

    maker_fee_ppm: int = parameter(
        0, unit="ppm", tag=SMALL_FEES, explain="Fee of the resting side.", minimum=0, below=1_000_000
    )
    taker_fee_ppm: int = parameter(
        300, unit="ppm", tag=SMALL_FEES, explain="Fee of the incoming side.", minimum=0, below=1_000_000
    )
    tick_digits: int = parameter(
        6,
        unit="digits",
        tag=ASSUMED,
        explain="Significant digits of a price at the start; sets the tick.",
        minimum=3,
        maximum=9,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolGroup(Group):
    """The constant product pool on the chain."""

    fee_ppm: int = parameter(3_000, unit="ppm", tag=UNISWAP_V2, explain="Fee of a swap.", minimum=0, below=1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class OracleGroup(Group):
    """The oracle on the chain."""

    deviation_ppm: int = parameter(
        5_000, unit="ppm", tag=CHAINLINK, explain="A new answer is due when the price has moved this far.", minimum=1
    )
    heartbeat_s: int = parameter(
        3_600, unit="s", tag=CHAINLINK, explain="A new answer is due after this long in any case.", minimum=1
    )
    source: Literal["outside", "pool", "mix"] = parameter(
        "outside", tag=ASSUMED, explain="What it reports: the outside price, the pool's, or all by depth."
    )
    delay_s: float = parameter(2.0, unit="s", tag=ASSUMED, explain="From noticing to sending the report.", minimum=1e-6)
    poll_s: float = parameter(5.0, unit="s", tag=ASSUMED, explain="How often the reporter looks.", minimum=1e-3)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseGroup(Group):
    """Noise traders, per symbol."""

    book_traders: int = parameter(
        15, tag=SMALL_EXCHANGE, explain="How many trade on the book and the outside market.", minimum=0, maximum=100_000
    )
    pool_traders: int = parameter(
        5, tag=POOL_FLOW, explain="How many trade on the pool only.", minimum=0, maximum=100_000
    )
    free_traders: int = parameter(
        8, tag=SMALL_EXCHANGE, explain="How many choose between book and pool.", minimum=0, maximum=100_000
    )
    interval_s: float = parameter(
        240.0, unit="s", tag=ASSUMED, explain="Mean time between two trades of one trader.", minimum=1e-3
    )
    size_quote_tokens: float = parameter(
        480.0, unit="USDC", tag=SMALL_EXCHANGE, explain="Median size of a trade.", above=0
    )
    size_sigma: float = parameter(
        2.3, unit="log", tag=SMALL_EXCHANGE, explain="Deviation of the logarithm of sizes.", minimum=0, maximum=4
    )
    slippage_ppm: int = parameter(
        10_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Worst price accepted, against what was shown.",
        minimum=0,
        below=1_000_000,
    )
    capital_quote_tokens: Amount = parameter(
        Amount("500000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each trader's money on each host, half in each asset.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class InformedGroup(Group):
    """Informed traders, per symbol."""

    traders: int = parameter(2, tag=ASSUMED, explain="How many.", minimum=0, maximum=10_000)
    interval_s: float = parameter(5.0, unit="s", tag=ASSUMED, explain="Mean time between two looks.", minimum=1e-3)
    edge_ppm: int = parameter(
        300, unit="ppm", tag=ASSUMED, explain="Gain after fees below which they stay still.", minimum=0
    )
    unwind_ppm: int = parameter(0, unit="ppm", tag=ASSUMED, explain="Gap at which they begin to go back.", minimum=0)
    order_quote_tokens: float = parameter(10_000.0, unit="USDC", tag=ASSUMED, explain="Size of a trade.", above=0)
    inventory_quote_tokens: float = parameter(
        100_000.0, unit="USDC", tag=ASSUMED, explain="Most they are ever long or short of their start.", above=0
    )
    capital_quote_tokens: Amount = parameter(
        Amount("400000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on each host, half in each asset.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class MakerGroup(Group):
    """Market makers on the book, per symbol."""

    makers: int = parameter(3, tag=ASSUMED, explain="How many.", minimum=0, maximum=10_000)
    form: Literal["stationary", "finite"] = parameter(
        "stationary", tag=AVELLANEDA_STOIKOV, explain="Stationary quotes, or those of a finite horizon."
    )
    interval_s: float = parameter(1.0, unit="s", tag=ASSUMED, explain="Time between two looks.", minimum=1e-3)
    order_quote_tokens: float = parameter(
        540_000.0, unit="USDC", tag=SMALL_EXCHANGE, explain="Size of each order at the first price.", above=0
    )
    levels: int = parameter(3, tag=ASSUMED, explain="Orders on each side.", minimum=1, maximum=50)
    level_step_ppm: int = parameter(
        2_000, unit="ppm", tag=ASSUMED, explain="Distance from one level to the next.", minimum=1
    )
    requote_ppm: int = parameter(
        400, unit="ppm", tag=ASSUMED, explain="Quotes are renewed when they should be this far away.", minimum=0
    )
    minimum_spread_ppm: int = parameter(
        100, unit="ppm", tag=ASSUMED, explain="Never narrower than this, bid to ask.", minimum=0
    )
    risk_aversion: float = parameter(
        10.0, tag=ASSUMED, explain="Risk aversion, per order and unit of the mid.", above=0
    )
    fill_decay: float = parameter(
        3_700.0,
        tag=SMALL_EXCHANGE,
        explain="Decay of fills with distance, per unit of the mid (1/k is a distance).",
        above=0,
    )
    arrivals_per_s: float = parameter(
        0.011, unit="1/s", tag=SMALL_EXCHANGE, explain="Rate of takers at the mid that the maker believes in.", above=0
    )
    horizon_s: float = parameter(
        3_600.0, unit="s", tag=ASSUMED, explain="Horizon of the finite form; it starts again when it ends.", above=0
    )
    inventory_limit: float = parameter(
        6.0, unit="orders", tag=ASSUMED, explain="Most orders long or short of the start.", above=0
    )
    hedge_limit: float = parameter(
        3.0, unit="orders", tag=ASSUMED, explain="What exceeds so many orders is traded at the outside market.", above=0
    )
    start_volatility: float = parameter(
        0.8, unit="1/sqrt(year)", tag=POOL_FLOW, explain="Volatility believed in at the start.", above=0
    )
    volatility_half_life_s: float = parameter(
        300.0, unit="s", tag=ASSUMED, explain="Half-life of the weights of the maker's volatility.", above=0
    )
    withdraw_volatility: float = parameter(
        5.0, unit="1/sqrt(year)", tag=ASSUMED, explain="Above this volatility quotes go away.", above=0
    )
    return_volatility: float = parameter(
        3.0, unit="1/sqrt(year)", tag=ASSUMED, explain="Below this volatility they come back.", above=0
    )
    tolerance_step: float = parameter(
        2.5, tag=ASSUMED, explain="Each next maker leaves and returns at this many times the volatility.", minimum=1
    )
    loss_limit_quote_tokens: float = parameter(
        100_000.0, unit="USDC", tag=ASSUMED, explain="Loss since the last pause after which quotes go away.", above=0
    )
    pause_s: float = parameter(900.0, unit="s", tag=ASSUMED, explain="How long after such a loss.", above=0)
    capital_quote_tokens: Amount = parameter(
        Amount("10000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on exchange and outside, half in each.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ArbitrageGroup(Group):
    """Arbitrageurs, per symbol."""

    pool_arbitrageurs: int = parameter(
        2,
        tag=ASSUMED,
        explain="Between pool, book and outside; the second submits privately.",
        minimum=0,
        maximum=1_000,
    )
    book_arbitrageurs: int = parameter(1, tag=ASSUMED, explain="Between book and outside.", minimum=0, maximum=1_000)
    minimum_profit_quote_tokens: float = parameter(
        2.0, unit="USDC", tag=ASSUMED, explain="Least expected profit after fees and gas.", minimum=0
    )
    tip_share: float = parameter(
        0.5, unit="fraction", tag=ASSUMED, explain="Part of the expected profit bid as tip.", minimum=0, maximum=1
    )
    slippage_ppm: int = parameter(
        2_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Worst price accepted, against the expected.",
        minimum=0,
        below=1_000_000,
    )
    delay_s: float = parameter(
        9.0, unit="s", tag=ASSUMED, explain="From the news of a block to the decision for the next.", minimum=1e-6
    )
    interval_s: float = parameter(
        2.0, unit="s", tag=ASSUMED, explain="How often a book arbitrageur looks.", minimum=1e-3
    )
    minimum_edge_ppm: int = parameter(
        200, unit="ppm", tag=ASSUMED, explain="Least gain after fees of a book arbitrage.", minimum=0
    )
    order_quote_tokens: float = parameter(
        50_000.0, unit="USDC", tag=ASSUMED, explain="Largest trade of a book arbitrageur.", above=0
    )
    capital_quote_tokens: Amount = parameter(
        Amount("5000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on each of its hosts, half in each.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidityGroup(Group):
    """Liquidity providers of the pool, per symbol."""

    steady: int = parameter(2, tag=ASSUMED, explain="How many never leave.", minimum=1, maximum=1_000)
    wary: int = parameter(1, tag=ASSUMED, explain="How many leave when it gets rough.", minimum=0, maximum=1_000)
    quote_tokens: Amount = parameter(
        Amount("19000000"),
        unit="USDC",
        tag=POOL_FLOW,
        explain="Each one's quote side; the base side is worth the same.",
        above=0,
    )
    interval_s: float = parameter(60.0, unit="s", tag=ASSUMED, explain="Time between two looks.", minimum=1e-3)
    withdraw_volatility: float = parameter(
        3.0, unit="1/sqrt(year)", tag=ASSUMED, explain="Above this volatility the wary withdraw.", above=0
    )
    return_volatility: float = parameter(
        1.5, unit="1/sqrt(year)", tag=ASSUMED, explain="Below this volatility they come back.", above=0
    )
    calm_minutes: float = parameter(
        20.0, unit="min", tag=ASSUMED, explain="How long it has to be calm before they do.", minimum=0
    )
