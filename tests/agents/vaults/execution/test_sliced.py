from dataclasses import replace
from itertools import pairwise

import pytest
from tests.agents.laws import ETH, SECOND_NS, USDC, flat, wave
from tests.agents.vaults.market import GUARDS, Scene

from shoal.agents.vaults.execution.at_once import AtOnce
from shoal.agents.vaults.execution.sliced import Sliced
from shoal.agents.vaults.triggers.never import Never

LOOSE = replace(GUARDS, maximum_slippage_ppm=200_000)
PAUSE_NS = 24 * SECOND_NS


def sliced(prices: list[float], execution: Sliced) -> Scene:
    return Scene(prices, seconds=600, vault={"guards": LOOSE}, executor={"execution": execution, "trigger": Never()})


def test_equal_parts_a_cool_off_apart() -> None:
    scene = sliced(flat(600), Sliced(slippage_ppm=10_000, cool_off_ns=PAUSE_NS, slices=5))
    [row] = scene.rebalances
    assert (row["result"], row["why"]) == ("done", "")
    sizes = [float(order["amount_in_raw"]) / 1e6 for order in scene.orders[:5]]
    # What slices cost changes what is left a little.
    assert sizes == pytest.approx([10_000] * 5, rel=0.05)
    assert [order["part"] for order in scene.orders] == list(range(1, len(scene.orders) + 1))
    landed = [order["landed_ns"] for order in scene.orders]
    assert min(later - earlier for earlier, later in pairwise(landed)) >= PAUSE_NS
    assert {order["decided_ns"] for order in scene.orders} == {row["decided_ns"]}


def test_no_slice_is_larger_than_the_maximum() -> None:
    scene = sliced(flat(600), Sliced(slippage_ppm=10_000, cool_off_ns=SECOND_NS, maximum_quote_tokens=7_000.0))
    assert max(order["amount_in_raw"] for order in scene.orders) <= USDC.amount(7_000)
    assert 8 <= len(scene.orders) <= 12
    assert scene.rebalances[0]["result"] == "done"


def test_it_ends_where_the_price_has_come_to_the_target() -> None:
    """The first slice buys; the price then doubles, and what would be left is a sale."""
    prices = [*flat(60), *flat(540, price=6_000.0)]
    scene = sliced(prices, Sliced(slippage_ppm=50_000, cool_off_ns=60 * SECOND_NS, maximum_quote_tokens=40_000.0))
    [row] = scene.rebalances
    assert row["result"] == "done"
    assert len(scene.orders) == 1
    assert scene.weight > 0.55


def test_it_gives_up_after_its_slices() -> None:
    execution = Sliced(slippage_ppm=10_000, cool_off_ns=SECOND_NS, maximum_quote_tokens=1_000.0, maximum_slices=3)
    [row] = sliced(flat(600), execution).rebalances
    assert row["result"] == "partial"
    assert row["why"] == "3 slices were not enough"


def test_slices_cost_less_than_all_at_once_where_others_refill_the_pool() -> None:
    """Nobody does here: in one pool alone, splitting gains nothing."""
    executions = (AtOnce(slippage_ppm=100_000), Sliced(slippage_ppm=100_000, cool_off_ns=SECOND_NS, slices=5))
    bought = []
    for execution in executions:
        scene = Scene(flat(), executor={"execution": execution, "trigger": Never()})
        bought.append((scene.log and scene.log.nav("vault"), len(scene.orders)))
    (at_once, one), (in_slices, several) = bought
    assert (one, several >= 5) == (1, True)
    assert at_once is not None
    assert in_slices == pytest.approx(at_once, rel=1e-3)


def test_the_target_goes_on_learning_between_slices() -> None:
    class Listening:
        def __init__(self) -> None:
            self.times: list[int] = []

        def observe(self, now_ns: int, prices: object) -> None:
            self.times.append(now_ns)

        def weights(self, portfolio: object) -> dict[object, float]:
            return {ETH: 0.5}

    target = Listening()
    execution = Sliced(slippage_ppm=50_000, cool_off_ns=60 * SECOND_NS, slices=3)
    Scene(wave(), executor={"execution": execution, "trigger": Never(), "target": target})
    gaps = [later - earlier for earlier, later in pairwise(target.times)]
    assert max(gaps) <= 25 * SECOND_NS


@pytest.mark.parametrize(
    "changes", [{"slices": 0}, {"cool_off_ns": 0}, {"slippage_ppm": -1}, {"maximum_quote_tokens": 0.0}]
)
def test_parameters_out_of_range(changes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(changes))):
        Sliced(**{"slippage_ppm": 1, "cool_off_ns": 1, **changes})  # type: ignore[arg-type]
