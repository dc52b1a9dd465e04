from typing import Any

import pytest
from tests.experiments.command.conftest import Shoal

from shoal.experiments.validation import Check


def check(*, passed: bool) -> Check:
    return Check("a form: figure", "Nobody (2020)", 1.0, 1.01, 0.002, 5.0 if not passed else 0.5, passed, 0.1, "")


@pytest.mark.parametrize(("checks", "code"), [([True, True], 0), ([True, False], 1), ([], 1)])
def test_one_that_fails_is_1(shoal: Shoal, monkeypatch: pytest.MonkeyPatch, checks: list[bool], code: int) -> None:
    asked: list[bool] = []

    def run_all(*, quick: bool, progress: Any) -> list[Check]:
        asked.append(quick)
        progress(1, 2, "a form")
        return [check(passed=each) for each in checks]

    monkeypatch.setattr("shoal.experiments.command.validate.run_all", run_all)
    answer = shoal("validate", "--quick")
    assert (answer.code, asked) == (code, [True])
    assert f"{sum(checks)} of {len(checks)} closed forms hold." in answer.out
    if code and checks:
        assert "failed: a form: figure" in answer.out
        assert "FAILED" in answer.out
        assert "Nobody (2020)" in answer.out
