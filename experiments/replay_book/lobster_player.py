"""Plays LOBSTER messages: executions go to the engine as takers, and must hit the order that the message names."""

from __future__ import annotations

from typing import Final

from shoal.experiments.replay_book.audit import Audit, Cause
from shoal.experiments.replay_book.lobster import (
    CROSS,
    DELETED,
    EXECUTED,
    HALT,
    HIDDEN,
    REDUCED,
    SUBMITTED,
    Level,
    LobsterRecording,
)
from shoal.experiments.replay_book.quotes import QuoteTrack
from shoal.experiments.replay_book.shadow import Filled, Shadow
from shoal.ext.book import BUY, SELL

EXECUTIONS: Final = "executions: order, price, quantity"
LEFT: Final = "quantities left when deleted"
RESTING: Final = "submitted orders that rest"
QUOTES: Final = "best quotes and their quantities, after each message"
LEVELS: Final = "deeper levels of the book file, after each message"
INSIDE: Final = "hidden executions within the quotes"


class LobsterPlayer:
    """One pass over messages.

    What rested before the first message is, at each price, one order without a name, first in line: messages about
    unknown orders at that price are about it. An execution is sent as an immediate order at its price; where it would
    hit another order than the one named, the named one is reduced instead, so that one disagreement does not make the
    next. After each message levels that differ from the book file are set to what it says.

    Args:
        recording: what to play.
        audit: where agreements and disagreements are counted.
        track: where best quotes go.
    """

    def __init__(self, recording: LobsterRecording, audit: Audit, track: QuoteTrack) -> None:
        self._recording = recording
        self._audit = audit
        self._track = track
        self._engine = Shadow()

    @property
    def engine(self) -> Shadow:
        """The book as it stands."""
        return self._engine

    def play(self) -> None:
        """Play all messages."""
        recording = self._recording
        shown = None
        for row, kind in enumerate(recording.types):
            if row == 0 and recording.bids is not None:
                self._begin()
            elif kind == SUBMITTED:
                self._submit(row)
            elif kind in (REDUCED, DELETED):
                self._withdraw(row, kind)
            elif kind == EXECUTED:
                self._execute(row)
            elif kind == HIDDEN:
                self._hidden(row)
            else:
                self._audit.note({CROSS: "cross trades of auctions", HALT: "halts and resumptions"}[kind])
            states = self._engine.best, self._compare(row)
            if states != shown and recording.bids is not None:
                shown = states
                self._track.add(recording.times_ns[row], *states)

    def _begin(self) -> None:
        """The book after the first message; an order that it submitted stands behind what was there."""
        recording = self._recording
        for side in (BUY, SELL):
            for ticks, lots in self._shown(side, 0):
                mine = recording.types[0] == SUBMITTED and (side, ticks) == (recording.sides[0], recording.ticks[0])
                before = lots - recording.lots[0] if mine else lots
                if before > 0 and not self._engine.rest(_unnamed(side, ticks), side, ticks, before):
                    self._differ(0, LEVELS, Cause.CROSSED_SNAPSHOT, f"{side:+} at {ticks} ticks")
        if recording.types[0] == SUBMITTED:
            self._submit(0)

    def _submit(self, row: int) -> None:
        recording = self._recording
        order, side, ticks, lots = (
            recording.orders[row],
            recording.sides[row],
            recording.ticks[row],
            recording.lots[row],
        )
        if order in self._engine:
            self._differ(row, RESTING, Cause.TWICE, f"order {order}")
            self._engine.remove(order)
        if self._engine.rest(order, side, ticks, lots):
            self._audit.agree(RESTING)
            return
        cleared = self._engine.clear_way(side, ticks)
        self._engine.rest(order, side, ticks, lots)
        self._differ(row, RESTING, Cause.CROSSES, f"order {order} at {ticks} ticks: {cleared} in its way")

    def _withdraw(self, row: int, kind: int) -> None:
        recording = self._recording
        order, lots = self._order(row), recording.lots[row]
        left = self._engine.left(order)
        if order == recording.orders[row] and kind == DELETED:
            if left == lots:
                self._audit.agree(LEFT)
            else:
                cause = Cause.SHRUNK if left > lots else Cause.GREW
                self._differ(row, LEFT, cause, f"order {order}: recorded {lots} lots, engine {left}")
            self._engine.remove(order)
        elif left < lots:
            self._differ(row, LEFT, Cause.ORPHAN, f"order {recording.orders[row]}: {lots} lots leave, engine {left}")
            self._engine.remove(order)
        else:
            self._engine.reduce(order, left - lots)

    def _order(self, row: int) -> int:
        """The order that a message is about: itself if known, else what rested at its price from the beginning."""
        recording = self._recording
        order = recording.orders[row]
        if order in self._engine:
            return order
        self._audit.note("messages about orders that rested before the recording began")
        return _unnamed(recording.sides[row], recording.ticks[row])

    def _execute(self, row: int) -> None:
        recording = self._recording
        side, ticks, lots = recording.sides[row], recording.ticks[row], recording.lots[row]
        order = self._order(row)
        left = self._engine.left(order)
        if left >= lots and self._engine.is_first(order):
            fills = self._engine.take(0, -side, ticks, lots, immediate=True)
            if fills == [Filled(order, ticks, lots)]:
                self._audit.agree(EXECUTIONS)
                return
        best = self._engine.best[0 if side == BUY else 1]
        detail = f"{lots} lots of order {recording.orders[row]} at {ticks} ticks, engine's best {best}, left {left}"
        self._differ(row, EXECUTIONS, self._why(order, side, ticks, lots, best), detail)
        self._engine.reduce(order, max(0, left - lots))

    def _why(self, order: int, side: int, ticks: int, lots: int, best: int | None) -> Cause:
        if order < 0 and order not in self._engine:
            return Cause.ORPHAN
        if best is None or side * best < side * ticks:
            return Cause.NOTHING_THERE
        if side * best > side * ticks:
            return Cause.BETTER_THERE
        return Cause.LESS_THERE if self._engine.left(order) < lots else Cause.QUEUE

    def _hidden(self, row: int) -> None:
        bid, ask = self._engine.best
        ticks = self._recording.ticks[row]
        if (bid is None or ticks >= bid) and (ask is None or ticks <= ask):
            self._audit.agree(INSIDE)
        else:
            self._differ(row, INSIDE, Cause.OUTSIDE_SPREAD, f"{ticks} ticks, quotes {(bid, ask)}")

    def _shown(self, side: int, row: int) -> tuple[Level, ...]:
        levels = self._recording.bids if side == BUY else self._recording.asks
        return () if levels is None else levels[row]

    def _compare(self, row: int) -> tuple[int | None, int | None]:
        """Compare with the book file's row; gives its best bid and ask."""
        if self._recording.bids is None:
            return None, None
        shown = self._shown(BUY, row), self._shown(SELL, row)
        held = tuple(self._held(side, len(levels)) for side, levels in ((BUY, shown[0]), (SELL, shown[1])))
        if [each[:1] for each in held] == [each[:1] for each in shown]:
            self._audit.agree(QUOTES)
        if held != shown:
            for side, mine, theirs in zip((BUY, SELL), held, shown, strict=True):
                if mine != theirs:
                    self._set_right(row, side, mine, theirs)
        else:
            self._audit.agree(LEVELS)
        bids, asks = shown
        return (bids[0][0] if bids else None), (asks[0][0] if asks else None)

    def _held(self, side: int, count: int) -> tuple[Level, ...]:
        return tuple((price, lots) for price, lots, *_ in self._engine.book.depth(side, count))

    def _set_right(self, row: int, side: int, mine: tuple[Level, ...], theirs: tuple[Level, ...]) -> None:
        """Count what differs on a side, and set the engine's levels to the file's."""
        edge = self._edge(row, side)
        recorded = dict(theirs)
        for ticks in sorted({*recorded, *dict(mine)}, key=lambda price: -side * price):
            had, wanted = dict(mine).get(ticks, 0), recorded.get(ticks, 0)
            beyond = bool(theirs) and side * ticks < side * theirs[-1][0] and len(theirs) == self._recording.depth
            if had == wanted or beyond:
                continue
            known = edge is not None and side * ticks <= side * edge
            first = not theirs or not mine or ticks in (theirs[0][0], mine[0][0])
            subject = QUOTES if first else LEVELS
            cause = Cause.EDGE_OF_VIEW if known else Cause.UNEXPLAINED
            self._differ(row, subject, cause, f"{side:+} at {ticks} ticks: recorded {wanted} lots, engine {had}")
            self._set_level(side, ticks, wanted)

    def _edge(self, row: int, side: int) -> int | None:
        """The last price that the file showed before this message; None while it showed the whole side."""
        before = self._shown(side, max(0, row - 1))
        return before[-1][0] if len(before) == self._recording.depth else None

    def _set_level(self, side: int, ticks: int, lots: int) -> None:
        for order in self._engine.at(side, ticks):
            self._engine.remove(order)
        if lots and not self._engine.rest(_unnamed(side, ticks), side, ticks, lots):
            self._engine.clear_way(side, ticks)
            self._engine.rest(_unnamed(side, ticks), side, ticks, lots)

    def _differ(self, row: int, subject: str, cause: Cause, detail: str) -> None:
        self._audit.differ(subject, cause, row=row + 1, time_ns=self._recording.times_ns[row], detail=detail)


def _unnamed(side: int, ticks: int) -> int:
    """Stands for all that rested at a price before the first message; no order has such a number."""
    return -2 * ticks - (side == SELL)
