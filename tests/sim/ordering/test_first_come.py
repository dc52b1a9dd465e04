"""First come, first served."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.ordering.first_come import FirstCome
from shoal.sim.ordering.policy import Offer

offers = st.builds(Offer, st.integers(0, 100), st.just(0), st.integers(1, 10**6), st.floats(0, 1))


@given(st.lists(offers, unique_by=lambda offer: offer.sequence))
def test_by_arrival_whatever_the_tip(waiting: list[Offer]) -> None:
    ordered = sorted(waiting, key=FirstCome().rank)
    assert ordered == sorted(waiting, key=lambda offer: offer.sequence)


@given(offers)
def test_who_waited_the_whole_interval_has_nobody_before(offer: Offer) -> None:
    assert FirstCome().share_ahead(offer, 1e9) == 1.0 - offer.waited
