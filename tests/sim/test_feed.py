"""Feeds: one latency late, in order, without an event per reader, and bounded."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shoal.sim.clock import AGENT, DELIVERY, PRICE, Clock
from shoal.sim.draws import Draws
from shoal.sim.feed import Feed, News
from shoal.sim.latency import ConstantLatency, Latency, LogNormalLatency, Network

LATENCIES: list[Latency] = [
    ConstantLatency(1),
    ConstantLatency(30),
    LogNormalLatency(25, 0.0),
    LogNormalLatency(25, 2.0),
]
gaps = st.lists(st.integers(0, 40), min_size=1, max_size=30)


def make(latency: Latency, *, start_ns: int = 0, seed: int = 1) -> tuple[Clock, Network, Feed]:
    clock = Clock(start_ns)
    network = Network(Draws(seed), latency)
    return clock, network, Feed("price", "host", clock, network)


def publish_at(clock: Clock, feed: Feed, time_ns: int, item: Any) -> None:
    clock.at(time_ns, PRICE, lambda event: feed.publish(event.value), item)


def arrivals(network: Network, published: list[int], place: str = "site") -> list[int]:
    """When each item arrives: its own delay, but never before the item ahead of it."""
    times: list[int] = []
    for number, time_ns in enumerate(published):
        delay = 0 if place == "host" else network.delay_of("host", place, "price", number)
        times.append(max([time_ns + delay, *times]))
    return times


def times_of(spacing: list[int]) -> list[int]:
    times, now = [], 1
    for gap in spacing:
        now += gap
        times.append(now)
    return times


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@given(gaps)
@settings(max_examples=30)
def test_every_item_is_seen_from_its_arrival_on_and_in_order(latency: Latency, spacing: list[int]) -> None:
    clock, network, feed = make(latency)
    published = times_of(spacing)
    for number, time_ns in enumerate(published):
        publish_at(clock, feed, time_ns, number)
    due = arrivals(network, published)
    seen: list[tuple[int, int, int]] = []

    def look(event: Any) -> None:
        news = feed.read("site")
        seen.append((clock.now_ns, -1 if news is None else news.item, len(feed.arrived("site", 0))))

    for time_ns in {*due, *(time_ns - 1 for time_ns in due), *published}:
        clock.at(time_ns, AGENT, look)
    clock.run()
    for now_ns, item, count in seen:
        arrived = sum(time_ns <= now_ns for time_ns in due)
        assert (item, count) == (arrived - 1, arrived)


@pytest.mark.parametrize("latency", LATENCIES, ids=str)
@given(gaps)
@settings(max_examples=30)
def test_who_waits_wakes_exactly_at_each_arrival(latency: Latency, spacing: list[int]) -> None:
    clock, network, feed = make(latency)
    published = times_of(spacing)
    for number, time_ns in enumerate(published):
        publish_at(clock, feed, time_ns, number)
    heard: list[tuple[int, int]] = []

    def wait() -> Any:
        while True:
            news = yield feed.changed("site")
            heard.append((clock.now_ns, news.item))

    clock.process(wait())
    clock.run()
    due = arrivals(network, published)
    # What arrives together is one wake for the first, and the rest is there to be read.
    assert {time_ns for time_ns, _ in heard} == set(due)
    assert [item for _, item in heard] == sorted(item for _, item in heard)
    for time_ns, item in heard:
        assert due[item] == time_ns
    assert len(feed.arrived("site", 0)) == len(published)


@given(gaps)
@settings(max_examples=30)
def test_reading_does_not_move_anybody_elses_arrivals(spacing: list[int]) -> None:
    logs = []
    for nosy in (False, True):
        clock, _, feed = make(LogNormalLatency(25, 2.0))
        for number, time_ns in enumerate(times_of(spacing)):
            publish_at(clock, feed, time_ns, number)
            if nosy:
                clock.at(time_ns, AGENT, lambda event, feed=feed: [feed.read(place) for place in ("site", "moon")])
        heard: list[tuple[int, int]] = []

        def wait(clock: Clock = clock, feed: Feed = feed, heard: list[tuple[int, int]] = heard) -> Any:
            while True:
                news = yield feed.changed("site")
                heard.append((clock.now_ns, news.item))

        clock.process(wait())
        clock.run()
        logs.append({time_ns for time_ns, _ in heard})
    assert logs[0] == logs[1]


def test_at_its_own_place_news_is_there_at_once() -> None:
    clock, _, feed = make(ConstantLatency(30))
    feed.publish("a")
    assert feed.read("host") == News(0, "a")
    assert feed.read("site") is None
    assert clock.events == 0


def test_waiting_when_an_item_is_already_in_flight() -> None:
    clock, _, feed = make(ConstantLatency(30))
    heard: list[tuple[int, str]] = []
    publish_at(clock, feed, 10, "a")
    publish_at(clock, feed, 20, "b")

    def wait() -> Any:
        yield clock.wake(25, AGENT)
        for _ in range(2):
            news = yield feed.changed("site")
            heard.append((clock.now_ns, news.item))

    clock.process(wait())
    clock.run()
    assert heard == [(40, "a"), (50, "b")]


def test_several_waiters_share_one_event_before_and_during_flight() -> None:
    clock, _, feed = make(ConstantLatency(30))
    heard: list[tuple[int, str, str]] = []
    publish_at(clock, feed, 10, "a")
    events = []

    def wait(name: str, from_ns: int) -> Any:
        yield clock.wake(from_ns, AGENT)
        event = feed.changed("site")
        events.append(event)
        news = yield event
        heard.append((clock.now_ns, name, news.item))

    for name, from_ns in (("early", 5), ("in flight", 15), ("later in flight", 39)):
        clock.process(wait(name, from_ns))
    clock.run()
    assert heard == [(40, "early", "a"), (40, "in flight", "a"), (40, "later in flight", "a")]
    assert len(set(map(id, events))) == 1


def test_what_was_read_already_wakes_nobody() -> None:
    clock, _, feed = make(ConstantLatency(30))
    publish_at(clock, feed, 10, "a")
    publish_at(clock, feed, 100, "b")
    heard: list[tuple[int, str]] = []
    clock.at(5, AGENT, lambda event: feed.changed("site"))

    def wait() -> Any:
        # At the instant of arrival, before the waiting event: price comes before deliveries.
        yield clock.wake(40, PRICE)
        assert feed.read("site") == News(10, "a")
        news = yield feed.changed("site")
        heard.append((clock.now_ns, news.item))

    clock.process(wait())
    clock.run()
    assert heard == [(130, "b")]


def test_a_waiter_that_gave_up_disturbs_nobody() -> None:
    clock, _, feed = make(ConstantLatency(30))
    publish_at(clock, feed, 100, "a")
    heard: list[tuple[str, int]] = []

    def impatient() -> Any:
        changed = feed.changed("site")
        yield changed | clock.wake(50, AGENT)
        heard.append(("gave up", clock.now_ns))

    def patient() -> Any:
        yield clock.wake(60, AGENT)
        yield feed.changed("site")
        heard.append(("news", clock.now_ns))

    clock.process(impatient())
    clock.process(patient())
    clock.run()
    assert heard == [("gave up", 50), ("news", 130)]


@pytest.mark.parametrize("readers", [1, 500])
def test_there_is_no_event_per_reader(readers: int) -> None:
    clock, _, feed = make(ConstantLatency(30))
    seen: list[Any] = []

    def look(event: Any) -> None:
        seen.extend(feed.read("site") for _ in range(readers))

    for time_ns in range(1, 101):
        publish_at(clock, feed, time_ns, time_ns)
    clock.at(70, AGENT, look)
    clock.run()
    assert clock.events == 101
    assert seen == [News(40, 40)] * readers


def test_one_event_an_item_and_place_for_many_waiters() -> None:
    clock, _, feed = make(ConstantLatency(30))
    woken: list[int] = []

    def wait(number: int) -> Any:
        while True:
            yield feed.changed("site")
            woken.append(number)

    for number in range(50):
        clock.process(wait(number))
    for time_ns in range(100, 1_100, 100):
        publish_at(clock, feed, time_ns, time_ns)
    clock.run()
    assert len(woken) == 500
    # 50 starts, 10 items, 10 arrivals.
    assert clock.events == 70


def test_a_subscription_takes_each_item_once() -> None:
    clock, _, feed = make(LogNormalLatency(25, 2.0))
    subscription = feed.subscribe("site")
    for time_ns in range(1, 500):
        publish_at(clock, feed, time_ns, time_ns)
    got: list[int] = []
    for time_ns in range(1, 60_000, 37):
        clock.at(time_ns, AGENT, lambda event: got.extend(news.item for news in subscription.take()))
    clock.run()
    assert got == list(range(1, 500))
    assert subscription.take() == []


def test_a_subscription_begins_with_what_arrives_next() -> None:
    clock, _, feed = make(ConstantLatency(10))
    publish_at(clock, feed, 1, "before")
    publish_at(clock, feed, 5, "in flight")
    clock.run(until=12)
    subscription = feed.subscribe("site")
    assert subscription.take() == []
    clock.run(until=20)
    assert [news.item for news in subscription.take()] == ["in flight"]


@pytest.mark.parametrize("places", [(), ("site",), ("site", "moon", "host")])
def test_memory_is_bounded(places: tuple[str, ...]) -> None:
    clock, _, feed = make(ConstantLatency(30))
    for place in places:
        feed.read(place)
    for number in range(20_000):
        clock.at(number, DELIVERY, lambda event: feed.publish(event.value), number)
    clock.run()
    assert len(feed._news) < 1_200


@pytest.mark.parametrize("latency_ns", [1, 10_000])
def test_what_a_subscription_has_not_taken_is_never_trimmed(latency_ns: int) -> None:
    clock, _, feed = make(ConstantLatency(latency_ns))
    subscription = feed.subscribe("site")
    for number in range(5_000):
        clock.at(number + 1, PRICE, lambda event: feed.publish(event.value), number)
    clock.run(until=3_000)
    got = [news.item for news in subscription.take()]
    clock.run(until=20_000)
    got += [news.item for news in subscription.take()]
    assert got == list(range(5_000))
    # What was taken goes with the next trimming.
    for number in range(2_000):
        feed.publish(number)
        clock.run(until=clock.now + latency_ns + 1)
        subscription.take()
    assert len(feed._news) < 1_200


def test_a_reader_that_comes_late_sees_what_has_arrived() -> None:
    clock, _, feed = make(ConstantLatency(30))
    for number in range(5_000):
        clock.at(number + 1, PRICE, lambda event: feed.publish(event.value), number)
    clock.run(until=4_000)
    # Published at 3,970 as number 3,969; at 4,000 itself nothing has happened yet.
    assert feed.read("site") == News(3_970, 3_969)
    heard: list[tuple[int, int]] = []

    def wait() -> Any:
        news = yield feed.changed("late")
        heard.append((clock.now_ns, news.item))

    clock.process(wait())
    clock.run(until=4_100)
    assert heard == [(4_001, 3_970)]


def test_nothing_published_nothing_read() -> None:
    _, _, feed = make(ConstantLatency(1))
    assert (feed.read("site"), feed.arrived("site", 0)) == (None, [])


def test_latency_is_counted_from_the_publication_not_from_the_epoch() -> None:
    clock, _, feed = make(ConstantLatency(30), start_ns=1_600_000_000_000_000_000)
    feed.publish("a")
    clock.run(until=clock.now_ns + 29)
    assert feed.read("site") is None
    clock.run(until=clock.now_ns + 1)
    assert feed.read("site") == News(1_600_000_000_000_000_000, "a")
