"""What a notebook shows of a result."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from shoal.sim.cards import Row, card, number, sparkline

if TYPE_CHECKING:
    from shoal.experiments.result import Result


def result_html(result: Result) -> str:
    """Study, state, counts, and for each venue its mid and depth over time."""
    from shoal.experiments.plots.theme import VenueColours

    manifest, measured = result.manifest, result.measured
    state = "complete" if result.complete else f"NOT COMPLETE: {manifest.get('status', 'incomplete')}"
    rows: list[Row] = [
        (name, f"{manifest[name]:,}", "") for name in ("fills", "transactions", "events") if name in manifest
    ]
    missing = {asset: value for asset, value in manifest.get("conservation", {}).items() if value}
    rows.append(("money missing", ", ".join(f"{asset} {value}" for asset, value in missing.items()) or "0", ""))
    states, colours = measured.table("venue_states"), VenueColours.of(measured.venues)
    for venue, series in states[states["kind"] != "oracle"].groupby("venue", sort=True):
        mids, depths = series["mid"].to_numpy(np.float64), series["depth_quote_tokens"].to_numpy(np.float64)
        colour = colours[str(venue)]
        rows.append((f"{venue}, mid", _last(mids), sparkline(mids, colour=colour)))
        if series["kind"].iloc[0] in ("book", "pool"):
            rows.append((f"{venue}, depth within 1 %", _last(depths), sparkline(depths, colour=colour)))
    return card(f"Result of {manifest.get('study', 'study')}", f"seed {manifest.get('seed')} · {state}", rows)


def _last(values: npt.NDArray[np.float64]) -> str:
    finite = values[np.isfinite(values)]
    return number(float(finite[-1])) if len(finite) else "–"
