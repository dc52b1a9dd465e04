from typing import Any

import pytest

from shoal.agents.gas import GasTerms
from shoal.sim.hosts.block import BlockNews


def test_the_fee_cap_leaves_room_for_the_base_fee_to_rise() -> None:
    news = BlockNews(1, 0, 50, 100, 0)
    terms = GasTerms(tip_wei=7, price_feed="outside")
    assert terms.max_fee_wei(news) == 4 * 100 + 7
    assert terms.max_fee_wei(news, 1_000) == 4 * 100 + 1_000


@pytest.mark.parametrize("changes", [{"tip_wei": -1}, {"tip_wei": 1.0}, {"base_fee_multiple": 0}])
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        GasTerms(**{"tip_wei": 1, "price_feed": "outside", **changes})
