"""Best quotes of engine and recording, side by side over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Quotes:
    """Best prices at each moment at which they were compared; NaN where a side is empty or was not recorded.

    Args:
        times_ns: since 1970, UTC; for files without a date since midnight of 1970-01-01.
        engine_bid, engine_ask: of the engine's book, in quote per base.
        recorded_bid, recorded_ask: of the recording.
    """

    times_ns: npt.NDArray[np.int64]
    engine_bid: Floats
    engine_ask: Floats
    recorded_bid: Floats
    recorded_ask: Floats

    @property
    def agreed(self) -> npt.NDArray[np.bool_]:
        """Where both sides are the same in both."""
        bids = (self.engine_bid == self.recorded_bid) | (np.isnan(self.engine_bid) & np.isnan(self.recorded_bid))
        asks = (self.engine_ask == self.recorded_ask) | (np.isnan(self.engine_ask) & np.isnan(self.recorded_ask))
        agreed: npt.NDArray[np.bool_] = bids & asks
        return agreed

    @property
    def share_of_time(self) -> float:
        """Time during which quotes agreed, of all time between the first comparison and the last; NaN without any."""
        spans = np.diff(self.times_ns)
        whole = int(spans.sum())
        return float(spans[self.agreed[:-1]].sum() / whole) if whole else float("nan")


class QuoteTrack:
    """Collects best quotes in ticks; None or 0 is an empty side."""

    def __init__(self) -> None:
        self._rows: list[tuple[int, int, int, int, int]] = []

    def add(
        self,
        time_ns: int,
        engine: tuple[int | None, int | None],
        recorded: tuple[int | None, int | None],
    ) -> None:
        """Both sides' best bid and ask at a moment."""
        self._rows.append((time_ns, engine[0] or 0, engine[1] or 0, recorded[0] or 0, recorded[1] or 0))

    def quotes(self, decimals: int) -> Quotes:
        """All of them, in quote per base; a tick is ten to minus ``decimals``.

        >>> track = QuoteTrack()
        >>> track.add(0, (99, 101), (99, None))
        >>> track.quotes(1).engine_ask
        array([10.1])
        """
        table = np.array(self._rows, dtype=np.int64).reshape(-1, 5)
        prices = np.where(table[:, 1:] > 0, table[:, 1:] / 10.0**decimals, np.nan)
        return Quotes(table[:, 0], prices[:, 0], prices[:, 1], prices[:, 2], prices[:, 3])
