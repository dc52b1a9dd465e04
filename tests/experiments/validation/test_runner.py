from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.runner import judge, run_all
from shoal.experiments.validation.statistics import mean
from shoal.sim.draws import Stream


@dataclass(frozen=True)
class Coin(ClosedForm):
    """Half of all throws are heads."""

    source: ClassVar[str] = "Bernoulli (1713)"
    heads: float = 0.5

    @property
    def name(self) -> str:
        return "coin"

    def replications(self, *, quick: bool) -> int:
        return 5 if quick else 30

    def replicate(self, seed: int) -> Sample:
        stream = Stream(seed, "coin", "throw")
        return (sum(stream.next() < self.heads for _ in range(4_000)) / 4_000,)

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        return (Estimate("heads", 0.5, *mean(np.array(samples)[:, 0]), detail=f"{len(samples)} coins"),)


def test_a_true_form_passes_and_a_false_one_fails() -> None:
    (fair,) = run_all(quick=False, processes=1, forms=[Coin()])
    (unfair,) = run_all(quick=False, processes=1, forms=[Coin(heads=0.51)])
    assert fair.passed
    assert not unfair.passed
    assert unfair.z > 4


def test_quick_runs_fewer_replications() -> None:
    (check,) = run_all(quick=True, processes=1, forms=[Coin()])
    assert check.detail == "5 coins"


def test_progress_counts_every_replication() -> None:
    seen: list[tuple[int, int, str]] = []
    run_all(quick=True, processes=1, forms=[Coin()], progress=lambda *step: seen.append(step))
    assert seen == [(number, 5, "coin") for number in range(1, 6)]


def test_the_figures_do_not_depend_on_the_number_of_processes() -> None:
    runs = [run_all(quick=True, processes=processes, forms=[Coin()]) for processes in (1, 2)]
    assert [check.engine for check in runs[0]] == [check.engine for check in runs[1]]


def test_another_seed_gives_other_figures() -> None:
    engines = {run_all(quick=True, processes=1, forms=[Coin()], seed=seed)[0].engine for seed in (1, 2)}
    assert len(engines) == 2


def test_the_form_alone_gives_what_the_runner_gives() -> None:
    (check,) = run_all(quick=True, processes=1, forms=[Coin()], seed=3)
    (estimate,) = Coin().run(3, quick=True)
    assert check.engine == estimate.engine


def test_a_check_names_form_and_quantity() -> None:
    (check,) = judge(Coin(), [(0.5,), (0.501,)], 1.5)
    assert (check.name, check.source, check.seconds) == ("coin: heads", "Bernoulli (1713)", 1.5)


@pytest.mark.parametrize("processes", [0, -1, 1.5, True])
def test_the_number_of_processes_is_a_whole_number_above_0(processes: int) -> None:
    with pytest.raises(ValueError, match="processes must be a whole number above 0"):
        run_all(quick=True, processes=processes, forms=[])
