"""Groups of parameters: lists of settings hold nothing twice."""

import pytest

from shoal.experiments.market.loop_parameters import POLICIES, PanelGroup, SweepGroup, VaultGroup, repeated


def test_defaults_repeat_nothing() -> None:
    assert list(repeated("panel", PanelGroup())) == []
    assert list(repeated("sweep", SweepGroup())) == []
    assert VaultGroup().policies == POLICIES
    assert len(set(POLICIES)) == len(POLICIES)


@pytest.mark.parametrize(
    ("lists", "path"),
    [
        (PanelGroup(sizes=(0.1, 0.2, 0.1)), "group.sizes"),
        (PanelGroup(forms=("sliced", "sliced")), "group.forms"),
        (SweepGroup(sweep_policies=("CPPI", "CPPI")), "group.sweep_policies"),
        (SweepGroup(permanent_shares=(0.0, -0.0)), "group.permanent_shares"),
    ],
)
def test_what_is_there_twice_is_named(lists: PanelGroup | SweepGroup, path: str) -> None:
    (problem,) = repeated("group", lists)
    assert problem.path == path
    assert "is there twice" in problem.reason
