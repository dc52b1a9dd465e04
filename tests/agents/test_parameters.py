import math

import pytest

from shoal.agents.parameters import positive, whole_number, within


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf, True])
def test_what_is_not_positive_is_named(value: float) -> None:
    positive("alice", size=1.0)
    with pytest.raises(ValueError, match="alice: size must be a finite number above 0"):
        positive("alice", other=1.0, size=value)


@pytest.mark.parametrize("value", [-0.1, 1.1, math.nan, True])
def test_what_is_outside_its_range_is_named(value: float) -> None:
    within("alice", 0.0, 1.0, share=0.0, other=1.0)
    with pytest.raises(ValueError, match=r"alice: share must lie in 0.0 to 1.0"):
        within("alice", 0.0, 1.0, share=value)


@pytest.mark.parametrize("value", [0, 1.0, True, "1"])
def test_what_is_no_whole_number_is_named(value: int) -> None:
    whole_number("alice", count=1)
    whole_number("alice", minimum=0, count=0)
    with pytest.raises(ValueError, match="alice: count must be a whole number >= 1"):
        whole_number("alice", count=value)
