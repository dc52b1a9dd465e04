"""Replicates of the paired study."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.experiments.example_studies.paired import Paired

from shoal.experiments.plan import make_plan
from shoal.experiments.replicates.replication import Replication, plan_replicates

Replicating = Callable[..., Replication]


@pytest.fixture
def replicating() -> Replicating:
    """Plan replicates of the paired study."""

    def plan(options: dict[str, Any] | None = None, /, **parameters: Any) -> Replication:
        asked = {"replicates": 3, **(options or {})}
        return plan_replicates(make_plan(Paired(**parameters), options=asked))

    return plan


def files(folder: Path) -> dict[str, bytes]:
    """The files that replicates leave beside their worlds."""
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}
