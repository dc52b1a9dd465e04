"""Fits and preset as tables on a terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from shoal.experiments.calibration.fit import Fit, Fitted
from shoal.experiments.calibration.preset import Choice

if TYPE_CHECKING:
    from rich.table import Table


def fit_tables(fitted: Iterable[Fitted]) -> Iterator[Table]:
    """One table a recording."""
    from rich.table import Table

    for each in fitted:
        table = Table(title=f"{each.source}\n{each.span} UTC", title_justify="left")
        for heading in ("what", "value", "unit", "95 % interval", "sample", "check"):
            table.add_column(heading, justify="right" if heading in ("value", "95 % interval") else "left")
        for fit in each.fits:
            table.add_row(fit.name, figure(fit.value), fit.unit, _interval(fit), fit.sample, fit.check)
        yield table


def preset_table(choices: Iterable[Choice], *, scale: float) -> Table:
    """The parameters that follow."""
    from rich.table import Table

    table = Table(title=f"Preset at scale {scale:g} of the recorded flows", title_justify="left")
    for heading in ("parameter", "value", "why", "source", "date"):
        table.add_column(heading, justify="right" if heading == "value" else "left")
    for choice in choices:
        table.add_row(choice.path, figure(choice.value), choice.why, choice.source, choice.date)
    return table


def figure(value: float) -> str:
    """A figure with four significant digits, thousands apart.

    >>> figure(20_031_000.0), figure(0.0110391), figure(340.51)
    ('20,030,000', '0.01104', '340.5')
    """
    if not math.isfinite(value):
        return "-"
    if value == 0:
        return "0"
    digits = 3 - math.floor(math.log10(abs(value)))
    text = f"{round(value, digits):,.{max(0, digits)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _interval(fit: Fit) -> str:
    return "-" if math.isnan(fit.low) else f"{figure(fit.low)} .. {figure(fit.high)}"
