"""What `shoal` offers in Python: `run`, `load`, `studies`, `validate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shoal.experiments.plan import make_plan
from shoal.experiments.progress import Silence, choose
from shoal.experiments.reader import load
from shoal.experiments.registry import find_study, study_names
from shoal.experiments.runner import add_report, run_plan
from shoal.experiments.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from shoal.experiments.prices.span import Moment
    from shoal.experiments.result import Result
    from shoal.experiments.validation import Check

__all__ = ["load", "run", "studies", "validate"]


def run(
    study: str | Study = "market",
    *,
    seed: int | None = None,
    prices: Path | str | pd.DataFrame | None = None,
    symbols: Sequence[str] | str | None = None,
    start: Moment | None = None,
    end: Moment | None = None,
    hours: float | None = None,
    columns: Mapping[str, str] | None = None,
    zone: str | None = None,
    maximum_gap: str | None = None,
    out: Path | str | None = None,
    progress: bool = False,
    **parameters: Any,
) -> Result:
    """Run a study; without ``out`` in memory.

    Args:
        study: a name, a study file ending in .toml, or a ``Study``.
        seed: 0 to 2**64 - 1; 7 when nobody says otherwise.
        prices: a DataFrame, or a Parquet or CSV file; without it prices are generated.
        symbols: symbols to take from the prices.
        start: start of the span; without a zone UTC.
        end: its end, exclusive.
        hours: its length, instead of ``end``.
        columns: role (time, symbol, open, high, low, close, price) to column name, where names do not tell.
        zone: of stamps that carry none.
        maximum_gap: longest step between two stamps of the prices, such as "2h"; None allows no gap.
        out: folder for the results, with report.html.
        progress: show a bar, or lines where there is no terminal.
        parameters: of the study, groups as mappings: ``pool={"fee_ppm": 500}``.

    Raises:
        InputError: anything wrong with what was asked for; nothing was written.
        RunError: the run failed; with ``out`` the folder holds what was recorded until then.
    """
    options = {
        "seed": seed,
        "prices": prices,
        "symbols": symbols,
        "start": start,
        "end": end,
        "hours": hours,
        "columns": columns,
        "zone": zone,
        "maximum_gap": maximum_gap,
    }
    plan = make_plan(study, options=options, parameters=parameters)
    shown = Silence() if not progress else choose(quiet=False, console=_console())
    ended = run_plan(plan, out=out, progress=shown)
    if ended.error is not None:
        raise ended.error
    if out is not None:
        add_report(ended.result)
    return ended.result


def studies() -> dict[str, type[Study]]:
    """Every study by its name."""
    return {name: find_study(name) for name in study_names()}


def validate(*, quick: bool = False) -> list[Check]:
    """Run the closed forms of the literature through the engine.

    Args:
        quick: fewer and shorter replications.
    """
    from shoal.experiments.validation import run_all

    return run_all(quick=quick)


def _console() -> Console:
    from rich.console import Console

    return Console(stderr=True)
