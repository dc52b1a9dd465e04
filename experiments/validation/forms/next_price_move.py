"""Which way the price moves next, given how many orders wait at the best bid and ask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from shoal.experiments.validation.queue_form import SKY_PERFECT, QueueForm, plain
from shoal.experiments.validation.queue_model import Queues, chances, rise

PRINTED: Final = (
    (0.500, 0.336, 0.259, 0.216, 0.188),
    (0.664, 0.500, 0.407, 0.348, 0.307),
    (0.741, 0.593, 0.500, 0.437, 0.391),
    (0.784, 0.652, 0.563, 0.500, 0.452),
    (0.812, 0.693, 0.609, 0.548, 0.500),
)
"""Table 3, Laplace transform: a row for 1 to 5 orders at the bid, a column for 1 to 5 at the ask."""

_SIZES: Final = range(1, 6)


@dataclass(frozen=True)
class NextPriceMove(QueueForm):
    """The chance that the mid moves up from b orders at the bid and a at the ask, one tick apart: all 25 cells.

    Orders come to each queue at one rate, market orders take the first, and each resting order is cancelled at one
    rate; the mid moves when a queue is empty. Theory is the race of the two birth-death chains, solved as one linear
    system without chance or transforms; the printed table agrees to its last digit but one. A race counts for every
    cell that it enters, from the first time on. The guess behind the control variate is the bid's share of all orders.
    """

    source: ClassVar[str] = "Cont, Stoikov and Talreja (2010), Operations Research 58:549, table 3"
    worlds: int = 90
    books: int = 15

    @property
    def name(self) -> str:
        """What is validated."""
        return "Next price move (Cont, Stoikov and Talreja)"

    def starts(self) -> tuple[Queues, ...]:
        """The 25 cells, row by row."""
        return tuple(plain(bid, ask) for bid in _SIZES for ask in _SIZES)

    def theory(self) -> tuple[float, ...]:
        """The exact chances, row by row."""
        solved = _solved()
        return tuple(solved[start] for start in self.starts())

    def end(self, queues: Queues) -> float:
        """1 if the mid went up."""
        return rise(queues)

    def worth(self, queues: Queues) -> float:
        """The bid's share of all orders."""
        bid, ask = queues.bid.orders, queues.ask.orders
        return bid / (bid + ask)

    def title(self, number: int) -> str:
        """The cell and its printed value."""
        row, column = divmod(number, len(_SIZES))
        return f"P(up), {row + 1} at the bid, {column + 1} at the ask (printed {PRINTED[row][column]:.3f})"


@cache
def _solved() -> dict[Queues, float]:
    return chances(SKY_PERFECT, (plain(1, 1),), rise)
