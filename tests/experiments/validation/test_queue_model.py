import pytest

from shoal.experiments.validation.queue_form import SKY_PERFECT, plain
from shoal.experiments.validation.queue_model import (
    Queue,
    QueueRates,
    Queues,
    both_executed,
    chances,
    ended,
    rise,
)


def test_only_limit_orders_lengthen_and_everything_else_takes_one_order() -> None:
    queues = Queues(Queue(3, 2), Queue(0, 4))
    events = list(SKY_PERFECT.events(queues))
    for one in events:
        changed = one.after.bid if one.side > 0 else one.after.ask
        before = queues.bid if one.side > 0 else queues.ask
        assert changed.orders - before.orders == (1 if one.verb == "limit" else -1)
        assert (one.after.ask if one.side > 0 else one.after.bid) == (queues.ask if one.side > 0 else queues.bid)
    assert sum(one.rate for one in events if one.side > 0) == pytest.approx(1.85 + 0.94 + 4 * 0.71)
    assert sum(one.rate for one in events if one.side < 0) == pytest.approx(1.85 + 0.94 + 4 * 0.71)


def test_a_followed_order_is_executed_at_the_front_and_never_cancelled() -> None:
    events = [one for one in SKY_PERFECT.events(Queues(Queue(1, 0), Queue(0, 1))) if one.side > 0]
    assert [(one.verb, one.after.bid) for one in events] == [("limit", Queue(1, 1)), ("market", Queue(0, 0))]


def test_shared_cancellations_do_not_grow_with_the_queue() -> None:
    rates = QueueRates(1.0, 0.5, 0.5, shared=True)
    [cancel] = [one for one in rates.events(plain(7, 1)) if one.verb == "cancel" and one.side > 0]
    assert (cancel.rate, cancel.first, cancel.among) == (0.5, 0, 7)


def test_a_single_event_decides_the_shortest_race() -> None:
    """Without limit orders, one at the bid against one at the ask is a coin, two against one three quarters."""
    solved = chances(QueueRates(0.0, 1.0, 0.0), [plain(2, 1)], rise)
    assert solved[plain(1, 1)] == pytest.approx(0.5)
    assert solved[plain(2, 1)] == pytest.approx(0.75)


def test_both_sides_are_alike() -> None:
    solved = chances(SKY_PERFECT, [plain(1, 1)], rise)
    assert solved[plain(3, 5)] + solved[plain(5, 3)] == pytest.approx(1.0)


def test_longer_queues_than_the_system_has_do_not_matter() -> None:
    start = Queues(Queue(2, 0), Queue(2, 0))
    short = chances(SKY_PERFECT, [start], both_executed, longest=10)[start]
    long = chances(SKY_PERFECT, [start], both_executed, longest=16)[start]
    assert 0 < abs(short - long) < 2e-5


def test_ends() -> None:
    up, down = Queues(Queue(0, 1), Queue(0, 0)), Queues(Queue(0, 0), Queue(1, 3))
    assert (ended(up), ended(down), ended(plain(1, 1))) == (True, True, False)
    assert (rise(up), rise(down)) == (1.0, 0.0)
    assert (both_executed(up), both_executed(down)) == (1.0, 0.0)


def test_executions_that_move_the_mid_must_count_for_the_printed_table() -> None:
    """If both orders must be gone before, it takes a state in which both are and both queues still hold orders."""
    start = Queues(Queue(1, 0), Queue(1, 0))
    last = sum(
        share * probability
        for queues, share in visits(start, 600).items()
        for probability in [chance_of_a_last_execution(queues)]
    )
    with_last = chances(SKY_PERFECT, [start], both_executed)[start]
    assert with_last == pytest.approx(0.266, abs=5e-4)
    assert with_last - last == pytest.approx(0.200, abs=5e-4)


def chance_of_a_last_execution(queues: Queues) -> float:
    """That the next event executes the last followed order, the last order of its queue."""
    events = list(SKY_PERFECT.events(queues))
    total = sum(one.rate for one in events)
    followed = bool(queues.bid.place) + bool(queues.ask.place)
    return sum(one.rate / total for one in events if followed == 1 and ended(one.after) and both_executed(one.after))


def visits(start: Queues, states: int) -> dict[Queues, float]:
    """How often each state is visited on average, by spreading the mass of the embedded chain until little is left."""
    alive, found = {start: 1.0}, dict[Queues, float]()
    while sum(alive.values()) > 1e-5:
        after = dict[Queues, float]()
        for queues, mass in alive.items():
            found[queues] = found.get(queues, 0.0) + mass
            events = list(SKY_PERFECT.events(queues))
            total = sum(one.rate for one in events)
            for one in events:
                if not ended(one.after) and (queues.bid.place or queues.ask.place):
                    after[one.after] = after.get(one.after, 0.0) + mass * one.rate / total
        alive = dict(sorted(after.items(), key=lambda item: -item[1])[:states])
    return found
