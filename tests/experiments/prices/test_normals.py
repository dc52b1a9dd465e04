import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.experiments.errors import OptionError
from shoal.experiments.prices.normals import Blocks, exponentials, mix, mixing_weights


def test_a_block_is_a_function_of_its_key():
    def draw(seed=7, owner="BTC", purpose="price", block=5):
        return Blocks(seed, owner, purpose).generator(block).standard_normal(4).tolist()

    assert draw() == draw()
    others = [draw(seed=8), draw(owner="ETH"), draw(purpose="size"), draw(block=6), draw(block=2**63)]
    assert all(other != draw() for other in others)


def test_normals_are_normal_and_independent_across_blocks():
    blocks = Blocks(1, "BTC", "price")
    table = np.array([blocks.generator(block).standard_normal(200) for block in range(500)])
    assert abs(table.mean()) < 4 / math.sqrt(table.size)
    assert abs(table.var() - 1) < 4 * math.sqrt(2 / table.size)
    assert abs((table[1:] * table[:-1]).mean()) < 4 / math.sqrt(table.size)


@given(st.floats(-1, 1), st.floats(-0.5, 0.5), st.floats(-0.5, 0.5))
def test_mixed_normals_have_the_correlations_asked_for(first, second, third):
    wanted = {("A", "B"): first, ("A", "C"): second, ("C", "B"): third}
    try:
        weights = mixing_weights(["C", "A", "B"], wanted)
    except OptionError:
        matrix = np.array([[1, first, second], [first, 1, third], [second, third, 1]])
        assert np.linalg.eigvalsh(matrix).min() < 1e-6
        return
    unit = {name: np.eye(3)[place] for place, name in enumerate("ABC")}
    rows = {name: mix(unit, weights[name]) for name in "ABC"}
    for name in "ABC":
        assert rows[name] @ rows[name] == pytest.approx(1.0, abs=1e-6)
    assert rows["A"] @ rows["B"] == pytest.approx(first, abs=1e-6)
    assert rows["A"] @ rows["C"] == pytest.approx(second, abs=1e-6)


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_perfect_correlation_is_allowed(value):
    weights = mixing_weights(["A", "B"], {("A", "B"): value})
    assert weights["B"] == (("A", value), ("B", 0.0))


@pytest.mark.parametrize("value", [1.01, -2.0, math.nan, None])
def test_what_is_no_correlation(value):
    with pytest.raises(OptionError, match="the correlation of B and A"):
        mixing_weights(["A", "B"], {("A", "B"): value})


def test_correlations_that_contradict_each_other():
    with pytest.raises(OptionError, match="together"):
        mixing_weights(["A", "B", "C"], {("A", "B"): 0.9, ("A", "C"): 0.9, ("B", "C"): -0.9})


def test_exponentials_are_those_of_libm():
    values = np.array([[0.1, -0.2], [0.3, 700.0]])
    assert exponentials(values).tolist() == [[math.exp(value) for value in row] for row in values.tolist()]
