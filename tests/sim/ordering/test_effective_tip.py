"""Highest effective tip first."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.ordering.effective_tip import EffectiveTip
from shoal.sim.ordering.policy import Offer

offers = st.builds(Offer, st.integers(0, 100), st.just(0), st.integers(1, 10**6), st.floats(0, 1))


@given(st.lists(offers, unique_by=lambda offer: offer.sequence))
def test_by_tip_then_arrival(waiting: list[Offer]) -> None:
    ordered = sorted(waiting, key=EffectiveTip().rank)
    assert ordered == sorted(sorted(waiting, key=lambda offer: offer.sequence), key=lambda offer: -offer.tip_wei)


def test_the_share_ahead_is_the_exponential_tail() -> None:
    policy = EffectiveTip()
    assert policy.share_ahead(Offer(0, 0, 1, 0.5), 1e9) == 1.0
    assert policy.share_ahead(Offer(2e9, 0, 1, 0.5), 1e9) == math.exp(-2)
    assert policy.share_ahead(Offer(1e30, 0, 1, 0.5), 1e9) == 0.0
