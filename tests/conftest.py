"""What every test may use: the shared folder, and random examples that are the same on every run."""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).resolve().parents[1]

settings.register_profile(
    "shoal",
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=int(os.environ.get("SHOAL_EXAMPLES", "100")),
    # A busy machine must not fail a test, and law suites are inherited by many classes.
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.differing_executors],
)
settings.load_profile("shoal")


@pytest.fixture(scope="session")
def root() -> Path:
    """The top folder of the repository."""
    return ROOT


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder of recorded prices and contract operations, read in place."""
    folder = Path(os.environ.get("SHOAL_SHARED", ROOT.parent / "shared"))
    if not folder.is_dir():
        pytest.skip(f"no recorded data at {folder}: set SHOAL_SHARED to the folder that holds data/ and vectors/")
    return folder
