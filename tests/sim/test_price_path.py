import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.sim.errors import ShoalError
from shoal.sim.price_path import InvalidPricePath, OutsidePricePath, PricePath


def path(times=(0, 10, 20, 35), prices=(1.0, 2.0, 3.0, 4.0), end_ns=40, **changes):
    fields = {
        "times_ns": np.array(times, dtype=np.int64),
        "prices": {"BTC": np.array(prices, dtype=np.float64)},
        "end_ns": end_ns,
        "kind": "recorded",
        "source_step_ns": 10,
        **changes,
    }
    return PricePath(**fields)


def test_a_price_holds_until_the_next():
    made = path()
    assert [made.at("BTC", time) for time in (0, 9, 10, 34, 35, 39)] == [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]


def test_a_regular_grid_answers_like_an_irregular_one():
    regular = path(times=(0, 10, 20, 30))
    assert [regular.at("BTC", time) for time in (0, 9, 10, 29, 30, 39)] == [1.0, 1.0, 2.0, 3.0, 4.0, 4.0]


def test_a_single_price_holds_over_the_whole_path():
    assert path(times=(5,), prices=(7.0,)).at("BTC", 39) == 7.0


@pytest.mark.parametrize("time", [-1, 40, 10**18])
def test_outside_the_path_there_is_no_price(time):
    with pytest.raises(OutsidePricePath, match=r"\[0, 40\)"):
        path().at("BTC", time)


def test_an_unknown_symbol_is_named_with_those_there_are():
    with pytest.raises(OutsidePricePath, match=r"'ETH': the path has BTC"):
        path().at("ETH", 0)


def test_a_window_keeps_prices_and_ends():
    part = path().window(15, 36)
    assert part.times_ns.tolist() == [15, 20, 35]
    assert part.prices["BTC"].tolist() == [2.0, 3.0, 4.0]
    assert (part.start_ns, part.end_ns) == (15, 36)


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (0, 41), (5, 5), (9, 3)])
def test_a_window_lies_inside_and_is_not_empty(start, end):
    with pytest.raises(OutsidePricePath, match="the window"):
        path().window(start, end)


@given(
    steps=st.lists(st.integers(1, 50), min_size=1, max_size=20),
    bounds=st.tuples(st.floats(0, 1), st.floats(0, 1)),
    where=st.floats(0, 1, exclude_max=True),
)
def test_a_window_has_the_prices_of_the_whole(steps, bounds, where):
    times = np.cumsum(steps)
    whole = path(times=times, prices=np.arange(1.0, len(times) + 1), end_ns=int(times[-1]) + 7)
    length = whole.end_ns - whole.start_ns
    low, high = sorted(bounds)
    start = whole.start_ns + int(low * (length - 1))
    end = max(start + 1, whole.start_ns + int(high * length))
    part = whole.window(start, end)
    time = start + int(where * (end - start))
    assert part.at("BTC", time) == whole.at("BTC", time)


def test_what_is_handed_out_cannot_be_changed():
    made = path()
    with pytest.raises(ValueError, match="read-only"):
        made.prices["BTC"][0] = 9.0
    with pytest.raises(ValueError, match="read-only"):
        made.times_ns[0] = 9
    with pytest.raises(TypeError):
        made.prices["ETH"] = made.prices["BTC"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"times": ()}, "filled int64"),
        ({"times_ns": np.array([0.0, 1.0, 2.0, 3.0])}, "float64"),
        ({"times_ns": [0, 1, 2, 3]}, "NumPy arrays, had list"),
        ({"times": (0, 10, 10, 20)}, "10 follows 10 at index 2"),
        ({"times": (0, 10, 5, 20)}, "5 follows 10 at index 2"),
        ({"end_ns": 35}, "end_ns"),
        ({"end_ns": 40.0}, "end_ns"),
        ({"prices": (1.0, 2.0)}, r"as many as the times \(4\)"),
        ({"prices": (1.0, float("nan"), 2.0, 3.0)}, "had nan at index 1"),
        ({"prices": (1.0, 2.0, float("inf"), 3.0)}, "had inf at index 2"),
        ({"prices": (0.0, 2.0, 1.0, 3.0)}, "had 0.0 at index 0"),
        ({"prices": (1.0, 2.0, 1.0, -3.0)}, "had -3.0 at index 3"),
        ({"kind": "guessed"}, "recorded, generated, bridged"),
        ({"source_step_ns": -1}, "source_step_ns"),
        ({"source_step_ns": 1.5}, "source_step_ns"),
    ],
)
def test_what_is_no_path_is_refused(changes, reason):
    with pytest.raises(InvalidPricePath, match=reason) as caught:
        path(**changes)
    assert isinstance(caught.value, ShoalError)


def test_prices_are_named():
    series = np.ones(4)
    for prices in ({}, {"": series}, {7: series}):
        with pytest.raises(InvalidPricePath, match="symbol"):
            PricePath(path().times_ns, prices, end_ns=40, kind="recorded", source_step_ns=1)


def test_a_path_survives_being_sent_and_its_digest_tells_it_from_others():
    times = np.array([0, 10], dtype=np.int64)
    prices = {"BTC": np.array([1.0, 2.0]), "ETH": np.array([3.0, 4.0])}
    path = PricePath(times, prices, end_ns=20, kind="recorded", source_step_ns=10, provenance={"source": "x"})
    sent = pickle.loads(pickle.dumps(path))  # noqa: S301
    assert sent.digest() == path.digest()
    assert (sent.end_ns, sent.kind, sent.source_step_ns, sent.provenance) == (20, "recorded", 10, {"source": "x"})
    assert sent.at("ETH", 15) == 4.0
    # Order of symbols and origin are not part of it.
    turned = PricePath(times, dict(reversed(prices.items())), end_ns=20, kind="generated", source_step_ns=0)
    assert turned.digest() == path.digest()
    for other in (
        PricePath(times, prices, end_ns=21, kind="recorded", source_step_ns=10),
        PricePath(times + 1, prices, end_ns=20, kind="recorded", source_step_ns=10),
        PricePath(times, {**prices, "ETH": np.array([3.0, 5.0])}, end_ns=20, kind="recorded", source_step_ns=10),
        PricePath(times, {"BTC": prices["BTC"]}, end_ns=20, kind="recorded", source_step_ns=10),
    ):
        assert other.digest() != path.digest()
