"""Small worlds of the study `crash`, each run once: few of everybody, and a fall that begins early."""

from collections.abc import Mapping
from functools import cache
from typing import Any, Final

from shoal.experiments.plan import Plan, make_plan
from shoal.experiments.result import Result
from shoal.experiments.runner import run_plan

HOURS: Final = 0.3
SMALL: Final[Mapping[str, Mapping[str, Any]]] = {
    "noise": {"book_traders": 4, "pool_traders": 3, "free_traders": 3, "interval_s": 20.0},
    "makers": {"makers": 2},
    "generated": {"crash_after_hours": 0.1, "crash_minutes": 5.0},
    "borrowers": {"borrowers": 12},
    "vaults": {"calendar_minutes": 5.0},
}


def small(*changes: str) -> tuple[str, ...]:
    """The parameters of a small world as `--set` takes them, with some of them changed."""
    changed = {change.partition("=")[0] for change in changes}
    usual = {f"{group}.{name}": value for group, values in SMALL.items() for name, value in values.items()}
    return (*(f"{name}={value}" for name, value in usual.items() if name not in changed), *changes)


def plan(*changes: str, study: str = "crash", hours: float = HOURS) -> Plan:
    """The plan of a small world with some parameters changed."""
    return make_plan(study, options={"seed": 7, "hours": hours}, settings=small(*changes))


@cache
def crash(*changes: str) -> Result:
    """The result of a small world with some parameters changed."""
    return run_plan(plan(*changes)).result
