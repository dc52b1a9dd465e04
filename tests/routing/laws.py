"""The laws that every curve keeps. A curve's mirror test subclasses ``CurveLaws`` and says which curves to ``draw``."""

import math
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shoal.routing.curve import LARGEST_FALL, Curve
from shoal.sim.errors import RoutingError

shares = st.floats(1e-6, 1.0)
prices = st.floats(1e-3, 1e6)
depths = st.floats(1e-3, 1e6)


class CurveLaws:
    """Inherited tests."""

    may_be_endless: ClassVar[bool] = False
    """Whether an infinite depth makes sense."""

    def curve(self, rate: float, depth: float, more: float) -> Curve:
        """A curve whose best rate, size and further parameter (0 to 1) are these."""
        raise NotImplementedError

    def span(self, curve: Curve) -> float:
        """An input that is large, but within the capacity."""
        return min(curve.capacity, 100.0 * curve.largest_output / curve.best_rate)

    @given(prices, depths, shares, shares)
    def test_the_output_is_concave_and_its_slope_is_the_rate(
        self, rate: float, depth: float, more: float, share: float
    ) -> None:
        curve = self.curve(rate, depth, more)
        end = self.span(curve)
        middle = share * end
        tangent = curve.output(middle) + curve.rate(middle) * (end - middle)
        chord = share * curve.output(end)
        assert curve.output(end) <= tangent * (1 + 1e-12)
        assert curve.output(middle) >= chord * (1 - 1e-12)
        assert curve.output(middle) <= curve.best_rate * middle * (1 + 1e-12)

    @given(prices, depths, shares, st.floats(1e-9, 0.99))
    def test_input_undoes_output(self, rate: float, depth: float, more: float, share: float) -> None:
        curve = self.curve(rate, depth, more)
        amount = share * min(self.span(curve), curve.largest_output / curve.best_rate)
        assert curve.input(curve.output(amount)) == pytest.approx(amount, rel=1e-9)

    @given(prices, depths, shares, st.floats(-3.0, 0.5))
    def test_the_response_is_the_best_answer_to_a_price(
        self, rate: float, depth: float, more: float, fall: float
    ) -> None:
        """The surplus is what the response earns beyond the price, and what no other input exceeds."""
        curve = self.curve(rate, depth, more)
        price = curve.best_rate * math.exp(fall)
        least_in, least_out, most_in, most_out, slope = curve.response(price)
        assert 0.0 <= least_in <= most_in <= curve.capacity
        assert slope >= 0.0
        surplus, size = curve.surplus(price), max(most_out, price * most_in)
        for amount_in, amount_out in ((least_in, least_out), (most_in, most_out)):
            assert amount_out == pytest.approx(curve.output(amount_in), rel=1e-12)
            assert amount_out - price * amount_in == pytest.approx(surplus, rel=1e-9, abs=1e-13 * size)
        for share in (0.1, 0.5, 0.9, 1.1, 2.0):
            other = min(share * max(most_in, 1e-3 * self.span(curve)), curve.capacity)
            assert curve.output(other) - price * other <= surplus + 1e-13 * max(size, curve.output(other))

    @given(prices, depths, shares, st.floats(1e-6, 3.0), st.floats(1e-6, 1e-4))
    def test_the_slope_is_how_the_input_grows(
        self, rate: float, depth: float, more: float, fall: float, step: float
    ) -> None:
        curve = self.curve(rate, depth, more)
        high, low = (curve.best_rate * math.exp(-each) for each in (fall, fall + step))
        before, after = curve.response(high), curve.response(low)
        assert after[0] >= before[2] * (1 - 1e-13)
        if not any(low <= flat <= high for flat in curve.flats):
            width = math.log(high / low)
            assert after[0] - before[2] == pytest.approx(before[4] * width, rel=1e-3, abs=1e-14 * before[2])

    @given(prices, depths, shares)
    def test_the_rates_at_both_ends(self, rate: float, depth: float, more: float) -> None:
        curve = self.curve(rate, depth, more)
        tiny = 1e-12 * min(self.span(curve), curve.largest_output / curve.best_rate)
        assert curve.rate(tiny) == pytest.approx(curve.best_rate, rel=1e-9)
        if curve.capacity < math.inf:
            assert curve.rate(curve.capacity) == pytest.approx(curve.last_rate, rel=1e-9)
            assert curve.output(curve.capacity) == pytest.approx(curve.largest_output, rel=1e-12)
            everything = curve.response(curve.last_rate * 0.99)
            assert everything[0] == curve.capacity
            assert everything[1] == curve.largest_output
            beyond = curve.surplus(curve.last_rate * 0.5)
            assert beyond == pytest.approx(curve.largest_output - 0.5 * curve.last_rate * curve.capacity, rel=1e-12)
        else:
            assert curve.last_rate in (curve.best_rate * math.exp(-LARGEST_FALL), *curve.flats)

    @pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0, 0.0, 1e60, True, "7", None])
    def test_numbers_that_make_no_sense_are_refused(self, bad: float) -> None:
        with pytest.raises(RoutingError, match="venue: cannot be routed"):
            self.curve(bad, 1.0, 0.5)
        if bad == math.inf and self.may_be_endless:
            return
        with pytest.raises(RoutingError, match="venue: cannot be routed"):
            self.curve(1.0, bad, 0.5)
