from dataclasses import fields

import numpy as np

from shoal.experiments.book_flow import draw_flow
from shoal.experiments.book_speed import BookSpeed, by_call, in_batch, measure, timed_calls
from shoal.ext.book import COMPILED
from shoal.ext.book_terms import FLOW_CANCEL, FLOW_LIMIT


def test_batch_and_calls_count_alike() -> None:
    flow = draw_flow(3_000, seed=5, floor=200)
    found = measure(flow, rounds=2)
    _, (fills, traded, orphans) = in_batch(flow)
    assert (found.messages, found.rounds, found.orphans) == (3_000, 2, orphans)
    assert (found.fills, found.traded) == (fills, traded)
    assert found.kernel == ("compiled" if COMPILED else "python")
    assert found.batch_messages_per_second > 0
    assert found.call_messages_per_second > 0
    assert 0 <= found.p50_ns <= found.p99_ns
    assert list(found.as_json()) == [field.name for field in fields(BookSpeed)]


def test_cancels_of_no_order_are_passed_over() -> None:
    rows: list[tuple[int, ...]] = [(FLOW_LIMIT, 1, 100, 5, 1), (FLOW_CANCEL, 1, 100, 0, 9), (FLOW_CANCEL, 1, 100, 0, 1)]
    flow = tuple(np.array(rows, np.int64).T.copy())
    assert in_batch(flow)[1] == (0, 0, 1)
    assert by_call(rows)[1] == (0, 0, 1)
    assert len(timed_calls(rows)) == 2


def test_an_empty_flow() -> None:
    flow = tuple(np.empty(0, np.int64) for _ in range(5))
    assert measure(flow, rounds=1).messages == 0
