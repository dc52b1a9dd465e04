"""Rebalancing by date."""

from __future__ import annotations

from shoal.agents.parameters import whole_number
from shoal.agents.vaults.portfolio import Portfolio, Weights
from shoal.agents.vaults.trigger import Move


class Calendar:
    """At the first look and at every date after it: to the target.

    A date that was missed is made up for once, at the next look, however many were missed; the dates after it stay
    where they were. A date counts as served when what it asked for was carried out.

    Args:
        interval_ns: nanoseconds between dates.
        start_ns: a date, nanoseconds since the Unix epoch, before which nothing happens; 0 aligns dates with the epoch
            (UTC midnights for days), None with the first look.

    Raises:
        ValueError: a parameter is no whole number, or out of range.

    Source: calendar rebalancing, Leland (1999), Optimal Portfolio Management with Transactions Costs, which holds its
    costs against those of a no-trade region.
    """

    __slots__ = ("_asked", "_interval_ns", "_served", "_start_ns")

    def __init__(self, *, interval_ns: int, start_ns: int | None = None) -> None:
        whole_number("calendar", interval_ns=interval_ns)
        if start_ns is not None:
            whole_number("calendar", minimum=0, start_ns=start_ns)
        self._interval_ns = interval_ns
        self._start_ns = start_ns
        # Numbers of dates, counted from the start.
        self._asked: int | None = None
        self._served: int | None = None

    def destination(self, portfolio: Portfolio, target: Weights) -> Move | None:
        """The target, where a date has come that is not served yet."""
        now_ns = portfolio.now_ns
        if portfolio.nav <= 0.0:
            return None
        if self._start_ns is None:
            self._start_ns = now_ns
        date, late_ns = divmod(now_ns - self._start_ns, self._interval_ns)
        if date < 0 or (self._served is not None and date <= self._served):
            return None
        self._asked = date
        return Move(target, f"date, {late_ns / 1e9:.0f} s late" if late_ns >= 1_000_000_000 else "date")

    def fired(self, now_ns: int) -> None:
        """The date last asked about is served; later ones are not, however long it took."""
        self._served = self._asked
