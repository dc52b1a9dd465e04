"""What `shoal` offers in Python: `run`, `load`, `studies`, `validate`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from shoal.experiments.plan import Plan, make_plan
from shoal.experiments.progress import Progress, Silence, choose
from shoal.experiments.reader import load
from shoal.experiments.registry import find_study, study_names
from shoal.experiments.runner import add_report, run_plan
from shoal.experiments.study import Study

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Console

    from shoal.experiments.prices.span import Moment
    from shoal.experiments.replicates.replicates import Replicates
    from shoal.experiments.result import Result
    from shoal.experiments.validation import Check

__all__ = ["load", "run", "studies", "validate"]


@overload
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
    path_seed: int | None = None,
    replicates: None = None,
    out: Path | str | None = None,
    progress: bool = False,
    **parameters: Any,
) -> Result: ...


@overload
def run(study: str | Study = "market", *, replicates: int, **options: Any) -> Replicates: ...


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
    path_seed: int | None = None,
    replicates: int | None = None,
    worlds: Sequence[str] | str | None = None,
    processes: int | None = None,
    paths: int | None = None,
    path_source: str | None = None,
    path_block: str | None = None,
    level: float | None = None,
    out: Path | str | None = None,
    progress: bool = False,
    **parameters: Any,
) -> Result | Replicates:
    """Run a study; without ``out`` in memory, or, for replicates, in a folder that vanishes with what is returned.

    Replicates are returned when ``replicates`` is given, or when the study file asks for them. With several processes
    a script must start from ``if __name__ == "__main__":``, as any that uses ``multiprocessing``.

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
        path_seed: seed of the outside prices; that of the run without it.
        replicates: number of seeds, from ``seed`` on, each with its counterfactual worlds; all on the same prices.
        worlds: which counterfactual worlds beside "base"; all the study has without it.
        processes: how many worlds run at the same time, 1 when nobody says otherwise; it changes no result.
        paths: number of paths of outside prices, with ``replicates`` seeds of its own each.
        path_source: "generated", or of a file "bootstrap" of its bars, or its "episodes" of deepest fall.
        path_block: mean length of a bootstrap's blocks, such as "6h".
        level: of the intervals, 0.95 when nobody says otherwise.
        out: folder for the results, with report.html.
        progress: show a bar, or lines where there is no terminal.
        parameters: of the study, groups as mappings: ``pool={"fee_ppm": 500}``.

    Raises:
        InputError: anything wrong with what was asked for; nothing was written.
        RunError: the run failed; with ``out`` the folder holds what was recorded until then. A replicate that fails
            stands in ``failures`` instead.
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
        "path_seed": path_seed,
        "replicates": replicates,
        "worlds": worlds,
        "processes": processes,
        "paths": paths,
        "path_source": path_source,
        "path_block": path_block,
        "level": level,
    }
    plan = make_plan(study, options=options, parameters=parameters)
    shown = Silence() if not progress else choose(quiet=False, console=_console())
    if plan.options.replicates is not None:
        return _run_replicates(plan, out, shown)
    ended = run_plan(plan, out=out, progress=shown)
    if ended.error is not None:
        raise ended.error
    if out is not None:
        add_report(ended.result)
    return ended.result


def _run_replicates(plan: Plan, out: Path | str | None, progress: Progress) -> Replicates:
    from shoal.experiments.replicates.replication import plan_replicates
    from shoal.experiments.replicates.run import run_replicates

    found = run_replicates(plan_replicates(plan), out=out, processes=plan.options.processes or 1, progress=progress)
    if found.manifest["status"] == "interrupted":
        raise KeyboardInterrupt
    return found


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
