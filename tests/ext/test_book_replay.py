"""Flows replayed in one call: the same as call by call, and as a reference that shares no code with the book."""

from __future__ import annotations

from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.ext.kernels import each_kernel_with, kernels_with, outcome

from shoal.ext.book import BUY, MAXIMUM, SELL, OutOfRange
from shoal.ext.book_terms import FLOW_CANCEL, FLOW_LIMIT, FLOW_MARKET

replays = each_kernel_with("replay", "orphans")
FIELDS = ("kind", "side", "price", "qty", "id")


def columns(rows: list[tuple[int, ...]]) -> list[Any]:
    return list(np.array(rows, np.int64).reshape(-1, 5).T.copy())


@replays
@pytest.mark.parametrize("seed", [12345, 7, 99])
def test_fills_and_lots_agree_with_the_reference(kernel: Any, seed: int, shared: Path) -> None:
    source = shared / "peers" / "order_flow.py"
    if not source.is_file():
        pytest.skip(f"no reference flow at {source}")
    specification = spec_from_file_location("order_flow", source)
    assert specification is not None
    assert specification.loader is not None
    reference = module_from_spec(specification)
    specification.loader.exec_module(reference)
    messages, fills, traded = reference.generate(20_000, seed, floor=2_000)
    book = kernel()
    flow = [np.ascontiguousarray(messages[field]) for field in FIELDS]
    for start in range(0, 20_000, 5_000):
        part = [column[start : start + 5_000] for column in flow]
        before = (fills[start - 1], traded[start - 1]) if start else (0, 0)
        count, lots, rows = book.replay(*part)
        assert (before[0] + count, before[1] + lots) == (fills[start + 4_999], traded[start + 4_999])
        assert rows.shape == (count, 4)
        assert rows.dtype == np.int64
        assert rows[:, 3].sum() == lots
        assert book.orphans == 0
    book.check()


@replays
def test_a_flow_by_hand(kernel: Any) -> None:
    book = kernel()
    flow = columns(
        [
            (FLOW_LIMIT, SELL, 100, 5, 3),
            (FLOW_LIMIT, SELL, 101, 5, 4),
            (FLOW_MARKET, BUY, 0, 7, 5),
            (FLOW_CANCEL, SELL, 100, 0, 3),
            (FLOW_LIMIT, BUY, 101, 4, 8),
            (FLOW_CANCEL, 0, -1, -1, 8),
            (FLOW_MARKET, SELL, 0, 9, 9),
        ]
    )
    count, traded, rows = book.replay(*flow)
    assert (count, traded, book.orphans) == (3, 10, 1)
    assert rows.tolist() == [[5, 3, 100, 5], [5, 4, 101, 2], [8, 4, 101, 3]]
    assert (len(book), book.next_id, book.last) == (0, 10, 101)
    assert book.limit(BUY, 50, 1) == (10, 1, [])
    assert book.replay(*columns([]), fills=False) == (0, 0, None)


@replays
def test_stops_are_set_off_within_a_flow(kernel: Any) -> None:
    book = kernel()
    stop = book.stop(SELL, 99, 2, price=97)
    flow = columns([(0, BUY, 99, 1, 2), (0, BUY, 98, 1, 3), (2, SELL, 0, 1, 4), (0, BUY, 97, 5, 5)])
    count, traded, rows = book.replay(*flow)
    assert (count, traded) == (3, 3)
    assert rows.tolist() == [[4, 2, 99, 1], [stop, 3, 98, 1], [5, stop, 97, 1]]
    assert book.orders() == [(5, BUY, 97, 4)]
    assert book.triggered() == [(stop, 1, [(3, 98, 1, 0)])]


@replays
@pytest.mark.parametrize(
    ("row", "error"),
    [
        ((3, BUY, 1, 1, 9), ValueError),
        ((-1, BUY, 1, 1, 9), ValueError),
        ((0, 0, 1, 1, 9), ValueError),
        ((0, BUY, 0, 1, 9), OutOfRange),
        ((0, BUY, MAXIMUM + 1, 1, 9), OutOfRange),
        ((2, BUY, 0, 0, 9), OutOfRange),
        ((0, BUY, 1, MAXIMUM, 9), OutOfRange),
        ((0, BUY, 1, 1, 2), OutOfRange),
        ((2, BUY, 1, 1, 0), OutOfRange),
        ((0, BUY, 1, 1, MAXIMUM), OutOfRange),
    ],
)
def test_a_flow_with_a_bad_row_changes_nothing(kernel: Any, row: tuple[int, ...], error: type[Exception]) -> None:
    book = kernel()
    book.limit(BUY, 5, 1)
    assert outcome(book, "replay", *columns([(0, BUY, 4, 2, 2), row]))[0] is error
    assert book.orders() == [(1, BUY, 5, 1)]


@replays
def test_stops_that_may_come_to_rest_take_room(kernel: Any) -> None:
    book = kernel()
    book.stop(BUY, 100, MAXIMUM, price=100)
    book.stop(BUY, 100, MAXIMUM)
    book.limit(BUY, 1, 1)
    for row in ((0, BUY, 5, 1, 9), (0, SELL, 5, 1, 9), (2, BUY, 0, 1, 9)):
        kind, text = outcome(book, "replay", *columns([row]))
        assert kind is OutOfRange
        assert "a side could hold more" in text
    book.cancel(1)
    assert book.replay(*columns([(0, BUY, 5, 1, 9)]))[:2] == (0, 0)


@replays
def test_columns_are_as_long_as_each_other(kernel: Any) -> None:
    flow = columns([(0, BUY, 4, 2, 1)])
    assert outcome(kernel(), "replay", *flow[:4], np.array([1, 2]))[0] is ValueError


@pytest.mark.parametrize("kernel", kernels_with("replay"))
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0, 0, 1, 2]), st.sampled_from([BUY, SELL]), st.integers(95, 105), st.integers(1, 20),
            st.integers(1, 30),
        ),
        max_size=40,
    ),
    st.integers(0, 40),
)  # fmt: skip
def test_in_parts_or_call_by_call_it_is_one_flow(kernel: Any, drawn: list[tuple[int, ...]], cut: int) -> None:
    rows = [
        (kind, side, price, lots, pick if kind == 1 else at)
        for at, (kind, side, price, lots, pick) in enumerate(drawn, 1)
    ]
    whole, parts, calls = kernel(), kernel(), kernel()
    count, traded, fills = whole.replay(*columns(rows))
    first, second = (parts.replay(*columns(part)) for part in (rows[:cut], rows[cut:]))
    assert (count, traded) == (first[0] + second[0], first[1] + second[1])
    assert fills.tolist() == first[2].tolist() + second[2].tolist()
    assert whole.state_bytes() == parts.state_bytes()
    ids: dict[int, int] = {}
    seen = []
    for kind, side, price, lots, number in rows:
        if kind == FLOW_CANCEL:
            if ids.get(number) in calls:
                calls.cancel(ids[number])
            continue
        limit = price if kind == FLOW_LIMIT else MAXIMUM if side == BUY else 1
        order, _, matched = calls.limit(side, limit, lots, immediate=kind == FLOW_MARKET)
        ids[number] = order
        seen += [(number, at, traded) for _, at, traded, _ in matched]
    assert [(taker, at, lots) for taker, _, at, lots in fills.tolist()] == seen
    assert [row[1:] for row in whole.orders()] == [row[1:] for row in calls.orders()]
