import json
from pathlib import Path

import pytest
from tests.experiments.command.conftest import Shoal
from tests.experiments.replay_book.recordings import lobster
from tests.experiments.replay_book.test_replay import LEVELS, MESSAGES


def test_a_recording_is_replayed_and_drawn(shoal: Shoal, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    answer = shoal("replay", lobster(tmp_path, MESSAGES, LEVELS), "--out", page)
    assert (answer.code, answer.err) == (0, "")
    for part in ("executions", "edge of view", "report.html", "format lobster"):
        assert part in answer.out
    text = page.read_text(encoding="utf-8")
    assert "Plotly.newPlot" in text
    assert "engine ask" in text


def test_json(shoal: Shoal, tmp_path: Path) -> None:
    found = json.loads(shoal("replay", lobster(tmp_path, MESSAGES), "--json").out)
    assert (found["format"], found["events"]) == ("lobster", 10)
    assert {each["subject"] for each in found["agreements"]} >= {"submitted orders that rest"}


@pytest.mark.parametrize("arguments", [["missing.parquet"], ["x.csv", "--out", "report.txt"], []])
def test_refused_with_2(shoal: Shoal, arguments: list[str]) -> None:
    answer = shoal("replay", *arguments)
    assert (answer.code, answer.out) == (2, "")
