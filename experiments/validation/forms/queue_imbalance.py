"""Which way the price moves next when orders come and go at the same rate."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar, Final

from scipy.integrate import quad

from shoal.experiments.validation.queue_form import QueueForm, plain
from shoal.experiments.validation.queue_model import QueueRates, Queues, rise

CELLS: Final = ((2, 1), (3, 1), (3, 2), (5, 1))


@dataclass(frozen=True)
class QueueImbalance(QueueForm):
    """The chance that the mid moves up from n orders at the bid and p at the ask, in balanced queues.

    Limit orders come as often as market orders and cancellations together take one away, whatever the queue's length:
    half of what takes is market orders, half cancellations of an order at random. Such a race has no expected length,
    so one that is not over after ``patience`` events ends at the diffusion limit of its queues, (2 / pi) atan(n / p);
    1 race in 15 or fewer, and all with long queues, so that the figure moves by less than 1e-6.
    The diffusion limit is also the guess behind the control variate.
    """

    source: ClassVar[str] = "Cont and de Larrard (2013), SIAM Journal on Financial Mathematics 4:1, balanced order flow"
    rates: ClassVar[QueueRates] = QueueRates(limit=1.0, market=0.5, cancel=0.5, shared=True)
    patience: ClassVar[int] = 100
    worlds: int = 90
    books: int = 40

    @property
    def name(self) -> str:
        """What is validated."""
        return "Queue imbalance (Cont and de Larrard)"

    def starts(self) -> tuple[Queues, ...]:
        """Four pairs of queues."""
        return tuple(plain(bid, ask) for bid, ask in CELLS)

    def theory(self) -> tuple[float, ...]:
        """The integral at each of them."""
        return tuple(chance_of_rise(bid, ask) for bid, ask in CELLS)

    def end(self, queues: Queues) -> float:
        """1 if the mid went up."""
        return rise(queues)

    def worth(self, queues: Queues) -> float:
        """The diffusion limit without correlation."""
        return 2.0 / math.pi * math.atan2(queues.bid.orders, queues.ask.orders)

    def title(self, number: int) -> str:
        """The two queues."""
        bid, ask = CELLS[number]
        return f"P(up), {bid} at the bid, {ask} at the ask"


def chance_of_rise(bid: int, ask: int) -> float:
    """The chance that the ask queue is empty first, by quadrature of the paper's integral.

    >>> round(chance_of_rise(2, 1), 4), round(chance_of_rise(4, 4), 12)
    (0.6977, 0.5)
    """

    def density(angle: float) -> float:
        level = 2.0 - math.cos(angle)
        decay = (level - math.sqrt(level * level - 1.0)) ** ask
        return decay * math.sin(bid * angle) * math.cos(angle / 2.0) / math.sin(angle / 2.0)

    value: float = quad(density, 0.0, math.pi, epsabs=1e-13, epsrel=1e-13)[0]
    return value / math.pi
