"""Recordings of each format through the engine: what agrees, what does not and why, and what is refused."""

from pathlib import Path
from typing import Any

import pytest
from tests.experiments.replay_book.recordings import levels, lobster, orders, trades

from shoal.experiments.errors import ColumnError, InputError, MalformedFile, OptionError, OrderError, ValueRefused
from shoal.experiments.replay_book.audit import Cause
from shoal.experiments.replay_book.replay import Replay, replay_book

BOOK = [
    (0, 1, "created", "ask", 101.0, 1.5),
    (0, 2, "created", "ask", 101.0, 0.5),
    (0, 3, "created", "bid", 100.0, 2.0),
]
SWEEP = [
    *BOOK,
    (5, 4, "created", "bid", 101.5, 1.75),
    (5, 4, "changed", "bid", 101.0, 0.25),
    (5, 1, "deleted", "ask", 101.0, 0.0),
    (5, 4, "deleted", "bid", 101.0, 0.0),
    (5, 2, "changed", "ask", 101.0, 0.25),
    (9, 3, "deleted", "bid", 100.0, 2.0),
]
FILLS = [(5, 101.0, 1.5, 4, 1, "buy"), (5, 101.0, 0.25, 4, 2, "buy")]


def counts(replay: Replay) -> dict[str, tuple[int, int]]:
    return {
        each.subject.partition(":")[0].partition(",")[0]: (each.compared, each.agreed) for each in replay.agreements
    }


def causes(replay: Replay) -> set[Cause]:
    return {each.cause for each in replay.findings}


@pytest.mark.parametrize("name", ["book_orders_a.parquet", "book_orders_a.csv"])
def test_orders_whose_fills_agree(tmp_path: Path, name: str) -> None:
    file = orders(tmp_path, SWEEP, name=name)
    replay = replay_book(file, trades=trades(tmp_path, FILLS))
    assert (replay.form, replay.events, replay.findings) == ("orders", 9, ())
    assert counts(replay)["trades"] == (2, 2)
    assert counts(replay)["taker orders"] == (1, 1)
    assert replay.quotes.share_of_time == 1.0


def test_trades_are_found_by_the_name(tmp_path: Path) -> None:
    trades(tmp_path, FILLS)
    assert replay_book(orders(tmp_path, SWEEP)).beside.endswith("book_trades_a.parquet")


def test_another_order_was_first(tmp_path: Path) -> None:
    rows = [*BOOK, (5, 4, "created", "bid", 101.0, 0.5), (5, 4, "deleted", "bid", 101.0, 0.0)]
    rows += [(5, 2, "deleted", "ask", 101.0, 0.0), (9, 1, "deleted", "ask", 101.0, 1.5)]
    replay = replay_book(orders(tmp_path, rows), trades=trades(tmp_path, [(5, 101.0, 0.5, 4, 2, "buy")]))
    assert causes(replay) == {Cause.QUEUE, Cause.UNSEEN_END}
    assert counts(replay)["trades"] == (2, 0)
    assert {each.first_row for each in replay.findings if each.cause is Cause.QUEUE} == {4}


def test_an_order_whose_end_is_missing_is_taken_out(tmp_path: Path) -> None:
    rows = [*BOOK, (5, 4, "created", "bid", 101.0, 1.0), (7, 5, "created", "ask", 101.0, 1.0)]
    replay = replay_book(orders(tmp_path, rows), trades=trades(tmp_path, [(7, 101.0, 1.0, 4, 5, "sell")]))
    assert Cause.UNSEEN_END in causes(replay)
    assert Cause.UNEXPLAINED not in causes(replay)


def test_orders_withdrawn_at_once_are_post_only(tmp_path: Path) -> None:
    rows = [*BOOK]
    for order, price in ((4, 101.0), (5, 100.0)):
        rows += [(5, order, "created", "bid", price, 1.0), (5, order, "deleted", "bid", price, 1.0)]
    replay = replay_book(orders(tmp_path, rows), trades=trades(tmp_path, [(5, 101.0, 1.0, 77, 1, "buy")]))
    assert counts(replay)["orders withdrawn at once"] == (2, 1)
    assert causes(replay) == {Cause.NO_CROSSING, Cause.STRANGER}


def test_market_orders_parked_orders_and_orphans(tmp_path: Path) -> None:
    rows = [
        *BOOK,
        (0, 8, "created", "bid", 0.0, 9.0),
        (1, 9, "deleted", "bid", 99.0, 1.0),
        (5, 4, "created", "ask", 0.0, 1.0),
        (5, 4, "deleted", "ask", 100.0, 0.0),
        (5, 3, "changed", "bid", 100.0, 1.0),
        (6, 5, "created", "bid", 999999999.0, 0.0),
        (6, 5, "deleted", "bid", 101.0, 0.0),
        (6, 1, "changed", "ask", 101.0, 1.0),
    ]
    recorded = [(5, 100.0, 1.0, 3, 4, "sell"), (6, 101.0, 0.5, 5, 1, "buy")]
    replay = replay_book(orders(tmp_path, rows), trades=trades(tmp_path, recorded))
    assert replay.findings == ()
    assert counts(replay)["trades"] == (2, 2)
    assert sum(count for _, count in replay.notes) == 3


def test_an_orphan_maker_and_a_wrong_quantity(tmp_path: Path) -> None:
    rows = [*BOOK, (5, 4, "created", "bid", 101.0, 0.5), (5, 4, "deleted", "bid", 101.0, 0.0)]
    rows += [(5, 1, "changed", "ask", 101.0, 1.25), (9, 1, "deleted", "ask", 101.0, 1.25)]
    recorded = [(5, 101.0, 0.25, 4, 77, "buy"), (5, 101.0, 0.25, 4, 1, "buy")]
    replay = replay_book(orders(tmp_path, rows), trades=trades(tmp_path, recorded))
    assert causes(replay) == {Cause.ORPHAN, Cause.QUANTITY}
    assert counts(replay)["quantities left"] == (2, 2)


SNAPSHOT = [
    (0, "snapshot", None, 10, "bid", 100.0, 1.0),
    (0, "snapshot", None, 10, "ask", 100.5, 2.0),
    (0, "snapshot", None, 10, "ask", 101.0, 4.0),
]


def test_levels_whose_quotes_agree(tmp_path: Path) -> None:
    rows = [
        (0, "depth", 5, 9, "bid", 99.0, 7.0),
        *SNAPSHOT,
        (1, "trade", None, None, "buy", 100.5, 2.0),
        (1, "trade", None, None, "buy", 101.0, 1.0),
        (2, "bbo", None, 12, "bid", 100.5, 3.0),
        (2, "bbo", None, 12, "ask", 101.0, 3.0),
        (3, "depth", 11, 12, "bid", 100.5, 3.0),
        (3, "depth", 11, 12, "ask", 100.5, 0.0),
        (3, "depth", 11, 12, "ask", 101.0, 3.0),
    ]
    replay = replay_book(levels(tmp_path, rows))
    assert (replay.form, replay.findings) == ("levels", ())
    assert counts(replay)["best prices"] == (1, 1)
    assert counts(replay)["trades"] == (2, 2)


def test_gaps_crossed_levels_and_stale_books_are_told_apart(tmp_path: Path) -> None:
    rows = [
        *SNAPSHOT,
        (0, "snapshot", None, 10, "bid", 102.0, 1.0),
        (1, "trade", None, None, "buy", 101.0, 1.0),
        (1, "trade", None, None, "sell", 99.0, 1.0),
        (1, "trade", None, None, "sell", 98.0, 1.0),
        (2, "depth", 15, 16, "bid", 100.5, 1.0),
        (3, "bbo", None, 16, "bid", 100.25, 1.0),
        (3, "bbo", None, 16, "ask", 101.0, 4.0),
    ]
    found = causes(replay_book(levels(tmp_path, rows)))
    assert found >= {Cause.CROSSED_SNAPSHOT, Cause.BETTER_THERE, Cause.NOTHING_THERE, Cause.AFTER_GAP}
    assert Cause.CROSSED_UPDATE in found
    assert Cause.UNEXPLAINED not in found


MESSAGES = """34200.004241176,1,11,100,5853300,1
34200.1,1,12,50,5853300,1
34200.2,1,13,40,5854000,-1
34200.3,2,11,30,5853300,1
34200.4,4,11,70,5853300,1
34200.5,4,12,20,5853300,1
34200.6,5,0,10,5853600,1
34200.7,3,12,30,5853300,1
34200.8,7,0,0,-1,-1
34200.9,4,7,5,5853200,1
"""
LEVELS = """5854100,10,5853300,100
5854100,10,5853300,150
5854000,40,5853300,150
5854000,40,5853300,120
5854000,40,5853300,50
5854000,40,5853300,30
5854000,40,5853300,30
5854000,40,5853200,25
5854000,40,5853200,25
5854000,40,5853200,20
"""


def test_lobster_messages_with_their_book(tmp_path: Path) -> None:
    replay = replay_book(lobster(tmp_path, MESSAGES, LEVELS))
    assert (replay.form, replay.events) == ("lobster", 10)
    # The second bid level came into view when the first had gone; nobody had announced it.
    assert causes(replay) == {Cause.EDGE_OF_VIEW}
    assert counts(replay)["executions"] == (3, 3)
    assert counts(replay)["hidden executions within the quotes"] == (1, 1)
    assert float(replay.quotes.recorded_bid[0]) == 585.33


def test_lobster_disagreements(tmp_path: Path) -> None:
    messages = """1.0,1,1,10,1000000,1
2.0,1,2,10,1000000,1
3.0,4,2,10,1000000,1
4.0,4,1,20,1000000,1
5.0,4,9,1,990000,1
6.0,3,9,1,990000,1
7.0,1,3,5,1010000,1
8.0,1,4,5,1005000,-1
9.0,5,0,1,2000000,1
"""
    found = causes(replay_book(lobster(tmp_path, messages)))
    assert found == {Cause.QUEUE, Cause.LESS_THERE, Cause.ORPHAN, Cause.CROSSES, Cause.OUTSIDE_SPREAD}


@pytest.mark.parametrize(
    ("change", "row", "column"),
    [
        ((1, 5.5, "created", "ask", 101.0, 1.0), 4, "id"),
        ((1, 5, "crated", "ask", 101.0, 1.0), 4, "action"),
        ((1, 5, "created", "up", 101.0, 1.0), 4, "direction"),
        ((1, 5, "created", "ask", -1.0, 1.0), 4, "price"),
        ((1, 5, "created", "ask", float("nan"), 1.0), 4, "price"),
        ((1, 5, "created", "ask", 101.0, 1e300), 4, "volume"),
        ((1, 5, "created", "ask", 101.0, 0.1 + 0.2), 4, "volume"),
        ((-1, 5, "created", "ask", 101.0, 1.0), 4, "exch_ts"),
    ],
)
def test_damaged_orders_are_refused_by_row(tmp_path: Path, change: Any, row: int, column: str) -> None:
    with pytest.raises((ValueRefused, ColumnError, OrderError)) as caught:
        replay_book(orders(tmp_path, [*BOOK, change]))
    assert (caught.value.place.row, caught.value.place.column) == (row, column)


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("1.0,1,1,10,1000000,1\n2.0,9,1,10,1000000,1\n", 2),
        ("1.0,1,1,10,1000000,1\n2.0,1,1,0,1000000,1\n", 2),
        ("1.0,1,1,10,1000000,0\n", 1),
        ("1.0,1,1,10,1000000,1\n0.5,1,2,10,1000000,1\n", 2),
        ("1.0,1,1,10,1000000,1\n2.0,1,1.5,10,1000000,1\n", 2),
        ("90000.0,1,1,10,1000000,1\n", 1),
        ("1.0,1,1,10,1000000,1\n1.0,1,1,10\n", 2),
        ("1.0,1,1,10,1000000\n", 1),
        ("1,2,3\n", 1),
    ],
)
def test_damaged_messages_are_refused_by_row(tmp_path: Path, text: str, row: int) -> None:
    with pytest.raises(InputError) as caught:
        replay_book(lobster(tmp_path, text))
    assert caught.value.place.row == row


def test_damaged_levels_are_refused_by_row(tmp_path: Path) -> None:
    for change, column in (
        ((1, "depth", 11, 11, "bid", 0.0, 1.0), "price"),
        ((1, "depth", 11, None, "bid", 1.0, 1.0), "last_update_id"),
        ((1, "trade", None, None, "buy", 1.0, 0.0), "qty"),
        ((1, "guess", 11, 11, "bid", 1.0, 1.0), "type"),
    ):
        with pytest.raises(ValueRefused) as caught:
            replay_book(levels(tmp_path, [*SNAPSHOT, change]))
        assert (caught.value.place.row, caught.value.place.column) == (4, column)


def test_files_of_no_known_format(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(ColumnError, match="no known format"):
        replay_book(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(MalformedFile):
        replay_book(path)
    with pytest.raises(OptionError):
        replay_book(levels(tmp_path, SNAPSHOT), trades=path)
    with pytest.raises(MalformedFile, match="rows"):
        replay_book(lobster(tmp_path, MESSAGES, LEVELS.partition("\n")[2]))


def test_every_recorded_order_of_half_an_hour(shared: Path) -> None:
    replay = replay_book(shared / "data" / "lob_l3_bitstamp_btcusd_orders_2026-05-02.parquet")
    # Of 284 trades one differs: an order whose end was not recorded stood before its maker.
    assert counts(replay)["trades"] == (286, 283)
    assert counts(replay)["quantities left"] == (56_159, 56_156)
    assert Cause.UNEXPLAINED not in causes(replay)
    assert replay.quotes.share_of_time > 0.99


def test_recorded_levels_agree_with_every_recorded_quote(shared: Path) -> None:
    replay = replay_book(shared / "data" / "lob_l2_binance_usdm_btcusdt_2024-08-08.parquet")
    assert counts(replay)["best prices"] == (6_546, 6_546)
    assert counts(replay)["quantities at the best prices"] == (6_546, 6_546)
