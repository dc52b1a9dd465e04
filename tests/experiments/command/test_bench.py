import json
from pathlib import Path

import numpy as np
from tests.experiments.command.conftest import Shoal

from shoal.experiments.book_flow import FIELDS, draw_flow


def save(path: Path, columns: list[np.ndarray]) -> Path:
    np.savez(path, messages=np.rec.fromarrays(columns, names=list(FIELDS)))
    return path


def test_a_flow_from_a_file_as_json(shoal: Shoal, tmp_path: Path) -> None:
    path = save(tmp_path / "flow.npz", list(draw_flow(2_000, seed=1, floor=100)))
    answer = shoal("bench", "book", "--flow", path, "--json")
    assert (answer.code, answer.err) == (0, "")
    found = json.loads(answer.out)
    assert found["messages"] == 2_000
    assert found["fills"] > 0
    assert found["traded"] > 0
    assert {"batch_messages_per_second", "call_messages_per_second", "p50_ns", "p99_ns"} <= set(found)


def test_a_drawn_flow_as_a_table(shoal: Shoal) -> None:
    answer = shoal("bench", "book", "--messages", 1_000, "--seed", 3)
    assert answer.code == 0
    for part in ("in batch with fills", "by call", "p50", "p99", "1,000"):
        assert part in answer.out


def test_refused_with_2(shoal: Shoal, tmp_path: Path) -> None:
    answer = shoal("bench", "book", "--flow", tmp_path / "missing.npz")
    assert (answer.code, answer.out) == (2, "")
    bad = save(tmp_path / "bad.npz", [np.array([value], np.int64) for value in (0, 1, 0, 5, 1)])
    answer = shoal("bench", "book", "--flow", bad)
    assert answer.code == 2
    assert "price 0" in answer.err
