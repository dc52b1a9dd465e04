import math
from collections.abc import Sequence
from dataclasses import replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.optimize import minimize

from shoal.routing.constant_product import ConstantProductCurve
from shoal.routing.curve import Curve
from shoal.routing.exponential import ExponentialPurchase, ExponentialSale
from shoal.routing.levels import Levels
from shoal.routing.one_pair import route, route_out
from shoal.routing.plan import Leg, Plan, Status
from shoal.sim.errors import RoutingError

POOLS = (
    ConstantProductCurve("one", 1000.0, 1000.0, 0.003),
    ConstantProductCurve("two", 500.0, 505.0, 0.003),
    ConstantProductCurve("three", 100.0, 102.0, 0.0005),
)
STEEP = (
    ConstantProductCurve("one", 1000.0, 2.0e6, 0.003),
    ConstantProductCurve("two", 500.0, 1.005e6, 0.003),
    ConstantProductCurve("three", 200.0, 4.0e5, 0.0005),
)
MIXED = (
    *STEEP,
    ExponentialSale("outside", 1999.0, 500.0),
    Levels("book", tuple(2001.0 - 0.5 * level for level in range(20)), (1.0,) * 20),
)

fees = st.sampled_from([0.0, 0.0005, 0.003, 0.01])
depths = st.floats(0.1, 1e4)
rates = st.one_of(st.floats(0.9, 1.1), st.sampled_from([0.99, 1.0, 1.01]))
amounts = st.floats(1e-3, 1e4)
pools = st.builds(lambda depth, rate, fee: ConstantProductCurve("", depth, depth * rate, fee), depths, rates, fees)
sales = st.builds(lambda rate, depth: ExponentialSale("", rate, depth), rates, depths)
purchases = st.builds(lambda rate, depth: ExponentialPurchase("", rate, depth), rates, depths)
books = st.builds(
    lambda rate, sizes: Levels("", tuple(rate * 0.999**level for level in range(len(sizes))), tuple(sizes)),
    rates,
    st.lists(st.floats(1e-2, 1e3), min_size=1, max_size=10),
)
fixed = st.builds(lambda rate: Levels("", (rate,), (math.inf,)), rates)
kinds = st.one_of(pools, sales, purchases, books, fixed)


def named(curves: Sequence[Curve]) -> list[Curve]:
    return [replace(curve, venue=f"venue {at}") for at, curve in enumerate(curves)]  # type: ignore[type-var]


markets = st.lists(kinds, min_size=1, max_size=6).map(named)
limits = st.one_of(st.none(), st.floats(0.85, 1.15))


def by_venue(plan: Plan) -> dict[str, Leg]:
    return {leg.venue: leg for leg in plan.legs}


def check_refusal(curves: Sequence[Curve], limit: float) -> None:
    """Nobody trades within the limit; at the first unit's own rate only a level would, which is flat."""
    assert all(one.best_rate < limit or (one.best_rate == limit and not isinstance(one, Levels)) for one in curves)


def check_primal(curves: Sequence[Curve], plan: Plan) -> None:
    """The legs are what the curves give, and add up."""
    legs = by_venue(plan)
    assert len(legs) == len(plan.legs)
    for curve in curves:
        if curve.venue in legs:
            leg = legs[curve.venue]
            assert 0.0 < leg.amount_in <= curve.capacity * (1 + 1e-15)
            assert leg.amount_out == pytest.approx(curve.output(leg.amount_in), rel=1e-11)
    assert math.fsum(leg.amount_in for leg in plan.legs) == plan.amount_in
    assert math.fsum(leg.amount_out for leg in plan.legs) == plan.amount_out


def check_slackness(curves: Sequence[Curve], plan: Plan) -> None:
    """Each venue trades what the price asks for: at a flat something from least to most, elsewhere one amount."""
    legs = by_venue(plan)
    for curve in curves:
        amount = legs[curve.venue].amount_in if curve.venue in legs else 0.0
        # A plan is this near where its value is within the square of it.
        near = 1e-7
        slack = near * plan.amount_in
        least = curve.response(plan.price * (1 + near))[0]
        most = curve.response(plan.price * (1 - near))[2]
        assert least - slack <= amount <= most + slack


@given(markets, amounts, limits)
def test_the_optimality_conditions_of_an_exact_input(curves: list[Curve], amount: float, limit: float | None) -> None:
    plan = route(curves, amount, limit_price=limit)
    check_primal(curves, plan)
    assert plan.amount_in + plan.unfilled == pytest.approx(amount, rel=1e-13)
    if plan.status is Status.INFEASIBLE:
        assert limit is not None
        check_refusal(curves, limit)
        assert plan == Plan(Status.INFEASIBLE, 0.0, 0.0, amount, 0.0, 0.0, 0.0, ())
        return
    check_slackness(curves, plan)
    bound = plan.price * plan.amount_in + math.fsum(curve.surplus(plan.price) for curve in curves)
    assert plan.dual_bound == pytest.approx(bound, rel=1e-14)
    assert plan.gap == plan.dual_bound - plan.amount_out
    assert abs(plan.gap) <= 1e-11 * plan.amount_out
    assert (plan.status is Status.OPTIMAL) == (plan.unfilled == 0.0)
    assert limit is None or plan.price >= limit
    if plan.unfilled:
        within = [curve.response(limit or 1e-12)[2] for curve in curves]
        assert plan.amount_in == pytest.approx(math.fsum(within), rel=1e-9)


@given(markets, amounts, limits)
def test_the_optimality_conditions_of_an_exact_output(curves: list[Curve], amount: float, limit: float | None) -> None:
    plan = route_out(curves, amount, limit_price=limit)
    check_primal(curves, plan)
    assert plan.amount_out + plan.unfilled == pytest.approx(amount, rel=1e-13)
    if plan.status is Status.INFEASIBLE:
        assert limit is not None
        check_refusal(curves, limit)
        return
    # Where prices have fallen by e^20, one digit of the output is many of the input.
    steep = max(1.0, 1e-6 * plan.amount_out / (plan.price * plan.amount_in))
    bound = (plan.amount_out - math.fsum(curve.surplus(plan.price) for curve in curves)) / plan.price
    assert plan.dual_bound == pytest.approx(bound, rel=1e-14)
    assert plan.gap == plan.amount_in - plan.dual_bound
    assert abs(plan.gap) <= 1e-10 * steep * plan.amount_in
    assert limit is None or plan.price >= limit
    if plan.status is Status.OPTIMAL:
        assert plan.unfilled == 0.0


@given(markets, amounts)
def test_exact_output_undoes_exact_input(curves: list[Curve], amount: float) -> None:
    forth = route(curves, amount)
    assume(forth.price > 1e-3)
    back = route_out(curves, forth.amount_out)
    assert back.amount_in == pytest.approx(forth.amount_in, rel=1e-9)


@given(markets, amounts)
def test_no_venue_alone_and_no_coarse_split_is_better(curves: list[Curve], amount: float) -> None:
    best = route(curves, amount).amount_out * (1 + 1e-12)
    for curve in curves:
        assert curve.output(min(amount, curve.capacity)) <= best
    for one, other in permutations(curves[:4], 2):
        for share in np.linspace(0.0, 1.0, 41).tolist():
            first, second = share * amount, (1.0 - share) * amount
            assert one.output(min(first, one.capacity)) + other.output(min(second, other.capacity)) <= best


@given(markets, kinds, amounts)
def test_one_venue_more_never_hurts(curves: list[Curve], another: Curve, amount: float) -> None:
    more = [*curves, replace(another, venue="another")]  # type: ignore[type-var]
    assert route(more, amount).amount_out >= route(curves, amount).amount_out * (1 - 1e-12)
    less_paid, filled = route_out(more, amount), route_out(curves, amount)
    if filled.unfilled == 0.0:
        assert less_paid.amount_in <= filled.amount_in * (1 + 1e-10)


@given(markets, amounts, st.randoms(use_true_random=False))
def test_the_order_of_venues_does_not_matter(curves: list[Curve], amount: float, random: object) -> None:
    shuffled = list(curves)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    one, other = route(curves, amount), route(shuffled, amount)
    assert one.amount_out == pytest.approx(other.amount_out, rel=1e-12)
    assert one.price == pytest.approx(other.price, rel=1e-6)


@given(st.lists(pools, min_size=1, max_size=5).map(named), amounts, st.sampled_from([1e-12, 1e-6, 1e6, 1e12]))
def test_the_units_do_not_matter(curves: list[ConstantProductCurve], amount: float, scale: float) -> None:
    plan = route(curves, amount)
    both = [replace(one, reserve_in=scale * one.reserve_in, reserve_out=scale * one.reserve_out) for one in curves]
    assert route(both, scale * amount).amount_out == pytest.approx(scale * plan.amount_out, rel=1e-12)
    out = [replace(one, reserve_out=scale * one.reserve_out) for one in curves]
    scaled = route(out, amount)
    assert scaled.amount_out == pytest.approx(scale * plan.amount_out, rel=1e-12)
    assert scaled.price == pytest.approx(scale * plan.price, rel=1e-9)


wide = st.floats(-12.0, 12.0).map(lambda power: 10.0**power)
absurd = st.builds(lambda one, other: ConstantProductCurve("", one, other, 0.003), wide, wide)


@given(
    st.lists(
        st.builds(lambda one, other: ConstantProductCurve("", one, other, 0.003), wide, wide), min_size=1, max_size=4
    ).map(named),
    wide,
)
def test_absurd_sizes_are_still_solved(curves: list[Curve], amount: float) -> None:
    plan = route(curves, amount)
    assert plan.status is Status.OPTIMAL
    assert abs(plan.gap) <= 1e-9 * plan.amount_out
    assert plan.amount_in == pytest.approx(amount, rel=1e-15)
    back = route_out(curves, amount)
    assert back.status in (Status.OPTIMAL, Status.FEASIBLE)
    assert back.amount_out + back.unfilled == pytest.approx(amount, rel=1e-13)
    assert math.isfinite(back.amount_in)


# --- figures ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("curves", "amount", "split", "output", "alone"),
    [
        (POOLS, 10.0, (3.9770, 4.4997, 1.5233), 9.96987810, 9.872836),
        (POOLS, 100.0, (60.109, 32.7057, 7.1853), 94.29217260, None),
        (STEEP, 20.0, (10.874251, 6.702899, 2.422849), 39491.275879, 39100.339236),
    ],
    ids=["10 over three pools", "100 over three pools", "20 over three pools at 2000"],
)
def test_the_published_splits(
    curves: Sequence[ConstantProductCurve], amount: float, split: tuple[float, ...], output: float, alone: float | None
) -> None:
    plan = route(curves, amount)
    assert [leg.amount_in for leg in plan.legs] == pytest.approx(split, rel=2e-5)
    assert plan.amount_out == pytest.approx(output, rel=1e-9)
    best = max(curve.output(amount) for curve in curves)
    assert alone is None or best == pytest.approx(alone, rel=1e-7)


def test_pools_without_fees_at_one_price_share_by_depth() -> None:
    curves = [ConstantProductCurve(str(depth), depth, 3 * depth, 0.0) for depth in (1.0, 2.0, 7.0)]
    assert [leg.amount_in for leg in route(curves, 5.0).legs] == pytest.approx([0.5, 1.0, 3.5], rel=1e-12)


def test_a_level_hit_in_part_is_split_to_the_last_digit() -> None:
    """The pool is taken to the level's rate, the levels above are used up, and the rest comes from this one."""
    pool = ConstantProductCurve("pool", 1000.0, 2_000_000.0, 0.003)
    book = Levels("book", (1999.0, 1990.0, 1980.0), (1.0, 50.0, 50.0))
    plan = route([pool, book], 10.0)
    into_pool = (math.sqrt(0.997 * 1000.0 * 2_000_000.0 / 1990.0) - 1000.0) / 0.997
    assert plan.price == 1990.0
    assert by_venue(plan)["pool"].amount_in == pytest.approx(into_pool, rel=1e-12)
    assert by_venue(plan)["book"].amount_in == pytest.approx(10.0 - into_pool, rel=1e-12)
    assert by_venue(plan)["book"].amount_out == pytest.approx(1999.0 + 1990.0 * (9.0 - into_pool), rel=1e-13)


def test_two_books_at_one_rate_share_what_is_left() -> None:
    plan = route([Levels("one", (2.0,), (3.0,)), Levels("other", (2.0,), (1.0,))], 2.0)
    assert plan.amount_out == 4.0
    assert plan.gap == 0.0
    assert plan.price == 2.0


def test_an_outside_price_without_end_takes_what_the_pool_would_give_worse() -> None:
    pool, outside = ConstantProductCurve("pool", 1000.0, 1000.0, 0.0), Levels("outside", (0.81,), (math.inf,))
    plan = route([pool, outside], 1e6)
    assert by_venue(plan)["pool"].amount_in == pytest.approx(1000.0 / 9.0, rel=1e-12)
    assert plan.price == 0.81
    assert plan.status is Status.OPTIMAL


def test_more_than_there_is_stays_unfilled_and_the_rest_is_proven() -> None:
    books = [Levels("one", (2.0, 1.5), (3.0, 1.0)), Levels("other", (1.8,), (2.0,))]
    plan = route(books, 10.0)
    assert (plan.status, plan.amount_in, plan.unfilled) == (Status.FEASIBLE, 6.0, 4.0)
    assert plan.amount_out == pytest.approx(6.0 + 1.5 + 3.6, rel=1e-15)
    assert plan.price == 1.5
    assert plan.gap == pytest.approx(0.0, abs=1e-14)
    back = route_out(books, 20.0)
    assert (back.status, back.amount_in) == (Status.FEASIBLE, 6.0)
    assert back.unfilled == pytest.approx(20.0 - 11.1, rel=1e-14)
    whole = route(books, 6.0)
    assert (whole.status, whole.unfilled) == (Status.OPTIMAL, 0.0)


def test_more_than_a_pools_reserve_is_never_promised() -> None:
    plan = route_out([POOLS[0]], 1000.0)
    assert plan.status is Status.FEASIBLE
    assert 0.0 < plan.unfilled < 0.1
    assert plan.amount_in == pytest.approx(POOLS[0].input(plan.amount_out), rel=1e-12)
    assert plan.price == pytest.approx(POOLS[0].last_rate, rel=1e-12)


def test_a_limit_stops_at_its_marginal_rate() -> None:
    plan = route(MIXED, 100.0, limit_price=1995.0)
    assert plan.status is Status.FEASIBLE
    assert plan.price == 1995.0
    for curve in MIXED:
        leg = by_venue(plan).get(curve.venue)
        assert (leg.amount_in if leg else 0.0) == pytest.approx(curve.response(1995.0)[2], rel=1e-15)
    free = route(MIXED, 100.0)
    assert route(MIXED, 100.0, limit_price=free.price * 0.9) == free
    assert route(MIXED, 100.0, limit_price=2005.0).status is Status.INFEASIBLE
    bought = route_out(MIXED, 200_000.0, limit_price=1995.0)
    assert bought.amount_out == pytest.approx(plan.amount_out, rel=1e-12)


@pytest.mark.parametrize("amount", [0.5, 20.0, 300.0])
def test_an_independent_optimiser_finds_the_same(amount: float) -> None:
    scale = amount * MIXED[0].best_rate

    def lost(split: np.ndarray) -> float:
        shares = [min(max(share, 0.0) * amount, curve.capacity) for curve, share in zip(MIXED, split, strict=True)]
        return -sum(curve.output(share) for curve, share in zip(MIXED, shares, strict=True)) / scale

    best = min(
        minimize(
            lost,
            start,
            bounds=[(0.0, 1.0)] * len(MIXED),
            constraints={"type": "eq", "fun": lambda split: float(np.sum(split)) - 1.0},
            method="SLSQP",
            options={"ftol": 1e-15, "maxiter": 500},
        ).fun
        for start in (np.full(len(MIXED), 1 / len(MIXED)), np.array([0.1, 0.1, 0.1, 0.3, 0.4]))
    )
    plan = route(MIXED, amount)
    assert plan.amount_out / scale >= -best - 1e-9
    assert plan.amount_out / scale == pytest.approx(-best, rel=1e-4)


# --- what makes no sense ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("amount", [0.0, -1.0, math.nan, math.inf, 1e60, 1e-60, "1", None, True])
def test_an_amount_that_makes_no_sense_is_refused(amount: float) -> None:
    for call in (route, route_out):
        with pytest.raises(RoutingError, match="amount"):
            call(POOLS, amount)
        with pytest.raises(RoutingError, match="limit price"):
            call(POOLS, 1.0, limit_price=-1.0)


def test_no_venue_and_one_venue_twice_are_refused() -> None:
    for call in (route, route_out):
        with pytest.raises(RoutingError, match="no venue"):
            call([], 1.0)
        with pytest.raises(RoutingError, match="two curves of one venue"):
            call([POOLS[0], POOLS[0]], 1.0)
