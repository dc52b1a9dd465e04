"""A made-up run, played once."""

from pathlib import Path

import pandas as pd
import pytest
from tests.experiments.loop_tables import loop_tables
from tests.experiments.synthetic import SyntheticRun, manifest

from shoal.experiments import studies as package
from shoal.experiments.registry import find_study
from shoal.experiments.result import Result
from shoal.experiments.study import Study


@pytest.fixture(scope="session")
def result() -> Result:
    """A result in memory: two pairs on a book, a pool and outside, a crash in the middle."""
    return Result(manifest(), SyntheticRun().tables())


@pytest.fixture(scope="session")
def tables(result: Result) -> dict[str, pd.DataFrame]:
    """Its tables as frames."""
    return {name: result.table(name) for name in result.tables()}


@pytest.fixture(scope="session")
def loop_result() -> Result:
    """The same with vaults, attacks and liquidations."""
    return Result(manifest(), SyntheticRun().tables() | loop_tables())


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> type[Study]:
    """A study for tests, found beside the package's own under the name "tiny"."""
    folder = Path(__file__).parent / "example_studies"
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(folder)])
    return find_study("tiny")
