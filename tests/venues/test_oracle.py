from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.venues.laws import VenueLaws, attempt, fund, make_chain, perform

from shoal.sim.calls import Call
from shoal.sim.errors import BadArguments
from shoal.sim.units import Asset
from shoal.sim.venue import Venue
from shoal.sim.world import World
from shoal.venues.oracle import NoAnswer, NotTheReporter, Oracle, OracleNews, StalePrice, answer_of, mixed_price
from shoal.venues.outside_market import UNLIMITED
from shoal.venues.outside_news import OutsideNews

ETH, USDC = Asset("ETH", 18), Asset("USDC", 6)


def make_oracle() -> tuple[World, Oracle]:
    chain = make_chain()
    oracle = Oracle("oracle", ETH, USDC, reporter="alice", deviation_ppm=5_000, heartbeat_s=3_600)
    chain.add(oracle)
    fund(chain, (ETH,), tokens=100)
    return chain.world, oracle


def report(answer: Any) -> Call:
    return Call("oracle", "report", {"answer": answer})


class TestOracle(VenueLaws):
    trading = False

    def make(self) -> tuple[World, Venue]:
        world, oracle = make_oracle()
        # Off the blocks' own instants, so that a pause of whole blocks ends behind one.
        world.run(until_ns=world.clock.now_ns + 5)
        return world, oracle

    def good_calls(self, world: World, venue: Venue) -> Mapping[str, Call]:
        return {"report": report(2000 * 10**8)}

    def operations(self) -> st.SearchStrategy[Call]:
        return st.builds(report, st.one_of(st.integers(1, 10**15), st.sampled_from((0, -1, 1.5, None))))

    def test_a_quote_changes_nothing_and_equals_the_trade(self) -> None:  # type: ignore[override]
        """A quote knows no sender: what it promises is promised to the reporter alone."""
        world, oracle = make_oracle()
        quoted = oracle.quote(report(5), now_ns=0)
        assert quoted.output == perform(world, oracle, report(5)).output == 1
        assert isinstance(attempt(world, oracle, report(6), sender="bob"), NotTheReporter)


def test_the_answer_is_published_with_its_round_and_block_time() -> None:
    world, oracle = make_oracle()
    assert oracle.published(0).price is None
    perform(world, oracle, report(answer_of(2000.5)))
    perform(world, oracle, report(answer_of(2010.25)))
    news: OracleNews = oracle.published(0)
    assert (news.answer, news.round_id, news.price) == (201_025_000_000, 2, 2010.25)
    assert news.updated_s == world.clock.now_ns // 10**9


def test_only_positive_answers_by_the_reporter() -> None:
    world, oracle = make_oracle()
    assert isinstance(attempt(world, oracle, report(1), sender="bob"), NotTheReporter)
    for answer in (0, -5, 1.5, True, None):
        assert isinstance(attempt(world, oracle, report(answer)), BadArguments)
    assert oracle.published(0).answer is None


def test_due_by_deviation_or_heartbeat() -> None:
    news = OracleNews(2000 * 10**8, 1, 10_000, 5_000, 3_600)
    assert not news.due(2000.0, 10_000 + 3_599)
    assert news.due(2000.0, 10_000 + 3_600)
    # The threshold itself triggers: 0.5 % of 2000 is 10.
    assert news.due(2010.0, 10_001)
    assert news.due(1990.0, 10_001)
    assert not news.due(2009.999, 10_001)
    assert not news.due(1990.001, 10_001)
    assert news._replace(answer=None).due(2000.0, 0)


@given(st.floats(1.0, 1e6), st.integers(0, 10_000))
def test_the_venue_and_its_news_agree(price: float, age_s: int) -> None:
    world, oracle = make_oracle()
    assert oracle.due(price, age_s)
    perform(world, oracle, report(answer_of(2000.0)))
    now_s = world.clock.now_ns // 10**9 + age_s
    assert oracle.due(price, now_s) == oracle.published(0).due(price, now_s)


def test_a_mix_weighs_by_depth() -> None:
    thin, deep = OutsideNews(100.0, 1.0, 0), OutsideNews(110.0, 30.0, 0)
    assert mixed_price([thin]) == 100.0
    assert mixed_price([thin, deep]) == pytest.approx((100 * 1.0 + 110 * 33.0) / 34.0)
    assert mixed_price([thin, OutsideNews(110.0, UNLIMITED, 0)]) == 110.0
    assert mixed_price([None, OutsideNews(None, 1.0, 0), thin]) == 100.0
    assert mixed_price([OutsideNews(100.0, 0.0, 0), OutsideNews(110.0, 0.0, 0)]) == 105.0
    assert mixed_price([None, OutsideNews(None, 1.0, 0)]) is None


@pytest.mark.parametrize("changes", [{"deviation_ppm": 0}, {"deviation_ppm": 0.5}, {"heartbeat_s": 0}, {"base": USDC}])
def test_parameters_out_of_range_are_refused(changes: dict[str, Any]) -> None:
    arguments = {"base": ETH, "reporter": "alice", "deviation_ppm": 1, "heartbeat_s": 1, **changes}
    with pytest.raises(ValueError, match="oracle"):
        Oracle("oracle", arguments.pop("base"), USDC, **arguments)


def test_an_answer_is_fresh_up_to_an_age() -> None:
    world, oracle = make_oracle()
    with pytest.raises(NoAnswer, match="alice at oracle"):
        oracle.fresh_answer(0, None, "alice")
    perform(world, oracle, report(7))
    assert (oracle.answer, oracle.updated_s) == (7, world.clock.now_ns // 10**9)
    assert oracle.fresh_answer(oracle.updated_s + 10**9, None, "alice") == 7
    assert oracle.fresh_answer(oracle.updated_s + 60, 60, "alice") == 7
    with pytest.raises(StalePrice, match="had 61 s of age, needed at most 60"):
        oracle.fresh_answer(oracle.updated_s + 61, 60, "alice")
