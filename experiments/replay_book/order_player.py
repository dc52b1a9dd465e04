"""Plays a recording order by order: created orders go to the engine, its fills are compared with recorded trades."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shoal.experiments.replay_book.audit import Audit, Cause
from shoal.experiments.replay_book.orders import CHANGED, CREATED, DELETED, OrderRecording, Trade
from shoal.experiments.replay_book.quotes import QuoteTrack
from shoal.experiments.replay_book.recorded_orders import RecordedOrders
from shoal.experiments.replay_book.shadow import Shadow
from shoal.ext.book import SELL

TAKERS: Final = "taker orders, all fills alike"
TRADES: Final = "trades: maker, price, quantity"
POST_ONLY: Final = "orders withdrawn at once, refused as post-only"
LEFT: Final = "quantities left, at each change and end"
QUOTES: Final = "best quotes, after each millisecond of events"


class OrderPlayer:
    """One pass over a recording.

    An order that the market withdrew at once, whole, is sent as post-only, every other one as it is; a price of 0 is
    a market order. After a disagreement the orders that it touched are put as the recording has them (at the back of
    their price, if the engine had taken them), so that one disagreement does not make the next.

    Args:
        recording: what to play.
        audit: where agreements and disagreements are counted.
        track: where best quotes go.
    """

    def __init__(self, recording: OrderRecording, audit: Audit, track: QuoteTrack) -> None:
        self._recording = recording
        self._audit = audit
        self._track = track
        self._engine = Shadow()
        self._recorded = RecordedOrders()
        self._placed: dict[int, tuple[int, int]] = {}
        self._taken_out: set[int] = set()
        self._left_out: set[int] = set()
        self._by_value: set[int] = set()

    @property
    def engine(self) -> Shadow:
        """The book as it stands."""
        return self._engine

    def play(self) -> None:
        """Play all rows."""
        times, actions = self._recording.times_ns, self._recording.actions
        last = len(self._recording) - 1
        shown = None
        for row, action in enumerate(actions):
            if action == CREATED:
                self._create(row)
            else:
                self._update(row, action)
            if row == last or times[row + 1] != times[row]:
                states = self._engine.best, self._recorded.best
                if states != shown:
                    shown = states
                    self._track.add(times[row], *states)
                self._compare_quotes(row)
        self._count_strangers(last)

    def _count_strangers(self, row: int) -> None:
        """Trades of takers that the recording of orders does not hold."""
        takers = self._recording.trades or {}
        for taker in takers.keys() - set(self._recording.ids):
            for trade in takers[taker]:
                self._differ(row, TRADES, Cause.STRANGER, f"order {taker} took {_words(trade)}")

    def _create(self, row: int) -> None:
        recording = self._recording
        order, side, ticks = recording.ids[row], recording.sides[row], recording.ticks[row]
        trades = self._trades(order)
        lots = recording.lots[row] or sum(trade.lots for trade in trades)
        if order in self._placed:
            self._differ(row, LEFT, Cause.TWICE, f"order {order} rests already")
            self._engine.remove(order)
            self._recorded.change(order, 0)
        if lots == 0:
            self._audit.note("created without a quantity")
            return
        if recording.lots[row] == 0:
            self._audit.note("market orders by value, whose quantity is that of their trades")
            self._by_value.add(order)
        if ticks == 0 and side != SELL and not trades:
            self._audit.note("parked at a price of 0, which no book has")
            self._left_out.add(order)
            return
        if self._withdrawn(row, trades) and ticks:
            self._post(row, order, side, ticks, lots)
            return
        self._placed[order] = side, ticks
        self._recorded.arrive(order, side, ticks, lots, trades)
        self._match(row, order, side, ticks, lots, trades)

    def _trades(self, order: int) -> Sequence[Trade]:
        trades = self._recording.trades
        return () if trades is None else trades.get(order, ())

    def _withdrawn(self, row: int, trades: Sequence[Trade]) -> bool:
        """Whether the market took an order back whole in the millisecond in which it came."""
        recording, after = self._recording, self._recording.following[row]
        return (
            not trades
            and after > 0
            and recording.actions[after] == DELETED
            and recording.lots[after] == recording.lots[row]
            and recording.times_ns[after] == recording.times_ns[row]
        )

    def _post(self, row: int, order: int, side: int, ticks: int, lots: int) -> None:
        quotes = self._engine.best
        if self._engine.rest(order, side, ticks, lots):
            self._placed[order] = side, ticks
            self._differ(
                row, POST_ONLY, Cause.NO_CROSSING, f"order {order}, {side:+} at {ticks} ticks, quotes {quotes}"
            )
        else:
            self._left_out.add(order)
            self._audit.agree(POST_ONLY)

    def _match(self, row: int, order: int, side: int, ticks: int, lots: int, trades: Sequence[Trade]) -> None:
        known = {trade.maker: trade.maker in self._engine for trade in trades}
        fills = self._engine.take(order, side, ticks, lots)
        if self._recording.trades is None:
            self._audit.note("fills by the engine, with no trades to compare", len(fills))
            return
        if not fills and not trades:
            return
        wanted, found = list(trades), [Trade(*fill) for fill in fills]
        if wanted == found:
            self._audit.agree(TAKERS)
            self._audit.agree(TRADES, len(found))
            return
        missing, extra = _difference(wanted, found)
        self._audit.agree(TRADES, len(wanted) - len(missing))
        causes = [self._why_missing(trade, extra, known) for trade in missing]
        for trade, cause in zip(missing, causes, strict=True):
            self._differ(row, TRADES, cause, f"order {order}: recorded {_words(trade)}, engine {_list(found)}")
        for trade in extra:
            if trade.maker not in {each.maker for each in missing}:
                self._differ(
                    row, TRADES, Cause.UNSEEN_END, f"order {order}: engine filled {_words(trade)}, no such trade"
                )
        self._differ(row, TAKERS, (causes or [Cause.UNSEEN_END])[0], f"order {order}: recorded {_list(wanted)}")
        self._set_right(row, order, ticks, lots - sum(trade.lots for trade in wanted), missing, extra)

    def _why_missing(self, trade: Trade, extra: Sequence[Trade], known: dict[int, bool]) -> Cause:
        if any(each.maker == trade.maker for each in extra):
            return Cause.QUANTITY
        if not known[trade.maker]:
            return Cause.NOTHING_THERE if trade.maker in self._placed else Cause.ORPHAN
        if any(each.ticks == trade.ticks for each in extra):
            return Cause.QUEUE
        return Cause.UNSEEN_END if extra else Cause.STOPPED_SHORT

    def _set_right(
        self, row: int, order: int, ticks: int, lots: int, missing: Sequence[Trade], extra: Sequence[Trade]
    ) -> None:
        """Put what the engine did differently as the recording has it."""
        for trade in missing:
            before = self._engine.left(trade.maker) + sum(each.lots for each in extra if each.maker == trade.maker)
            self._put(row, trade.maker, max(0, before - trade.lots))
        for trade in extra:
            if trade.maker not in {each.maker for each in missing}:
                # The market passed it: it was no longer there.
                self._take_out(trade.maker)
        self._put(row, order, max(0, lots) if ticks else 0)

    def _update(self, row: int, action: int) -> None:
        recording = self._recording
        order, lots, after = recording.ids[row], recording.lots[row], recording.following[row]
        if order in self._left_out:
            return
        if order not in self._placed:
            self._audit.note("changed or deleted, and never created: rested before the recording began")
            return
        self._recorded.change(order, 0 if action == DELETED else lots)
        passing = action == CHANGED and after > 0 and recording.times_ns[after] == recording.times_ns[row]
        if not passing and (order in self._engine or lots):
            self._compare_left(row, order, lots)
        if action == DELETED:
            self._engine.remove(order)
            del self._placed[order]
        elif not passing:
            self._put(row, order, lots)

    def _compare_left(self, row: int, order: int, lots: int) -> None:
        left = self._engine.left(order)
        if left == lots:
            self._audit.agree(LEFT)
        else:
            cause = self._why_left(order, lots - left)
            self._differ(row, LEFT, cause, f"order {order}: recorded {lots} lots, engine {left}")

    def _why_left(self, order: int, more: int) -> Cause:
        if order in self._by_value:
            return Cause.BY_VALUE
        if order in self._taken_out:
            return Cause.UNSEEN_END
        return Cause.GREW if more > 0 else Cause.SHRUNK

    def _compare_quotes(self, row: int) -> None:
        engine, recorded = self._engine.best, self._recorded.best
        if engine == recorded:
            self._audit.agree(QUOTES)
            return
        ended = any(self._recorded.is_best(order) for order in self._taken_out)
        cause = Cause.UNSEEN_END if ended else Cause.UNEXPLAINED
        self._differ(row, QUOTES, cause, f"recorded {recorded} ticks, engine {engine}")

    def _put(self, row: int, order: int, lots: int) -> None:
        """Leave an order so many lots; it keeps its place unless it needs more than it has."""
        left = self._engine.left(order)
        if lots <= left:
            self._engine.reduce(order, lots)
            return
        side, ticks = self._placed[order]
        self._engine.remove(order)
        if not self._engine.rest(order, side, ticks, lots):
            cleared = self._engine.clear_way(side, ticks)
            self._taken_out.update(cleared)
            self._differ(row, LEFT, Cause.CROSSES, f"order {order} at {ticks} ticks: {cleared} in its way")
            self._engine.rest(order, side, ticks, lots)

    def _take_out(self, order: int) -> None:
        self._engine.remove(order)
        self._taken_out.add(order)

    def _differ(self, row: int, subject: str, cause: Cause, detail: str) -> None:
        recording = self._recording
        self._audit.differ(
            subject, cause, row=recording.first_row + row, time_ns=recording.times_ns[row], detail=detail
        )


def _difference(wanted: Sequence[Trade], found: Sequence[Trade]) -> tuple[list[Trade], list[Trade]]:
    """What is only in the first, and what is only in the second, each as often as it is."""
    extra = list(found)
    missing = []
    for trade in wanted:
        if trade in extra:
            extra.remove(trade)
        else:
            missing.append(trade)
    return missing, extra


def _words(trade: Trade) -> str:
    return f"{trade.lots} lots of order {trade.maker} at {trade.ticks} ticks"


def _list(trades: Sequence[Trade]) -> str:
    return ", ".join(map(_words, trades)) or "nothing"
