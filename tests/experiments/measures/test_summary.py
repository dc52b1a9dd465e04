"""Key figures of a run."""

import numpy as np

from shoal.experiments.measures.measured import Measured
from shoal.experiments.measures.summary import COLUMNS, summary
from shoal.experiments.result import Result


def test_every_figure_has_a_subject_and_a_unit(result: Result) -> None:
    found = result.summary()
    assert tuple(found.columns) == COLUMNS
    assert found["value"].dtype == np.float64
    assert found[["topic", "subject", "figure", "unit"]].map(bool).all(axis=None)
    topics = {"spread", "depth", "volume", "gap", "arbitrage", "markout", "liquidity", "earned", "conservation"}
    assert set(found["topic"]) == topics


def test_figures_are_those_of_the_measures(result: Result) -> None:
    found = result.summary().set_index(["subject", "figure"])["value"]
    assert found["BTC pool", "share of volume"] == 100.0
    assert found["USDC", "minted less burnt less held"] == 0.0


def test_an_empty_run_has_no_figures() -> None:
    assert summary(Measured((), dict.__getitem__), {}).empty


def test_the_loop_adds_its_topics(result: Result, loop_result: Result) -> None:
    topics = [set(one.summary()["topic"]) for one in (result, loop_result)]
    assert topics[1] - topics[0] == {"vault", "rebalancing", "attacks", "liquidations"}
