"""The order book beside other order books that Python can call: one flow, one run, in turns.

    python benchmarks/book.py [--flow FILE.npz] [--messages N] [--rounds N] [--peers PYTHON]

`--peers` is an interpreter of an environment with `numpy bourse litebook cython-orderbook`; those not installed there
are skipped, and without it only this book and its Python twin are measured. Nothing fails here: a busy machine is no
error.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

LIMIT, CANCEL = 0, 1
FIELDS = ("kind", "side", "price", "qty", "id")
TWIN_MESSAGES = 50_000


def places(rows):
    """Room for the peer's id of each order: a list, as this book's own loop uses, not a slower dict."""
    return [None] * (max(row[-1] for row in rows) + 1)


def bourse(rows):
    """One call a message: (fills, lots traded)."""
    from bourse.core import OrderBook

    book, ids = OrderBook(0, 1, True), places(rows)
    for at, (kind, side, price, lots, order) in enumerate(rows):
        book.set_time(at)  # orders of one price and time would replace each other
        if kind == LIMIT:
            ids[order] = book.place_order(side > 0, lots, 0, price)
        elif kind == CANCEL:
            book.cancel_order(ids[order])
        else:
            book.place_order(side > 0, lots, 0)
    trades = book.get_trades()
    return len(trades), sum(trade[3] for trade in trades)


def litebook(rows):
    """As `bourse`; market orders are limits far through the book."""
    from litebook import OrderBook, OrderType

    book, ids, fills = OrderBook(tick_size=1.0), places(rows), []
    for kind, side, price, lots, order in rows:
        if kind == CANCEL:
            book.cancel(ids[order])
            continue
        limit = price if kind == LIMIT else 200_000 if side > 0 else 1
        entry = book.create_order(OrderType.Buy if side > 0 else OrderType.Sell, limit, lots)
        ids[order] = entry.id
        fills += book.add(entry)
    return len(fills), round(sum(fill.quantity for fill in fills))


def cython_orderbook(rows):
    """As `bourse`."""
    from decimal import Decimal

    import cython_orderbook as peer

    book, ids = peer.OrderBook(), places(rows)
    for kind, side, price, lots, order in rows:
        if kind == CANCEL:
            book.cancel_order(ids[order])
            continue
        which = peer.OrderSide.BID if side > 0 else peer.OrderSide.ASK
        if kind == LIMIT:
            entry = peer.Order(side=which, price=Decimal(price), original_quantity=lots)
            ids[order] = entry.order_id
            book.add_limit_order(entry)
        else:
            book.add_market_order(peer.Order(side=which, original_quantity=lots))
    return len(book.trade_log), sum(trade.quantity_filled for trade in book.trade_log)


PEERS = {"bourse": bourse, "litebook": litebook, "cython-orderbook": cython_orderbook}


def run_peer(name, flow):
    """In the peers' interpreter: one replay as JSON, or nothing if the package is missing."""
    columns = np.load(flow)["messages"]
    rows = list(zip(*(columns[field].tolist() for field in FIELDS), strict=True))
    try:
        start = time.perf_counter()
        fills, traded = PEERS[name](rows)
    except ImportError:
        return
    print(json.dumps({"seconds": time.perf_counter() - start, "fills": fills, "traded": traded}))


def ask_peer(python, name, flow):
    """(seconds, (fills, lots)) of a peer in its own process; None where it is not installed or fails."""
    command = [python, __file__, "--only", name, "--flow", str(flow)]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if not found.stdout.strip():
        print(f"{name}: {(found.stderr.strip().splitlines() or ['not installed'])[-1]}", file=sys.stderr)
        return None
    answer = json.loads(found.stdout)
    return answer["seconds"], (answer["fills"], answer["traded"])


def compare(flow, python, rounds):
    """Measure all in turns; print a Markdown table."""
    from shoal.experiments.book_flow import read_flow
    from shoal.experiments.book_speed import by_call, in_batch, timed_calls
    from shoal.ext import book_kernel_twin

    columns = read_flow(str(flow))
    rows = list(zip(*(column.tolist() for column in columns), strict=True))
    seconds, counts = {}, {}

    def note(name, found):
        if found is not None:
            seconds.setdefault(name, []).append(found[0])
            counts[name] = found[1][:2]

    for _ in range(rounds):
        note("shoal, in batch", in_batch(columns))
        note("shoal, by call", by_call(rows))
        for name in PEERS if python else ():
            note(name, ask_peer(python, name, flow))
    short = [column[:TWIN_MESSAGES] for column in columns]
    start = time.perf_counter()
    book_kernel_twin.Book().replay(*short)
    seconds["shoal's Python twin, in batch"] = [(time.perf_counter() - start) * len(rows) / len(short[0])]
    own = statistics.median(seconds["shoal, by call"])
    batch = statistics.median(seconds["shoal, in batch"])
    print(f"{len(rows):,} messages, medians of {rounds} rounds in turns\n")
    print("| book | messages a second | by call is so many times faster | batch is | fills and lots |")
    print("| --- | ---: | ---: | ---: | --- |")
    for name, spans in seconds.items():
        each = statistics.median(spans)
        count = counts.get(name)
        agrees = "" if count is None else "agree" if count == counts["shoal, by call"] else f"differ: {count}"
        print(f"| {name} | {len(rows) / each:,.0f} | {each / own:.2f} | {each / batch:.1f} | {agrees} |")
    p50, p99 = np.percentile(timed_calls(rows), (50, 99))
    print(f"\nA call of shoal's: p50 {p50:.0f} ns, p99 {p99:.0f} ns, without what reading the clock takes.")


def crowded():
    """What a call costs, and memory, with 5,000 and with a million orders at rest."""
    from random import Random

    from shoal.ext.book import Book

    print("\n| orders at rest | bytes an order | limit, p50 ns | cancel, p50 ns |\n| ---: | ---: | ---: | ---: |")
    for count in (5_000, 1_000_000):
        book, stream, clock = Book(), Random(1), time.perf_counter_ns
        ids = []
        for _ in range(count):
            side = stream.choice((1, -1))
            ids.append(book.limit(side, 100_000 - side * stream.randrange(1, 501), 5)[0])
        size = book.memory_bytes / count
        adds, cancels, reads = [], [], []
        for _ in range(20_000):
            side, at = stream.choice((1, -1)), stream.randrange(count)
            price, old = 100_000 - side * stream.randrange(1, 501), ids[at]
            start = clock()
            ids[at] = book.limit(side, price, 5)[0]
            adds.append(clock() - start)
            start = clock()
            book.cancel(old)
            cancels.append(clock() - start)
            start = clock()
            reads.append(clock() - start)
        idle = statistics.median(reads)
        add, cancel = statistics.median(adds) - idle, statistics.median(cancels) - idle
        print(f"| {count:,} | {size:.0f} | {add:.0f} | {cancel:.0f} |")


def main():
    """Read the arguments, and draw a flow if none is given."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--flow", type=Path)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", metavar="PYTHON")
    parser.add_argument("--only", choices=PEERS, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        run_peer(arguments.only, arguments.flow)
        return
    with tempfile.TemporaryDirectory() as folder:
        flow = arguments.flow
        if flow is None:
            from shoal.experiments.book_flow import draw_flow

            flow = Path(folder) / "flow.npz"
            columns = draw_flow(arguments.messages, seed=7)
            np.savez(flow, messages=np.rec.fromarrays(columns, names=list(FIELDS)))
        compare(flow, arguments.peers, arguments.rounds)
        crowded()


if __name__ == "__main__":
    main()
