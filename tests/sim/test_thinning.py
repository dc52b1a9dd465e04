"""Fewer points, the same extremes."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.thinning import POINTS_A_TRACE, thinned

VALUES = st.lists(st.floats(allow_infinity=False, width=32), max_size=400)


@given(VALUES, st.integers(4, 60))
def test_extremes_and_ends_stay_within_the_limit(values: list[float], limit: int) -> None:
    numbers = np.array(values, dtype=np.float64)
    kept = thinned(numbers, limit)
    assert len(kept) <= limit
    assert (np.diff(kept) > 0).all()
    if len(numbers):
        assert kept[0] == 0
        assert kept[-1] == len(numbers) - 1
    finite = numbers[np.isfinite(numbers)]
    if len(finite):
        shown = numbers[kept][np.isfinite(numbers[kept])]
        assert (shown.min(), shown.max()) == (finite.min(), finite.max())


def test_a_gap_stays_a_gap() -> None:
    values = np.ones(10_000)
    values[4_000:6_000] = np.nan
    assert np.isnan(values[thinned(values)]).sum() > 100


def test_short_series_stay_whole() -> None:
    assert len(thinned(np.zeros(POINTS_A_TRACE))) == POINTS_A_TRACE
    assert len(thinned(np.arange(1e6))) <= POINTS_A_TRACE


def test_a_limit_needs_room_for_the_ends() -> None:
    with pytest.raises(ValueError, match="at least 4"):
        thinned(np.zeros(9), 3)
