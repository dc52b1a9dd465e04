"""The sections of a report: what each shows and how it is to be read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

import pandas as pd

from shoal.experiments.measures.earned import PARTS, TOTAL
from shoal.experiments.measures.kinds import is_provider
from shoal.experiments.plots.bars import horizon_text
from shoal.experiments.plots.theme import words
from shoal.experiments.report.cells import Column, Sheet, duration, moment, number, percent, sheet, signed, whole
from shoal.experiments.report.loop_sections import loop_sections
from shoal.experiments.report.section import Figure, Section

if TYPE_CHECKING:
    from shoal.experiments.measures.measured import Measured
    from shoal.experiments.plots.plots import Plots

_VENUE: Final = Column("venue", "venue")
_BPS: Final = "bps"


def sections(measured: Measured, plots: Plots) -> Iterator[Section]:
    """Every section of results, in the order of the report."""
    yield _prices(plots)
    yield from loop_sections(measured, plots)
    yield _liquidity(measured, plots)
    yield _gaps(measured, plots)
    yield _volume(measured, plots)
    yield _providers(measured, plots)
    yield _markouts(measured, plots)
    yield _earned(measured, plots)
    yield _chain(measured, plots)


def _prices(plots: Plots) -> Section:
    return Section(
        "prices",
        "Prices on each venue",
        "Mid price of every venue beside the outside price, where the rest of the world trades. A line breaks where a"
        " venue had no bid or no ask; a pool's mid is its marginal price before fees.",
        (Figure("prices", plots.prices(), "Of each stretch of time the lowest and the highest price are kept."),),
    )


def _liquidity(measured: Measured, plots: Plots) -> Section:
    depth = (
        _VENUE,
        Column("mean_quote_tokens", "mean", "quote tokens", number),
        Column("median_quote_tokens", "median", "quote tokens", number),
        Column("minimum_quote_tokens", "lowest", "quote tokens", number),
        Column("minimum_time_ns", "lowest at", "UTC", moment),
        Column("start_quote_tokens", "at the start", "quote tokens", number),
        Column("end_quote_tokens", "at the end", "quote tokens", number),
    )
    drops = (
        _VENUE,
        Column("start_ns", "began", "UTC", moment),
        Column("trough_ns", "lowest at", "UTC", moment),
        Column("fall_share", "fell by", "%", percent),
        Column("recovery_s", "half was back after", "", duration),
    )
    spread = (
        _VENUE,
        Column("time_median_bps", "median over time", _BPS, number),
        Column("time_p95_bps", "95th percentile", _BPS, number),
        Column("one_sided_share", "without bid or ask", "% of samples", percent),
        Column("volume_quoted_bps", "quoted, weighted by volume", _BPS, number),
        Column("volume_effective_bps", "effective, fees apart", _BPS, number),
        Column("volume_effective_with_fees_bps", "effective, fees included", _BPS, number),
    )
    worst = measured.resilience.sort_values("fall_share", ascending=False, kind="stable").head(12)
    return Section(
        "liquidity",
        "Depth and spread: how liquidity thins out and comes back",
        "Depth is what can be traded before the price has moved by 1 %, the mean of both sides. A drop begins when it"
        " falls more than 30 % below its median of the half hour before; it is over when half of what was lost is "
        "back, counted from its lowest point. Effective spread is twice what takers paid beyond the outside price, "
        f"recorded every {duration(measured.reference_step_s)}.",
        (
            Figure("depth", plots.depth(), "Depth within 1 % of the mid."),
            Figure("spread", plots.spread(), "Spread in basis points of the mid, taker's fees included."),
        ),
        (
            sheet(_traded(measured.depth), depth, "Depth within 1 %"),
            sheet(worst.sort_values(["venue", "start_ns"]), drops, "Deepest drops of depth and their recovery"),
            sheet(measured.spread, spread, "Spread"),
        ),
    )


def _gaps(measured: Measured, plots: Plots) -> Section:
    columns = (
        _VENUE,
        Column("against", "against"),
        Column("mean_bps", "mean", _BPS, signed),
        Column("mean_absolute_bps", "mean size", _BPS, number),
        Column("p95_absolute_bps", "95th percentile", _BPS, number),
        Column("maximum_absolute_bps", "largest", _BPS, number),
    )
    return Section(
        "gaps",
        "Price gaps between venues",
        "How far mids stood apart. Fees and gas leave a band in which nobody gains by closing a gap; beyond it "
        "arbitrage is late by latency and block time.",
        (Figure("gaps", plots.gaps(), "Each venue's mid against the outside price."),),
        (sheet(measured.gaps, columns, "Gaps over all samples"),),
    )


def _volume(measured: Measured, plots: Plots) -> Section:
    volume = measured.volume.merge(measured.arbitrage_share[["venue", "arbitrage_share"]], on="venue", how="left")
    columns = (
        _VENUE,
        Column("fills", "fills", "", whole),
        Column("volume_quote_tokens", "volume", "quote tokens", number),
        Column("share", "of the pair", "%", percent),
        Column("arbitrage_share", "by arbitrageurs", "%", percent),
        Column("value_quote_tokens", "mean reserves", "quote tokens", number),
        Column("turnover_per_day", "turnover", "times a day", number),
    )
    return Section(
        "volume",
        "Volume and the share of arbitrage",
        "What was traded where, and by whom. Turnover is a pool's volume over the mean value of its reserves.",
        (
            Figure("volume", plots.volume(), "Volume by venue."),
            Figure("takers", plots.takers(), "Share of each venue's volume by kind of taker."),
        ),
        (sheet(volume[volume["kind"] != "oracle"], columns, "Volume"),),
    )


def _providers(measured: Measured, plots: Plots) -> Section:
    columns = (
        Column("venue", "pool"),
        Column("start_value_quote_tokens", "worth at first", "quote tokens", number),
        Column("holding_quote_tokens", "held instead", "quote tokens", number),
        Column("impermanent_loss_quote_tokens", "impermanent loss", "quote tokens", signed, toned=True),
        Column("fee_income_quote_tokens", "fee income", "quote tokens", signed, toned=True),
        Column("result_quote_tokens", "result", "quote tokens", signed, toned=True),
        Column("result_bps", "result", "bps of first value", signed, toned=True),
    )
    return Section(
        "providers",
        "Providing liquidity against holding",
        "The pool shares of the first sample, followed to the end, against holding the same tokens outside the pool. "
        "The result is fee income, read off the growth of the pool's invariant per share, and impermanent loss; the "
        "two sum to it exactly.",
        (Figure("lp", plots.lp(), "Gain or loss against holding, valued at the outside price."),),
        (sheet(measured.liquidity_result, columns, "Result of liquidity provision"),),
    )


def _markouts(measured: Measured, plots: Plots) -> Section:
    table = measured.markouts[measured.markouts["fills"] > 0]
    table = table.assign(horizon=table["horizon_s"].map(horizon_text), kind=table["maker_kind"].map(words))
    columns = (
        _VENUE,
        Column("kind", "maker"),
        Column("horizon", "after"),
        Column("fills", "fills", "", whole),
        Column("markout_bps", "markout", _BPS, signed, toned=True),
        Column("standard_error_bps", "standard error", _BPS, number),
        Column("fee_bps", "fees", _BPS, signed),
        Column("after_fees_bps", "with fees", _BPS, signed, toned=True),
    )
    unseen = [horizon_text(one) for one in sorted(set(measured.markouts["horizon_s"]) - set(table["horizon_s"]))]
    step = measured.reference_step_s
    limit = (
        f" Outside prices were recorded every {duration(step)}: {', '.join(unseen)} cannot be seen." if unseen else ""
    )
    return Section(
        "markouts",
        "Markouts of makers and pools",
        "What a fill was worth to its maker against the outside price some time later, in basis points of what was "
        "traded: below 0, takers knew better. Bars are two standard errors, fills taken as independent." + limit,
        (Figure("markouts", plots.markouts(), "Maker's gain by horizon, fees apart."),),
        (sheet(table, columns, "Markouts, signed from the maker's side"),),
    )


def _earned(measured: Measured, plots: Plots) -> Section:
    by_kind = measured.earned_by_kind.assign(
        name=measured.earned_by_kind["kind"].map(words),
        earned_quote_tokens=lambda one: one["value_change_quote_tokens"] - one["holding_quote_tokens"],
    )
    by_kind = by_kind[by_kind[[*PARTS, TOTAL]].abs().max(axis=1) > 0]
    figures = (
        ("trading_edge_quote_tokens", "trading edge"),
        ("fees_quote_tokens", "fees"),
        ("selection_quote_tokens", "price, 5 min after"),
        ("inventory_quote_tokens", "inventory later"),
        ("gas_quote_tokens", "gas"),
        ("moved_quote_tokens", "moved"),
        ("residual_quote_tokens", "residual"),
        ("earned_quote_tokens", "gained from others"),
    )
    columns = [Column("name", "kind"), Column("owners", "owners", "", whole)]
    columns += [
        Column(name, heading, "quote tokens", rounded, toned=name.startswith("earned")) for name, heading in figures
    ]
    sums = {name: [float(by_kind[name].sum())] for name, _ in figures}
    total = pd.DataFrame({"name": ["sum"], "owners": [int(by_kind["owners"].sum())]} | sums)
    table = pd.concat([by_kind, total], ignore_index=True)
    pools = " Pools count with their providers." if by_kind["kind"].map(is_provider).any() else ""
    return Section(
        "earned",
        "Who earned from whom",
        "What each kind gained from the others, price changes of what it held at the start left out. Trading edge is "
        "the distance of a fill from the outside price at that moment; then come fees, what the price did in the five"
        " minutes after the fill, what it did to the inventory later, gas, and what moved without a trade (results "
        "passed from pools to providers and from vaults to depositors, custody fees, payments to builders, collateral "
        "seized less debt repaid). The parts sum to the gain; the residual"
        " must be 0, and so must every column's sum." + pools,
        (
            Figure("pnl", plots.pnl(), "Gain and loss by source, and in total."),
            Figure(
                "earned",
                plots.earned(),
                "What rows earned by trading with columns, fees apart, valued at the last price.",
            ),
        ),
        (sheet(table, columns, "Gain by source"),),
    )


def _chain(measured: Measured, plots: Plots) -> Section:
    blocks = measured.table("blocks")
    grouped = blocks.assign(share=blocks["gas_used"] / blocks["gas_limit"], gwei=blocks["base_fee_wei"] / 1e9)
    table = grouped.groupby("host", sort=True).agg(
        blocks=("number", "size"),
        base_fee=("gwei", "mean"),
        highest=("gwei", "max"),
        used=("share", "mean"),
        transactions=("transactions", "sum"),
        burnt=("burnt_tokens", "sum"),
        tips=("tips_tokens", "sum"),
    )
    columns = (
        Column("host", "chain"),
        Column("blocks", "blocks", "", whole),
        Column("base_fee", "base fee, mean", "gwei per gas", number),
        Column("highest", "highest", "gwei per gas", number),
        Column("used", "gas used", "% of limit", percent),
        Column("transactions", "transactions", "from inside", whole),
        Column("burnt", "burnt", "native tokens", number),
        Column("tips", "tips", "native tokens", number),
    )
    return Section(
        "chain",
        "Gas and blocks",
        "The base fee follows how full blocks are (EIP-1559): above half of the limit it rises, below it falls. Burnt"
        " and tipped gas is what agents of this run paid; the background's demand fills the rest of a block.",
        (Figure("gas", plots.gas(), "Base fee, use of block space, transactions left waiting."),),
        (sheet(table.reset_index(), columns, "Blocks"),),
    )


def rounded(value: float) -> str:
    """A signed amount to the hundredth."""
    text = f"{value:+,.2f}".replace(",", "\u202f").replace("-", "−")
    return "0" if text.strip("+−") == "0.00" else text


def closure_sheet(measured: Measured) -> Sheet:
    """Gains and losses in every asset, which must cancel exactly."""
    columns = (
        Column("asset", "asset"),
        Column("owners", "owners", "", whole),
        Column("gained_tokens", "gained by winners", "tokens", number),
        Column("lost_tokens", "lost by losers", "tokens", number),
        Column("difference_raw", "difference", "base units, exact", whole),
    )
    return sheet(measured.closure, columns, "Gains and losses of all owners, burnt gas and the outside market")


def _traded(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["kind"].isin(["book", "pool"])]
