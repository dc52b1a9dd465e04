"""What a notebook shows of worlds and venues: a compact table and small drawings, without scripts."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from shoal.sim.thinning import thinned

if TYPE_CHECKING:
    from shoal.sim.venue import Venue
    from shoal.sim.world import World

_POINTS: Final = 160
_FRAME: Final = (
    "font:13px/1.45 system-ui,sans-serif;border:1px solid #e3e8ee;border-radius:8px;padding:10px 14px;"
    "display:inline-block;max-width:100%;overflow-x:auto;color:#1c2733;background:#fff"
)
_CELL: Final = "padding:2px 14px 2px 0;text-align:left;border:0;color:#1c2733;background:#fff"
_NUMBER: Final = (
    "padding:2px 0 2px 14px;text-align:right;border:0;font-variant-numeric:tabular-nums;color:#1c2733;background:#fff"
)

type Row = tuple[str, str, str]
"""A name, a value, and a drawing as ready HTML."""


def sparkline(
    values: Sequence[float] | npt.NDArray[np.float64], *, width: int = 150, height: int = 26, colour: str = "#0b6fb8"
) -> str:
    """A small line as inline SVG: lowest and highest value kept, broken where there is none; empty without a value.

    >>> sparkline([1.0, 2.0])[:4], sparkline([])
    ('<svg', '')
    """
    numbers = np.asarray(values, dtype=np.float64)
    finite = numbers[np.isfinite(numbers)]
    if not len(finite):
        return ""
    low, span = float(finite.min()), float(finite.max() - finite.min()) or 1.0
    last = max(len(numbers) - 1, 1)
    path, pen_down = [], False
    for index in thinned(numbers, _POINTS).tolist():
        value = float(numbers[index])
        if math.isfinite(value):
            x, y = 1 + index / last * (width - 2), height - 2 - (value - low) / span * (height - 4)
            path.append(f"{'L' if pen_down else 'M'}{x:.1f} {y:.1f}")
        pen_down = math.isfinite(value)
    box = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    return (
        f'<svg {box} role="img" style="vertical-align:middle">'
        f'<path d="{" ".join(path)}" fill="none" stroke="{escape(colour)}" stroke-width="1.3"/></svg>'
    )


def card(title: str, subtitle: str, rows: Iterable[Row]) -> str:
    """A framed table: a name, a value, and a drawing (ready HTML) in each row; text is escaped."""
    lines = "".join(
        f'<tr style="background:#fff"><td style="{_CELL}">{escape(name)}</td><td style="{_NUMBER}">{escape(value)}</td>'
        f'<td style="{_NUMBER}">{drawing}</td></tr>'
        for name, value, drawing in rows
    )
    return (
        f'<div style="{_FRAME}"><b>{escape(title)}</b> <span style="color:#66758a">{escape(subtitle)}</span>'
        f'<table style="border-collapse:collapse;margin-top:6px;border:0">{lines}</table></div>'
    )


def world_html(world: World) -> str:
    """Time, hosts, agents, calls, whether money is conserved, and what each venue shows with its last trades."""
    missing = {asset: value for asset, value in world.conservation().items() if value}
    prices = _trade_prices(world)
    rows: list[Row] = [
        ("time", f"{np.datetime64(world.clock.now_ns, 'ns')} UTC".replace("T", " "), ""),
        ("hosts", ", ".join(world.hosts) or "none", ""),
        ("agents", f"{len(world.agents):,}", ""),
        ("calls", f"{world.calls:,}", ""),
        ("fills", f"{world.fills:,}", ""),
        ("money missing", ", ".join(f"{asset} {value}" for asset, value in missing.items()) or "0", ""),
    ]
    for name, venue in world.venues.items():
        rows.append((name, _shown(venue, world.clock.now_ns), sparkline(prices.get(name, ()))))
    failure = "" if world.failure is None else f" · FAILED: {world.failure}"
    return card("World", f"seed {world.draws.seed}{failure}", rows)


def venue_html(venue: Venue, now_ns: int | None = None) -> str:
    """A venue's assets and verbs, and at a time its mid, bid, ask and depth as far as it has them."""
    view = None if now_ns is None else venue.published(now_ns)
    rows: list[Row] = []
    for name in ("mid", "bid", "ask", "depth"):
        value = getattr(view, name, None)
        if isinstance(value, int | float):
            rows.append((name, number(float(value)), ""))
    rows.append(("assets", ", ".join(asset.symbol for asset in venue.assets), ""))
    rows.append(("verbs", ", ".join(venue.verbs), ""))
    return card(venue.name, type(venue).__name__, rows)


def _trade_prices(world: World) -> dict[str, list[float]]:
    """Prices of the trades in the table of fills, in order, by venue."""
    table = world.records.tables.get("fills")
    if table is None:
        return {}
    prices: dict[str, list[float]] = {}
    for part in table.parts():
        for venue, price in zip(part["venue"].to_pylist(), part["price"].to_pylist(), strict=True):
            prices.setdefault(venue, []).append(price)
    return prices


def _shown(venue: Venue, now_ns: int) -> str:
    mid = getattr(venue.published(now_ns), "mid", None)
    return f"mid {number(float(mid))}" if isinstance(mid, int | float) else type(venue).__name__


def number(value: float) -> str:
    """A figure as a table shows it."""
    if not math.isfinite(value):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:,.6g}"
