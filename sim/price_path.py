"""The price of the outside world over time, fixed before a run begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from shoal.sim.errors import ShoalError

Kind = Literal["recorded", "generated", "bridged"]


class InvalidPricePath(ShoalError, ValueError):
    """Times or prices that cannot be a price path."""


class OutsidePricePath(ShoalError, LookupError):
    """A time before the first or after the last price, or a symbol that the path does not have."""


@dataclass(frozen=True, slots=True, eq=False)
class PricePath:
    """Prices of one or more assets on one grid of times; between two times the earlier price holds.

    Args:
        times_ns: int64, strictly ascending, nanoseconds since the Unix epoch; steps may differ.
        prices: for each base symbol a float64 array as long as the times: USDC per whole unit, finite and above 0.
        end_ns: the last price holds until here, exclusive.
        kind: "recorded" as found, "bridged" (found bars, a model's path between them) or "generated" by a model.
        source_step_ns: scale of the source (a bar's length); what happens on a finer scale is the model's.
            0 for generated paths.
        provenance: where the prices come from, as plain values for the manifest and the report.

    Raises:
        InvalidPricePath: any of the above does not hold.

    >>> path = PricePath(np.array([0, 10]), {"BTC": np.array([100.0, 101.0])}, end_ns=20, kind="recorded",
    ...                  source_step_ns=10)
    >>> path.at("BTC", 9), path.at("BTC", 10)
    (100.0, 101.0)
    """

    times_ns: npt.NDArray[np.int64]
    prices: Mapping[str, npt.NDArray[np.float64]]
    end_ns: int
    kind: Kind
    source_step_ns: int
    provenance: Mapping[str, Any] = field(default_factory=dict)
    _step_ns: int = field(init=False, repr=False, default=0)

    def __post_init__(self) -> None:
        times = _read_only(self.times_ns)
        _check_times(times, self.end_ns)
        prices = {symbol: _read_only(series) for symbol, series in self.prices.items()}
        _check_prices(prices, len(times))
        if self.kind not in get_args(Kind):
            raise InvalidPricePath(f"kind must be one of {', '.join(get_args(Kind))}, had {self.kind!r}")
        if type(self.source_step_ns) is not int or self.source_step_ns < 0:
            raise InvalidPricePath(f"source_step_ns must be a whole number >= 0, had {self.source_step_ns!r}")
        object.__setattr__(self, "times_ns", times)
        object.__setattr__(self, "prices", MappingProxyType(prices))
        object.__setattr__(self, "provenance", MappingProxyType(dict(self.provenance)))
        steps = np.diff(times)
        # One common step lets `at` divide instead of searching.
        if len(steps) and int(steps.min()) == int(steps.max()):
            object.__setattr__(self, "_step_ns", int(steps[0]))

    @property
    def start_ns(self) -> int:
        """The time of the first price."""
        return int(self.times_ns[0])

    @property
    def symbols(self) -> tuple[str, ...]:
        """The base symbols, in the order given."""
        return tuple(self.prices)

    def at(self, symbol: str, time_ns: int) -> float:
        """The price that holds at that time: the last one at or before it, USDC per whole unit.

        Raises:
            OutsidePricePath: no such symbol, or a time outside [start_ns, end_ns).
        """
        return float(self._series(symbol)[self.index_at(time_ns)])

    def index_at(self, time_ns: int) -> int:
        """The index of the last price at or before that time.

        Raises:
            OutsidePricePath: a time outside [start_ns, end_ns).
        """
        first = int(self.times_ns[0])
        if not first <= time_ns < self.end_ns:
            raise OutsidePricePath(f"the prices cover [{first}, {self.end_ns}) ns, and {time_ns} ns is not inside")
        if self._step_ns:
            return min((time_ns - first) // self._step_ns, len(self.times_ns) - 1)
        return int(np.searchsorted(self.times_ns, time_ns, side="right")) - 1

    def window(self, start_ns: int, end_ns: int) -> PricePath:
        """The part from start_ns, inclusive, to end_ns, exclusive; the price that holds at start_ns comes first.

        Raises:
            OutsidePricePath: the window is empty or not inside the path.
        """
        if not self.start_ns <= start_ns < end_ns <= self.end_ns:
            raise OutsidePricePath(
                f"the window [{start_ns}, {end_ns}) ns must be inside [{self.start_ns}, {self.end_ns}) and not empty"
            )
        first = self.index_at(start_ns)
        last = self.index_at(end_ns - 1) + 1
        times = self.times_ns[first:last].copy()
        times[0] = start_ns
        return PricePath(
            times,
            {symbol: series[first:last] for symbol, series in self.prices.items()},
            end_ns=end_ns,
            kind=self.kind,
            source_step_ns=self.source_step_ns,
            provenance=self.provenance,
        )

    def digest(self) -> str:
        """SHA-256 over times, prices and the end, hexadecimal; symbols in the order of their names."""
        digest = sha256(f"{self.end_ns}".encode())
        digest.update(np.ascontiguousarray(self.times_ns).data)
        for symbol in sorted(self.prices):
            digest.update(f"\x1f{symbol}\x1f".encode())
            digest.update(np.ascontiguousarray(self.prices[symbol]).data)
        return digest.hexdigest()

    def __reduce__(self) -> tuple[Any, ...]:
        # A read-only mapping cannot be sent to another process.
        return _rebuilt, (
            np.array(self.times_ns),
            {symbol: np.array(series) for symbol, series in self.prices.items()},
            self.end_ns,
            self.kind,
            self.source_step_ns,
            dict(self.provenance),
        )

    def _series(self, symbol: str) -> npt.NDArray[np.float64]:
        try:
            return self.prices[symbol]
        except KeyError:
            raise OutsidePricePath(f"no prices of {symbol!r}: the path has {', '.join(self.prices)}") from None


def _rebuilt(
    times_ns: npt.NDArray[np.int64],
    prices: Mapping[str, npt.NDArray[np.float64]],
    end_ns: int,
    kind: Kind,
    source_step_ns: int,
    provenance: Mapping[str, Any],
) -> PricePath:
    return PricePath(times_ns, prices, end_ns=end_ns, kind=kind, source_step_ns=source_step_ns, provenance=provenance)


def _read_only(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if not isinstance(values, np.ndarray):
        raise InvalidPricePath(f"times and prices must be NumPy arrays, had {type(values).__name__}")
    view = values.view()
    view.flags.writeable = False
    return view


def _check_times(times: npt.NDArray[np.int64], end_ns: int) -> None:
    if times.dtype != np.int64 or times.ndim != 1 or not len(times):
        raise InvalidPricePath(f"times_ns must be a filled int64 array, had {times.dtype} of shape {times.shape}")
    backwards = np.flatnonzero(times[1:] <= times[:-1])
    if len(backwards):
        index = int(backwards[0])
        raise InvalidPricePath(f"times_ns must ascend: {times[index + 1]} follows {times[index]} at index {index + 1}")
    if type(end_ns) is not int or end_ns <= times[-1]:
        raise InvalidPricePath(f"end_ns must be a whole number above the last time {times[-1]}, had {end_ns!r}")


def _check_prices(prices: Mapping[str, npt.NDArray[np.float64]], count: int) -> None:
    if not prices:
        raise InvalidPricePath("a price path needs at least one symbol")
    for symbol, series in prices.items():
        if not isinstance(symbol, str) or not symbol:
            raise InvalidPricePath(f"a symbol must be a non-empty text, had {symbol!r}")
        if series.dtype != np.float64 or series.shape != (count,):
            raise InvalidPricePath(
                f"prices of {symbol} must be float64 and as many as the times ({count}), "
                f"had {series.dtype} of shape {series.shape}"
            )
        bad = np.flatnonzero(~(np.isfinite(series) & (series > 0.0)))
        if len(bad):
            index = int(bad[0])
            raise InvalidPricePath(
                f"prices of {symbol} must be finite and above 0, had {float(series[index])!r} at index {index}"
            )
