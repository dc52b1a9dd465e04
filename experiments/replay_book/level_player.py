"""Plays a recording of price levels: each level is one order of the engine; best quotes and trades are compared."""

from __future__ import annotations

from typing import Final

from shoal.experiments.replay_book.audit import Audit, Cause
from shoal.experiments.replay_book.columns import ABSENT
from shoal.experiments.replay_book.levels import BEST, DEPTH, SNAPSHOT, TRADE, LevelRecording
from shoal.experiments.replay_book.quotes import QuoteTrack
from shoal.experiments.replay_book.shadow import Shadow
from shoal.ext.book import BUY, SELL

QUOTES: Final = "best prices, at each update number"
QUANTITIES: Final = "quantities at the best prices"
TRADES: Final = "trades, sent to the book of the last update"
SEQUENCE: Final = "update numbers, one after the other"
LEVELS: Final = "levels set"


class LevelPlayer:
    """One pass over a recording.

    A message first takes levels away and then sets new ones, since it states what was true at its end. Best quotes
    are compared at the message's last update number with the quote in force there, also if that was received later.
    Trades are sent as immediate limit orders; what they took, the next update states, so that it is given back first.

    Args:
        recording: what to play.
        audit: where agreements and disagreements are counted.
        track: where best quotes go.
    """

    def __init__(self, recording: LevelRecording, audit: Audit, track: QuoteTrack) -> None:
        self._recording = recording
        self._audit = audit
        self._track = track
        self._engine = Shadow()
        self._taken: dict[int, int] = {}
        self._waiting: list[tuple[int, int]] = []
        self._last_id = ABSENT
        self._known_ms = ABSENT
        self._started = False
        self._after_gap = False
        self._reach = (0, 0)
        self._quote_ids, self._quote_rows = self._quotes()
        self._quote = 0

    @property
    def engine(self) -> Shadow:
        """The book as it stands."""
        return self._engine

    def play(self) -> None:
        """Play all messages."""
        recording = self._recording
        has_snapshot = SNAPSHOT in recording.types
        for start, end in zip(recording.messages[:-1], recording.messages[1:], strict=True):
            kind = recording.types[start]
            if kind == SNAPSHOT:
                self._begin(start, end)
            elif kind == DEPTH and (self._started or not has_snapshot):
                self._apply(start, end)
            elif kind == DEPTH:
                self._waiting.append((start, end))
            elif kind == TRADE and self._started:
                self._try(start)

    def _quotes(self) -> tuple[list[int], list[int]]:
        """Update numbers of best quotes, ascending, and the rows where each begins."""
        recording = self._recording
        found = [
            (recording.last_ids[start], start) for start in recording.messages[:-1] if recording.types[start] == BEST
        ]
        found.sort()
        return [number for number, _ in found], [start for _, start in found]

    def _begin(self, start: int, end: int) -> None:
        """A snapshot replaces the book; messages that came before it and go beyond it follow it."""
        recording = self._recording
        self._engine = Shadow()
        self._taken.clear()
        self._after_gap = False
        self._last_id = recording.last_ids[start]
        self._known_ms = recording.exchange_ms[start]
        rows = range(start, end)
        for row in rows:
            side, ticks = recording.sides[row], recording.ticks[row]
            if not self._engine.rest(side * ticks, side, ticks, recording.lots[row]):
                self._differ(row, LEVELS, Cause.CROSSED_SNAPSHOT, f"{side:+} at {ticks} ticks")
        bids = [recording.ticks[row] for row in rows if recording.sides[row] == BUY]
        asks = [recording.ticks[row] for row in rows if recording.sides[row] == SELL]
        self._reach = min(bids, default=0), max(asks, default=0)
        first, self._started = not self._started, True
        waiting, self._waiting = self._waiting, []
        for message in waiting if first else []:
            self._apply(*message, joining=True)
        self._compare(start)

    def _apply(self, start: int, end: int, *, joining: bool = False) -> None:
        recording = self._recording
        last = recording.last_ids[start]
        if last <= self._last_id:
            self._audit.note("rows of changes that the snapshot already held", end - start)
            return
        self._give_back()
        self._check_sequence(start)
        self._last_id = last
        self._known_ms = recording.exchange_ms[start]
        later = []
        for row in range(start, end):
            level = recording.sides[row] * recording.ticks[row]
            self._engine.remove(level)
            if recording.lots[row]:
                later.append(row)
        for row in later:
            self._set(row)
        if not joining:
            self._compare(start)

    def _check_sequence(self, start: int) -> None:
        recording = self._recording
        first, previous = recording.first_ids[start], recording.previous_ids[start]
        if self._last_id == ABSENT or (first == ABSENT and previous == ABSENT):
            return
        # Futures name the message before; without that name numbers follow each other. A first message may overlap.
        follows = previous == self._last_id if previous != ABSENT else first == self._last_id + 1
        overlaps = first != ABSENT and first <= self._last_id + 1
        if follows or overlaps:
            self._audit.agree(SEQUENCE)
            return
        self._after_gap = True
        self._differ(start, SEQUENCE, Cause.AFTER_GAP, f"update {first} after {self._last_id}")

    def _set(self, row: int) -> None:
        recording = self._recording
        side, ticks, lots = recording.sides[row], recording.ticks[row], recording.lots[row]
        if self._engine.rest(side * ticks, side, ticks, lots):
            self._audit.agree(LEVELS)
            return
        cleared = self._engine.clear_way(side, ticks)
        self._engine.rest(side * ticks, side, ticks, lots)
        self._differ(row, LEVELS, Cause.CROSSED_UPDATE, f"{side:+} at {ticks} ticks went through {cleared}")

    def _compare(self, row: int) -> None:
        """Compare with the quote in force at the last update number; nothing before the first quote or snapshot."""
        recording = self._recording
        ids = self._quote_ids
        while self._quote < len(ids) and ids[self._quote] <= self._last_id:
            self._quote += 1
        if self._quote == 0:
            return
        bid, ask = self._recorded(self._quote_rows[self._quote - 1])
        engine = self._engine.best
        self._track.add(recording.times_ns[row], engine, (bid[0], ask[0]))
        if engine != (bid[0], ask[0]):
            self._differ(row, QUOTES, self._why(bid[0], ask[0]), f"recorded {(bid[0], ask[0])} ticks, engine {engine}")
            return
        self._audit.agree(QUOTES)
        held = tuple(self._engine.left(side * ticks) for side, (ticks, _) in ((BUY, bid), (SELL, ask)) if ticks)
        wanted = tuple(lots for ticks, lots in (bid, ask) if ticks)
        if held == wanted:
            self._audit.agree(QUANTITIES)
        else:
            cause = Cause.AFTER_GAP if self._after_gap else Cause.UNEXPLAINED
            self._differ(row, QUANTITIES, cause, f"recorded {wanted} lots, engine {held}")

    def _recorded(self, start: int) -> tuple[tuple[int | None, int], tuple[int | None, int]]:
        recording = self._recording
        found: dict[int, tuple[int | None, int]] = {BUY: (None, 0), SELL: (None, 0)}
        row = start
        while (
            row < len(recording)
            and recording.types[row] == BEST
            and (recording.last_ids[row] == recording.last_ids[start])
        ):
            if recording.lots[row]:
                found[recording.sides[row]] = recording.ticks[row], recording.lots[row]
            row += 1
        return found[BUY], found[SELL]

    def _why(self, bid: int | None, ask: int | None) -> Cause:
        if self._after_gap:
            return Cause.AFTER_GAP
        if not self._started:
            return Cause.NO_SNAPSHOT
        lowest, highest = self._reach
        if (bid is not None and bid < lowest) or (ask is not None and ask > highest):
            return Cause.BEYOND_SNAPSHOT
        return Cause.UNEXPLAINED

    def _try(self, row: int) -> None:
        """Whether the book, as last known and less what traded since, gives a taker this trade at this price."""
        recording = self._recording
        if ABSENT < recording.exchange_ms[row] <= self._known_ms:
            self._audit.note("trades that the last update already held")
            return
        side, ticks, lots = recording.sides[row], recording.ticks[row], recording.lots[row]
        better = []
        while (best := self._engine.best[1 if side == BUY else 0]) is not None and side * best < side * ticks:
            better.append(best)
            self._taken.setdefault(-side * best, self._engine.remove(-side * best))
        fills = self._engine.take(0, side, ticks, lots, immediate=True)
        got = sum(fill.lots for fill in fills)
        for fill in fills:
            self._taken.setdefault(fill.maker, self._engine.left(fill.maker) + fill.lots)
        if got == lots and not better:
            self._audit.agree(TRADES)
            return
        cause = Cause.BETTER_THERE if better else Cause.LESS_THERE if got else Cause.NOTHING_THERE
        self._differ(row, TRADES, cause, f"{lots} lots at {ticks} ticks, engine {got} lots there, better {better}")

    def _give_back(self) -> None:
        """Levels as they were before trades took from them: the next update states what came of them."""
        for level, lots in self._taken.items():
            self._engine.remove(level)
            self._engine.rest(level, BUY if level > 0 else SELL, abs(level), lots)
        self._taken.clear()

    def _differ(self, row: int, subject: str, cause: Cause, detail: str) -> None:
        recording = self._recording
        self._audit.differ(
            subject, cause, row=recording.first_row + row, time_ns=recording.times_ns[row], detail=detail
        )
