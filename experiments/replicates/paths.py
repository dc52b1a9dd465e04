"""The paths of outside prices that replicates run on: generated, drawn from the bars of a file, or found in it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from shoal.experiments.errors import OptionError, Place
from shoal.experiments.plan import Plan, between_bars, read_all_bars, read_bars, read_or_generate
from shoal.experiments.prices.span import as_text, duration_ns

if TYPE_CHECKING:
    from shoal.experiments.prices.bars import Bars
    from shoal.sim.price_path import PricePath

_BOOTSTRAP, _EPISODES = "bootstrap", "episodes"


def check_paths(plan: Plan) -> None:
    """A source of paths must fit the prices.

    Raises:
        OptionError: it does not.
    """
    options = plan.options
    source, recorded = options.path_source, options.prices is not None
    if source is not None and (source != "generated") != recorded:
        raise OptionError(
            Place("option path_source"),
            "prices come from a file" if recorded else f"there is no file of prices for {source}",
            "Leave prices out, or write bootstrap or episodes." if recorded else "Give prices, or write generated.",
        )
    if options.path_block is not None and (not recorded or source == _EPISODES):
        raise OptionError(
            Place("option path_block"),
            "episodes are taken as recorded" if recorded else "there is no file of prices to draw from",
            "Leave it out, or write bootstrap." if recorded else "Give prices.",
        )


def make_paths(plan: Plan, count: int) -> Iterator[tuple[int, PricePath]]:
    """Each path with its seed; the first is the plan's own.

    Raises:
        InputError: the file allows no such paths.
    """
    options, first = plan.options, plan.options.price_seed
    yield first, plan.prices
    if count == 1:
        return
    if options.prices is None:
        for seed in range(first + 1, first + count):
            yield seed, read_or_generate(plan.study, replace(options, path_seed=seed))[0]
        return
    drawn = _episodes(plan, count - 1) if options.path_source == _EPISODES else _drawn(plan, first, count)
    for seed, bars in enumerate(drawn, start=first + 1):
        yield seed, between_bars(plan.study, bars, seed=seed)


def path_note(number: int, seed: int, prices: PricePath) -> dict[str, Any]:
    """What the manifest says of a path; its fall is the deepest of the first symbol, as a share."""
    kinds = [kind for name, kind in ((_BOOTSTRAP, _BOOTSTRAP), ("episode", "episode")) if name in prices.provenance]
    return {
        "path": number,
        "seed": seed,
        "kind": kinds[0] if kinds else prices.kind,
        "start": as_text(prices.start_ns),
        "end": as_text(prices.end_ns),
        "fall": deepest_fall(prices),
        "sha256": prices.digest(),
    }


def deepest_fall(prices: PricePath) -> float:
    """The deepest fall of the first symbol from a price to a later one, as a share.

    >>> import numpy as np
    >>> from shoal.sim.price_path import PricePath
    >>> walk = np.array([4.0, 5.0, 2.0, 3.0])
    >>> deepest_fall(PricePath(np.arange(4), {"BTC": walk}, end_ns=4, kind="recorded", source_step_ns=1))
    0.6
    """
    import numpy as np

    series = prices.prices[prices.symbols[0]]
    return float((1.0 - series / np.maximum.accumulate(series)).max())


def _drawn(plan: Plan, first: int, count: int) -> Iterator[Bars]:
    from shoal.experiments.prices.block_bootstrap import bootstrap_bars

    options = plan.options
    block_ns = None if options.path_block is None else duration_ns(options.path_block, "path_block")
    bars = read_bars(plan.study, options)
    for seed in range(first + 1, first + count):
        yield bootstrap_bars(bars, seed=seed, block_ns=block_ns)


def _episodes(plan: Plan, count: int) -> Iterator[Bars]:
    """Each episode as the file gives it when asked for its span alone."""
    from shoal.experiments.prices.episodes import deepest_episodes

    options, prices = plan.options, plan.prices
    every = read_all_bars(plan.study, options)
    found = deepest_episodes(
        every,
        count,
        length_ns=prices.end_ns - prices.start_ns,
        besides=(prices.start_ns, prices.end_ns),
        gap_ns=every.bar_ns if options.maximum_gap is None else duration_ns(options.maximum_gap, "maximum_gap"),
    )
    for episode in found:
        span = replace(options, start=episode.start_ns, end=episode.end_ns, hours=None)
        bars = read_bars(plan.study, span)
        yield replace(bars, provenance={**bars.provenance, "episode": episode.note()})
