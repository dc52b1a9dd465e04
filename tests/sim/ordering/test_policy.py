"""Every policy ranks uniquely and gives a share."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.ordering.effective_tip import EffectiveTip
from shoal.sim.ordering.first_come import FirstCome
from shoal.sim.ordering.policy import Offer, OrderingPolicy

offers = st.builds(Offer, st.floats(0, 1e12), st.integers(0, 100), st.integers(1, 10**6), st.floats(0, 1))


@pytest.mark.parametrize("policy", [EffectiveTip(), FirstCome()], ids=lambda policy: type(policy).__name__)
@given(st.lists(offers, unique_by=lambda offer: offer.sequence))
def test_ranks_are_unique_and_shares_are_shares(policy: OrderingPolicy, waiting: list[Offer]) -> None:
    assert len({policy.rank(offer) for offer in waiting}) == len(waiting)
    assert all(0 <= policy.share_ahead(offer, 1e9) <= 1 for offer in waiting)
