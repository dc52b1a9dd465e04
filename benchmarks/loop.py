"""What the whole loop costs: the study `crash` beside `market` in the same run, and its parts one by one.

    python benchmarks/loop.py [--hours 6] [--prices FILE]

With a file of hourly prices that holds BTC and ETH it also runs 12 to 14 March 2020. Prints Markdown tables, ready for
the documentation. Nothing fails here: a busy machine is no error.
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from shoal.agents.sandwich import Reserves, Swap, best_sandwich
from shoal.experiments.plan import make_plan
from shoal.experiments.runner import run_plan
from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.exponential import ExponentialSale
from shoal.routing.levels import Levels
from shoal.routing.one_pair import route

REPEATS = 3
SOLVES = 2_000


def studies(hours: float) -> None:
    """The two studies, one after the other, several times."""
    found: dict[str, list[dict[str, float]]] = {"market": [], "crash": []}
    for _ in range(REPEATS):
        for study, manifests in found.items():
            manifests.append(timed(study, {"seed": 7, "hours": hours}))
    print(f"| study, {hours:g} h, median of {REPEATS} | seconds | events | events a second | calls | transactions |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for study, manifests in found.items():
        seconds, last = statistics.median(one["wall_seconds"] for one in manifests), manifests[-1]
        print(
            f"| `{study}` | {seconds:.1f} | {last['events']:,} | {last['events'] / seconds:,.0f} | {last['calls']:,} "
            f"| {last['transactions']:,} |"
        )


def recorded(prices: Path) -> None:
    """Two days of March 2020."""
    options = {"seed": 7, "prices": prices, "symbols": ("BTC", "ETH"), "start": "2020-03-12", "end": "2020-03-14"}
    manifest = timed("crash", options)
    print(f"\n`crash`, 12 to 14 March 2020: {manifest['wall_seconds']:.0f} s, {manifest['events']:,} events.")


def timed(study: str, options: dict[str, object]) -> dict[str, float]:
    """Run a study into a folder; its manifest."""
    plan = make_plan(study, options=options)
    with tempfile.TemporaryDirectory() as folder:
        manifest: dict[str, float] = run_plan(plan, out=Path(folder) / "run").result.manifest
    return manifest


def parts() -> None:
    """The router and the sandwich, which agents ask often."""
    pools = [ConstantProductCurve(f"pool {number}", 1e3 + number, 2e6, 0.003) for number in range(3)]
    book = Levels("book", tuple(2_000.0 - level for level in range(20)), (5.0,) * 20)
    outside = ExponentialSale("outside", 1_990.0, 1e4)
    pool, victim = Reserves(10**21, 2 * 10**12, 3_000), Swap(10**19, 19_700 * 10**6)
    work: dict[str, Callable[[], object]] = {
        "route over 3 pools": lambda: route(pools, 50.0),
        "route over 3 pools, a book of 20 levels and the outside market": lambda: route([*pools, book, outside], 100.0),
        "size a sandwich": lambda: best_sandwich(pool, victim, most=10**24),
    }
    print("\n| part | microseconds |\n| --- | ---: |")
    for name, once in work.items():
        print(f"| {name} | {microseconds(once):.0f} |")


def microseconds(once: Callable[[], object]) -> float:
    """The fastest of several rounds, a call."""
    rounds = []
    for _ in range(5):
        began = time.perf_counter()
        for _ in range(SOLVES):
            once()
        rounds.append((time.perf_counter() - began) / SOLVES * 1e6)
    return min(rounds)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=6.0)
    parser.add_argument("--prices", type=Path, default=None)
    chosen = parser.parse_args()
    studies(chosen.hours)
    parts()
    if chosen.prices is not None:
        recorded(chosen.prices)
