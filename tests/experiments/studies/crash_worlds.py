"""Small worlds of the study `crash`, each run once: few of everybody, and a fall that begins early."""

from collections.abc import Iterator, Mapping
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


def settings(groups: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Parameters as `--set` takes them."""
    for group, values in groups.items():
        for name, value in values.items():
            yield f"{group}.{name}={value}"


def plan(*changes: str, study: str = "crash", hours: float = HOURS) -> Plan:
    """The plan of a small world with some parameters changed."""
    return make_plan(study, options={"seed": 7, "hours": hours}, settings=(*settings(SMALL), *changes))


@cache
def crash(*changes: str) -> Result:
    """The result of a small world with some parameters changed."""
    return run_plan(plan(*changes)).result
