"""Prints the coverage of each folder from the output of ``coverage json``, read from a file."""

import json
import sys
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def main(report: Path) -> None:
    """Add up the statements of each folder of the repository."""
    statements: Counter[str] = Counter()
    covered: Counter[str] = Counter()
    for name, entry in json.loads(report.read_text(encoding="utf-8"))["files"].items():
        folder = (ROOT / name).resolve().relative_to(ROOT).parent.as_posix()
        for key in (folder, "together"):
            statements[key] += entry["summary"]["num_statements"]
            covered[key] += entry["summary"]["covered_lines"]
    for folder in sorted(statements, key=lambda key: (key == "together", key)):
        share = 100 * covered[folder] / max(1, statements[folder])
        print(f"{folder:24} {covered[folder]:6} of {statements[folder]:6} statements {share:6.1f} %")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
