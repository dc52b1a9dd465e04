"""Measures what a user waits for and stores: import time, help time, installed size of each dependency.

Prints Markdown tables, ready for the documentation. Nothing fails here: a busy machine is no error.
"""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

REPEATS = 7
SIZE_BUDGET_MB = 700.0


def seconds(*command: str) -> float:
    """Median wall time of a command over several runs, after one run to warm the file cache."""
    durations = []
    for _ in range(REPEATS + 1):
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        durations.append(time.perf_counter() - begin)
    return statistics.median(durations[1:])


def requirements(of: Distribution) -> Iterator[Distribution]:
    """What an installed distribution needs on this platform, without its extras."""
    for text in of.requires or ():
        requirement = Requirement(text)
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            try:
                yield distribution(requirement.name)
            except PackageNotFoundError:
                continue


def closure(of: Distribution) -> dict[str, Distribution]:
    """Everything a distribution needs, directly or not, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(requirements(of))
    while waiting:
        each = waiting.pop()
        if each.name.lower() not in found:
            found[each.name.lower()] = each
            waiting.extend(requirements(each))
    return found


def size_mb(of: Distribution) -> float:
    """Megabytes on disk of the files a distribution installed."""
    paths = (Path(str(of.locate_file(file))) for file in of.files or ())
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def print_times() -> None:
    """Measure and print the start-up times."""
    python, shoal = sys.executable, Path(sys.executable).with_name("shoal")
    bare = seconds(python, "-c", "pass")
    rows = [
        ("bare Python", bare, None),
        ("`import shoal`", seconds(python, "-c", "import shoal"), 0.3),
        ("`shoal --help`", seconds(str(shoal), "--help"), 0.5),
    ]
    print(f"| start-up (median of {REPEATS}) | seconds | aim |\n| --- | ---: | ---: |")
    for name, took, aim in rows:
        print(f"| {name} | {took:.3f} | {'' if aim is None else f'{aim} ' + ('met' if took <= aim else 'missed')} |")


def print_sizes() -> None:
    """Measure and print the installed sizes, largest first."""
    shoal = distribution("shoal")
    direct = {each.name.lower() for each in requirements(shoal)}
    sizes = {name: (each, size_mb(each)) for name, each in closure(shoal).items()}
    total = sum(size for _, size in sizes.values())
    print("| dependency | version | needed by | MB on disk |\n| --- | --- | --- | ---: |")
    for name, (each, size) in sorted(sizes.items(), key=lambda item: (-item[1][1], item[0])):
        print(f"| {each.name} | {each.version} | {'Shoal' if name in direct else 'a dependency'} | {size:.1f} |")
    verdict = "met" if total <= SIZE_BUDGET_MB else "missed"
    print(f"| **together** | | aim {SIZE_BUDGET_MB:.0f}: {verdict} | **{total:.1f}** |")


if __name__ == "__main__":
    print_sizes()
    print()
    print_times()
