"""The parameters of vaults, adversaries and credit, in groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from typing import Final, Literal

from shoal.experiments.study import Amount, Group, Problem, Tag, parameter

ASSUMED: Final = Tag("assumed")
MORPHO: Final = Tag("literature", "Morpho Blue, deployed loan-to-value tiers", "2024")
INDEX: Final = Tag("literature", "Index Coop FLI documentation: target 2, 1.8 to 2.2 for BTC2x, speed 5 %", "2021")
CPPI: Final = Tag("literature", "Black and Perold (1992); multipliers of 3 to 6 are usual")
BLOCKS: Final = Tag(
    "literature", "share of private transactions above 30 % in mid 2024, mechanics of private flow", "2024"
)
KINK: Final = Tag("literature", "USDC markets: kink 90 %, slopes 3.5 % and 60 %", "2023")
FEE_TIERS: Final = Tag("literature", "Uniswap's fee tiers: 0.05 % beside 0.3 %", "2021-05")
ENZYME: Final = Tag("literature", "Enzyme's cumulative slippage tolerance, seven days", "2023")
AGGREGATORS: Final = Tag("literature", "Uniswap's and others' default slippage limit, 0.5 %", "2024")

Form = Literal["at once", "sliced", "several hosts"]
LEVERAGE: Final = "leverage"
POLICIES: Final = ("calendar", "threshold", "volatility-weighted", "volatility-target", "CPPI", LEVERAGE, "hold")


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondPoolGroup(Group):
    """A second, smaller pool of every symbol with a lower fee: who routes has a choice on the chain, too."""

    fee_ppm: int = parameter(500, unit="ppm", tag=FEE_TIERS, explain="Fee of a swap.", minimum=0, below=1_000_000)
    quote_tokens: Amount = parameter(
        Amount("15000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Its provider's quote side; the base side is worth the same.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultGroup(Group):
    """Vaults: one of each policy, all with the same money."""

    policies: tuple[str, ...] = parameter(
        POLICIES, tag=ASSUMED, explain="Which vaults there are, of those that the default lists."
    )
    capital_quote_tokens: Amount = parameter(
        Amount("10000000"), unit="USDC", tag=ASSUMED, explain="What each one's depositor puts in at the start.", above=0
    )
    exposure: float = parameter(
        0.6,
        unit="fraction",
        tag=ASSUMED,
        explain="Part held in the symbols, in equal parts, by fixed weights.",
        above=0,
        maximum=1,
    )
    look_s: float = parameter(60.0, unit="s", tag=ASSUMED, explain="How often an executor looks.", minimum=1)
    calendar_minutes: float = parameter(
        60.0, unit="min", tag=ASSUMED, explain="Interval of the calendar policy.", above=0
    )
    band: float = parameter(
        0.02,
        unit="fraction",
        tag=ASSUMED,
        explain="Drift of a weight at which the threshold policy trades.",
        above=0,
        below=1,
    )
    band_volatility: float = parameter(
        3.0,
        unit="1/sqrt(year)",
        tag=ASSUMED,
        explain="Volatility at which the volatility-weighted band is as wide as the threshold's.",
        above=0,
    )
    target_volatility: float = parameter(
        0.4, unit="1/sqrt(year)", tag=ASSUMED, explain="Volatility that the volatility target aims at.", above=0
    )
    volatility_half_life_minutes: float = parameter(
        60.0, unit="min", tag=ASSUMED, explain="Half-life of the weights of a vault's realised volatility.", above=0
    )
    multiplier: float = parameter(3.0, tag=CPPI, explain="CPPI's exposure is so many times the cushion.", above=1)
    floor: float = parameter(
        0.8, unit="fraction", tag=ASSUMED, explain="CPPI's floor, of the value at the start.", above=0, below=1
    )
    leverage: float = parameter(2.0, tag=INDEX, explain="Leverage that the leveraged vault keeps.", above=1, maximum=5)
    leverage_low: float = parameter(1.8, tag=INDEX, explain="Below it leverage is raised at once.", above=1)
    leverage_high: float = parameter(2.2, tag=INDEX, explain="Above it leverage is lowered at once.", above=1)
    ripcord: float = parameter(2.6, tag=INDEX, explain="Leverage from which it is lowered with wider limits.", above=1)
    leverage_speed: float = parameter(
        0.05,
        unit="fraction",
        tag=INDEX,
        explain="Part of the way back to the target at each regular date.",
        above=0,
        maximum=1,
    )
    tolerance: float = parameter(
        0.1, unit="fraction", tag=ASSUMED, explain="Relative drift at which volatility target and CPPI trade.", above=0
    )
    rebalance: bool = parameter(
        True, tag=ASSUMED, explain="False: vaults decide but send nothing after their first investment, as a control."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ExecutionGroup(Group):
    """How vaults trade, and within which guards."""

    form: Form = parameter(
        "sliced", tag=ASSUMED, explain="A rebalance in one transaction, in slices, or on chain and exchange together."
    )
    slice_quote_tokens: float = parameter(
        250_000.0, unit="USDC", tag=ASSUMED, explain="Largest slice of a sliced execution.", above=0
    )
    cool_off_s: float = parameter(60.0, unit="s", tag=ASSUMED, explain="Least time between two slices.", minimum=1)
    custody_ppm: int = parameter(
        200_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Several hosts: largest part of a vault's value that may lie in custody on the exchange.",
        minimum=1,
        maximum=1_000_000,
    )
    private: bool = parameter(
        False, tag=ASSUMED, explain="Vaults' transactions go to the builder, not to the public pool."
    )
    slippage_ppm: int = parameter(
        5_000,
        unit="ppm",
        tag=AGGREGATORS,
        explain="Worst price of a swap, against the planned.",
        minimum=0,
        below=1_000_000,
    )
    guard_slippage_ppm: int = parameter(
        30_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Guard: value lost against the oracle, of the value traded.",
        minimum=0,
        below=1_000_000,
    )
    guard_trade_ppm: int = parameter(
        100_000, unit="ppm", tag=ASSUMED, explain="Guard: largest trade, of the vault's value.", minimum=1
    )
    guard_age_s: int = parameter(
        7_200, unit="s", tag=ASSUMED, explain="Guard: oldest oracle answer to trade on.", minimum=1
    )
    budget_ppm: int = parameter(
        100_000,
        unit="ppm",
        tag=ENZYME,
        explain="Guard: loss against the oracle that may accumulate, of the value.",
        minimum=1,
    )
    budget_days: float = parameter(
        7.0, unit="d", tag=ENZYME, explain="Guard: the budget is replenished in so many days.", above=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SandwichGroup(Group):
    """Sandwichers, on the pool of every symbol."""

    attack: bool = parameter(True, tag=ASSUMED, explain="False: they look and send nothing, as a control.")
    searchers: int = parameter(2, tag=ASSUMED, explain="How many compete on each pool.", minimum=0, maximum=100)
    bid_share: float = parameter(
        0.8,
        unit="fraction",
        tag=ASSUMED,
        explain="Part of the expected profit bid to the builder by the first.",
        minimum=0,
        maximum=1,
    )
    minimum_profit_quote_tokens: float = parameter(
        1.0, unit="USDC", tag=ASSUMED, explain="Least profit after fees, gas and bid.", minimum=0
    )
    capital_quote_tokens: Amount = parameter(
        Amount("5000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on the chain, half in each asset.",
        above=0,
    )
    private_share: float = parameter(
        0.3, unit="fraction", tag=BLOCKS, explain="Share of pool users who send privately.", minimum=0, maximum=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class AnticipationGroup(Group):
    """Anticipators, one for each vault that follows a public rule."""

    anticipate: bool = parameter(True, tag=ASSUMED, explain="False: they look and send nothing, as a control.")
    learn: bool = parameter(False, tag=ASSUMED, explain="They learn the rule from past trades; otherwise they know it.")
    interval_s: float = parameter(5.0, unit="s", tag=ASSUMED, explain="Time between two looks.", minimum=0.1)
    lead_s: float = parameter(
        15.0, unit="s", tag=ASSUMED, explain="How far ahead they ask the rule: about a block.", minimum=0
    )
    minimum_profit_quote_tokens: float = parameter(
        20.0, unit="USDC", tag=ASSUMED, explain="Least expected gain of a bet after fees and gas.", minimum=0
    )
    slippage_ppm: int = parameter(
        3_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Worst price accepted, against the expected.",
        minimum=0,
        below=1_000_000,
    )
    hold_minutes: float = parameter(
        10.0, unit="min", tag=ASSUMED, explain="How long they wait for the vault before they unwind.", above=0
    )
    capital_quote_tokens: Amount = parameter(
        Amount("1000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on exchange and chain, half in each asset.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LendingGroup(Group):
    """The lending market of every symbol: the symbol is collateral, the quote is lent."""

    lltv_ppm: int = parameter(
        860_000,
        unit="ppm",
        tag=MORPHO,
        explain="Loan to value at which a position may be liquidated.",
        minimum=1,
        below=1_000_000,
    )
    supply_quote_tokens: Amount = parameter(
        Amount("60000000"), unit="USDC", tag=ASSUMED, explain="What the lender puts in.", above=0
    )
    kink: float = parameter(0.9, unit="fraction", tag=KINK, explain="Utilisation at the kink.", above=0, below=1)
    slope: float = parameter(0.035, unit="1/year", tag=KINK, explain="Borrow rate at the kink.", minimum=0)
    steep: float = parameter(0.6, unit="1/year", tag=KINK, explain="What full utilisation adds to it.", minimum=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BorrowerGroup(Group):
    """Borrowers, per symbol."""

    preset: Literal["crvusd", "uniform"] = parameter(
        "crvusd", tag=ASSUMED, explain="Joint law of sizes and health: fitted to recorded positions, or uniform."
    )
    borrowers: int = parameter(150, tag=ASSUMED, explain="How many.", minimum=0, maximum=100_000)
    debt_quote_tokens: Amount = parameter(
        Amount("30000000"), unit="USDC", tag=ASSUMED, explain="What they owe together at the start.", above=0
    )
    low_health: float = parameter(
        1.05, tag=ASSUMED, explain="Health below which the watchful act; they aim at 0.15 more.", above=1, maximum=10
    )
    watchful_share: float = parameter(
        0.3, unit="fraction", tag=ASSUMED, explain="Share of borrowers who watch their health.", minimum=0, maximum=1
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LiquidatorGroup(Group):
    """Liquidators, per symbol."""

    liquidate: bool = parameter(True, tag=ASSUMED, explain="False: they look and send nothing, as a control.")
    liquidators: int = parameter(2, tag=ASSUMED, explain="How many race.", minimum=0, maximum=100)
    sold_at_once: float = parameter(
        0.5,
        unit="fraction",
        tag=ASSUMED,
        explain="Share of seized collateral sold in the same transaction; the rest is hedged.",
        minimum=0,
        maximum=1,
    )
    slippage_ppm: int = parameter(
        10_000,
        unit="ppm",
        tag=ASSUMED,
        explain="Worst price of a sale, against the planned.",
        minimum=0,
        below=1_000_000,
    )
    minimum_profit_quote_tokens: float = parameter(
        5.0, unit="USDC", tag=ASSUMED, explain="Least expected profit after gas.", minimum=0
    )
    tip_share: float = parameter(
        0.5,
        unit="fraction",
        tag=ASSUMED,
        explain="Part of the expected profit bid as tip by the first.",
        minimum=0,
        maximum=1,
    )
    capital_quote_tokens: Amount = parameter(
        Amount("5000000"),
        unit="USDC",
        tag=ASSUMED,
        explain="Each one's money on exchange and chain, half in each asset.",
        above=0,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelGroup(Group):
    """The panel: every combination is a world with a single vault."""

    panel_policies: tuple[str, ...] = parameter(
        ("threshold", "calendar", "volatility-weighted", "volatility-target", "CPPI", "leverage"),
        tag=ASSUMED,
        explain="Policies; the others are compared with the first.",
    )
    forms: tuple[Form, ...] = parameter(
        ("at once", "sliced", "several hosts"), tag=ASSUMED, explain="Forms of execution."
    )
    visibilities: tuple[Literal["public", "private"], ...] = parameter(
        ("public", "private"), tag=ASSUMED, explain="Through the public pool, or to the builder."
    )
    sizes: tuple[float, ...] = parameter(
        (0.0001, 0.001, 0.01, 0.1),
        unit="fraction",
        tag=ASSUMED,
        explain="Typical trades, of what the pool trades within 2 %.",
        above=0,
        maximum=1,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ShockGroup(Group):
    """The fall from outside, used when no file is given."""

    form: Literal["jump", "ramp", "generated"] = parameter(
        "ramp", tag=ASSUMED, explain="A jump, a straight fall, or the crash of the study `market`."
    )
    after_minutes: float = parameter(60.0, unit="min", tag=ASSUMED, explain="When it begins.", minimum=0)
    depth: float = parameter(
        0.25, unit="fraction", tag=ASSUMED, explain="Part of the price lost at its end.", above=0, below=1
    )
    ramp_minutes: float = parameter(20.0, unit="min", tag=ASSUMED, explain="How long the ramp takes.", minimum=0)
    volatility: float = parameter(
        0.6, unit="1/sqrt(year)", tag=ASSUMED, explain="Volatility of the path before, in and after it.", minimum=0
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SweepGroup(Group):
    """What is changed, one thing at a time; each setting is run with and without liquidations."""

    permanent_shares: tuple[float, ...] = parameter(
        (0.0, 0.6, 1.0),
        unit="fraction",
        tag=ASSUMED,
        explain="Parts of the impact outside that stay.",
        minimum=0,
        maximum=1,
    )
    depth_multiples: tuple[float, ...] = parameter(
        (0.1, 0.3, 3.0), tag=ASSUMED, explain="Multiples of the outside depth.", above=0
    )
    oracle_sources: tuple[Literal["outside", "pool", "mix"], ...] = parameter(
        ("pool", "mix"), tag=ASSUMED, explain="What the oracle reports."
    )
    debt_multiples: tuple[float, ...] = parameter(
        (0.3, 3.0), tag=ASSUMED, explain="Multiples of what borrowers owe.", above=0
    )
    sweep_policies: tuple[str, ...] = parameter(
        ("calendar", "CPPI", "leverage"), tag=ASSUMED, explain="Policies that get the money of all vaults."
    )


def repeated(path: str, lists: PanelGroup | SweepGroup) -> Iterator[Problem]:
    """A problem for each list that holds a value twice: two worlds would have one name."""
    for each in fields(lists):
        values = getattr(lists, each.name)
        twice = [value for value in dict.fromkeys(values) if values.count(value) > 1]
        if twice:
            yield Problem(f"{path}.{each.name}", f"{twice[0]!r} is there twice", "Each value makes a world of its own.")
