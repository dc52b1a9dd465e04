"""A made-up run, played once."""

import pandas as pd
import pytest

from shoal.experiments.result import Result
from tests.experiments.synthetic import SyntheticRun, manifest


@pytest.fixture(scope="session")
def result() -> Result:
    """A result in memory: two pairs on a book, a pool and outside, a crash in the middle."""
    return Result(manifest(), SyntheticRun().tables())


@pytest.fixture(scope="session")
def tables(result: Result) -> dict[str, pd.DataFrame]:
    """Its tables as frames."""
    return {name: result.table(name) for name in result.tables()}
