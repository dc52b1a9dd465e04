"""Events and calls a second of the study `market`, beside SimPy, Mesa and PAMS in the same run; memory over a month.

    python benchmarks/world.py speed [--hours 24] [--peers SIMS.py --peers-python PYTHON]
    python benchmarks/world.py memory [--days 30] [--agents 1000]

Prints Markdown tables, ready for the documentation. The peers run in an environment of their own; ``SIMS.py`` is the
driver that puts them under load. Nothing fails here: a busy machine is no error.
"""

import argparse
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from shoal.experiments.plan import make_plan
from shoal.experiments.runner import run_plan

REPEATS = 3
DAY_S = 86_400


def resident_mb() -> float:
    """Resident memory of this process, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4_096 / 1e6


def speed(hours: float, peers: Path | None, peers_python: Path | None) -> None:
    """All features on: what one simulated day costs."""
    manifests = []
    for _ in range(REPEATS):
        plan = make_plan("market", options={"seed": 7, "hours": hours}, parameters={})
        with tempfile.TemporaryDirectory() as folder:
            manifests.append(run_plan(plan, out=Path(folder) / "run").result.manifest)
    walls = [manifest["wall_seconds"] for manifest in manifests]
    seconds, manifest = statistics.median(walls), manifests[-1]
    spread = (max(walls) - min(walls)) / seconds
    print(
        f"Python {platform.python_version()}, kernels {manifest['kernels']}, {hours:g} simulated hours, "
        f"spread {spread:.0%}"
    )
    print()
    print("| figure | value |")
    print("| --- | ---: |")
    for name in ("events", "calls", "fills", "transactions"):
        print(f"| {name} | {manifest[name]:,} |")
    print(f"| events a second | {manifest['events'] / seconds:,.0f} |")
    print(f"| calls a second | {manifest['calls'] / seconds:,.0f} |")
    print(f"| seconds a simulated day | {seconds * 24 / hours:.1f} |")
    print(f"| resident memory at the end | {resident_mb():,.0f} MB |")
    if peers is not None and peers_python is not None:
        print()
        print("The peers, in the same run:")
        print()
        subprocess.run([peers_python, peers, "simpy", "mesa", "pams"], check=True)


def memory(days: int, agents: int) -> None:
    """A thousand agents at one action each ten minutes: resident memory after each day."""
    each = agents // 6
    counts = {"book_traders": each, "pool_traders": each, "free_traders": each}
    slow = {"interval_s": 600.0}
    parameters = {
        "price_step_s": 60.0,
        "sample_s": 600.0,
        "reference_s": 60.0,
        "noise": counts | slow,
        "makers": slow,
        "informed": slow,
        "arbitrage": slow,
        "oracle": {"poll_s": 600.0},
    }
    plan = make_plan("market", options={"seed": 7, "hours": 24.0 * days}, parameters=parameters)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        measured: list[tuple[int, float]] = []
        watch = _DayWatch(measured)
        ended = run_plan(plan, out=Path(folder) / "month", progress=watch)
        seconds = time.perf_counter() - began
    manifest = ended.result.manifest
    print("| after day | resident memory |")
    print("| ---: | ---: |")
    for day, megabytes in measured:
        print(f"| {day} | {megabytes:,.1f} MB |")
    by_day = dict(measured)
    print()
    print(f"from day 2 to day {days}: {by_day[days] - by_day[2]:+.1f} MB; {seconds:.0f} s in all,")
    print(f"{manifest['calls']:,} calls, {manifest['events']:,} events, {6 * each} noise traders")


class _DayWatch:
    """Notes the resident memory at the end of each simulated day."""

    def __init__(self, measured: list[tuple[int, float]]) -> None:
        self._measured = measured
        self._start_ns = 0

    def begin(self, start_ns: int, end_ns: int) -> None:
        self._start_ns = start_ns

    def advance(self, now_ns: int, events: int) -> None:
        day = (now_ns - self._start_ns) // (DAY_S * 10**9)
        if day >= 1 and (not self._measured or self._measured[-1][0] != day):
            self._measured.append((day, resident_mb()))

    def end(self) -> None:
        pass


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    modes = parser.add_subparsers(dest="mode", required=True)
    fast = modes.add_parser("speed")
    fast.add_argument("--hours", type=float, default=24.0)
    fast.add_argument("--peers", type=Path)
    fast.add_argument("--peers-python", type=Path)
    long = modes.add_parser("memory")
    long.add_argument("--days", type=int, default=30)
    long.add_argument("--agents", type=int, default=1_000)
    given = parser.parse_args()
    if given.mode == "speed":
        speed(given.hours, given.peers, given.peers_python)
    else:
        memory(given.days, given.agents)


if __name__ == "__main__":
    main()
