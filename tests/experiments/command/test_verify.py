import json
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.command.conftest import Shoal

from shoal.experiments.verify import Difference, Verification


def test_recorded_operations_are_replayed(shoal: Shoal, shared: Path) -> None:
    answer = shoal("verify", shared / "vectors" / "univ2.json")
    assert (answer.code, answer.err) == (0, "")
    for part in ("operations", "reverts", "differences", "univ2.json"):
        assert part in answer.out


def test_differences_are_listed_and_are_1(shoal: Shoal, monkeypatch: pytest.MonkeyPatch) -> None:
    differences = tuple(Difference(f"pair0, operation {number}", "r0", "1003", "1004") for number in range(30))
    found = Verification(venue="pair", operations=30, reverts=2, compared=90, differences=differences)
    monkeypatch.setattr("shoal.experiments.command.verify.verify", lambda path: found)
    answer = shoal("verify", "a.json", "b.json")
    assert answer.code == 1
    assert "a.json: pair0, operation 3: r0 recorded 1003, engine 1004" in answer.out
    assert "b.json: ... and 10 more" in answer.out


@pytest.mark.parametrize("content", ["", "[]", "{", '{"venue": NaN}', '{"venue": "x"}'])
def test_what_is_no_recording_is_2(shoal: Shoal, tmp_path: Path, content: str) -> None:
    path = tmp_path / "operations.json"
    path.write_text(content, encoding="utf-8")
    answer = shoal("verify", path)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err.startswith("shoal: ")


def test_no_file_is_2(shoal: Shoal) -> None:
    assert shoal("verify").code == 2
    assert shoal("verify", "missing.json").code == 2


def test_the_results_are_those_of_the_replay(shared: Path) -> None:
    data: Any = json.loads((shared / "vectors" / "univ2.json").read_text(encoding="utf-8"))
    assert data
