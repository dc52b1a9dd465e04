import re
from pathlib import Path

import pandas as pd
import pytest
from tests.experiments.replicates.conftest import Replicating

from shoal.experiments.replicates.report import design, pairing, pairing_together, path_sheet, problems, render
from shoal.experiments.replicates.run import run_replicates
from shoal.experiments.runner import add_report


@pytest.fixture
def page(replicating: Replicating, tmp_path: Path) -> str:
    return run_replicates(replicating(), out=tmp_path / "out").report(tmp_path / "page.html").read_text("utf-8")


def test_the_page_shows_estimates_pairing_and_the_way_to_every_world(page: str) -> None:
    for part in (
        "Seeds 7 to 9. Every seed was run in 3 worlds",
        "at 95 % over the seeds",
        '<h3 id="topic-1">level</h3>',
        ">vs no-push</th>",
        "<small>r 1.00, 100 %</small>",
        "Of 2 differences in which something varied, the median correlation of both worlds is 1.00",
        "<td>level, less no-push</td>",
        "level, less no-push: correlation 1.00; pairing removed 100.0 % of the variance",
        'href="seed-8/base/report.html"',
        "<td>seed-8/half-push</td>",
        ">60.00<",
    ):
        assert part in page, part


def test_the_page_asks_nothing_from_outside(page: str) -> None:
    text = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert not re.search(r'(src|href)="(https?:)?//', text)
    assert "default-src 'none'" in page


def test_what_worlds_say_is_escaped(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({"replicates": 1}), out=tmp_path / "out")
    found.manifest["failures"] = [{"where": "seed-7", "reason": "<script>alert(1)</script>"}]
    assert "<script>alert" not in render(found)


def test_one_replicate_says_that_it_has_no_interval(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({"replicates": 1, "worlds": "base"}), out=tmp_path / "out")
    text = " ".join(design(found.manifest))
    assert text.startswith("One seed, 7. With one replicate there is no interval")
    assert "No figure has a control in another world." in render(found)


def test_paths_are_told_apart_from_seeds(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({"replicates": 1, "paths": 2, "worlds": "base"}), out=tmp_path / "out")
    text = " ".join(design(found.manifest))
    assert "2 paths of outside prices (2 generated) with 1 seed each." in text
    assert "over the means of the paths" in text
    assert [[cell.text for cell in row[:3]] for row in path_sheet(found.manifest).rows] == [
        ["1", "generated", "2024-01-01T00:00:00Z"],
        ["2", "generated", "2024-01-01T00:00:00Z"],
    ]
    assert "Paths of outside prices" in render(found)


def test_a_report_drawn_later_is_linked(replicating: Replicating, tmp_path: Path) -> None:
    found = run_replicates(replicating({"replicates": 1}), out=tmp_path / "out")
    link = 'href="seed-7/no-push/report.html"'
    assert link not in render(found)
    add_report(found.results["seed-7/no-push"])
    assert link in render(found)


def test_pairing_in_words() -> None:
    rows = [("a", 0.9, 0.75), ("b", -0.5, -0.4), ("c", float("nan"), float("nan")), ("d", 1.0, 1.0)]
    frame = pd.DataFrame(rows, columns=["name", "correlation", "variance_removed_share"]).assign(world="off")
    assert pairing(frame) == [
        "a, less off: correlation 0.9; pairing removed 75.0 % of the variance, worlds run apart would need 4.00 times "
        "as many replicates for the same interval.",
        "b, less off: correlation −0.5; pairing removed no variance.",
        "c, less off: nothing varied, or there are too few replicates to tell.",
        "d, less off: correlation 1.00; pairing removed 100.0 % of the variance, worlds run apart would need any "
        "number of replicates for the same interval.",
    ]
    assert pairing_together(frame) == (
        "Of 3 differences in which something varied, the median correlation of both worlds is 0.9, and pairing removed "
        "75 % of the variance in the median; in 1 it removed none."
    )
    assert pairing_together(frame[2:3]) == ""


def test_problems_in_words() -> None:
    results = {"seed-7/base": {"status": "finished"}, "seed-7/off": {"status": "not run"}}
    manifest = {"failures": [{"where": "seed-8/base", "reason": "it fell"}], "status": "interrupted"}
    assert problems({**manifest, "results": results}) == [
        "seed-8/base failed: it fell",
        "Stopped before its end: 1 of 2 worlds are finished.",
    ]
