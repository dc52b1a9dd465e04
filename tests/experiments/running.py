"""Plans of the study for tests, run the way the command line runs them."""

from pathlib import Path
from typing import Any

from shoal.experiments.interruption import Interruption
from shoal.experiments.plan import Plan, make_plan
from shoal.experiments.runner import Ended, run_plan
from shoal.experiments.watchdog import Watchdog


def plan(*, seed: int = 7, hours: float = 1.0, **parameters: Any) -> Plan:
    """A plan of the study "tiny"."""
    return make_plan("tiny", options={"seed": seed, "hours": hours}, parameters=parameters)


def run(out: Path | None = None, *, stall_seconds: float = 60.0, **parameters: Any) -> Ended:
    """Run it with a watchdog."""
    return run_plan(
        plan(**parameters), out=out, interruption=Interruption(), watchdog=Watchdog(stall_seconds, kill_seconds=600)
    )


def tree(folder: Path) -> list[str]:
    """Every file and folder below."""
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*"))
