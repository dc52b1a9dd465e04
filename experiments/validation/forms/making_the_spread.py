"""The chance that a buy and a sell order at the best quotes both execute before the mid moves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Final

from shoal.experiments.validation.queue_form import SKY_PERFECT, QueueForm
from shoal.experiments.validation.queue_model import Queue, QueueRates, Queues, both_executed, chances

PRINTED: Final = {(1, 1): 0.266, (1, 2): 0.308, (2, 2): 0.386, (3, 3): 0.441, (4, 4): 0.471, (5, 5): 0.491}
"""Table 5, Laplace transform: places of the two orders in their queues, nobody behind them."""

_LONGEST: Final = 10
_ROUNDED: Final = QueueRates(limit=2.0, market=1.0, cancel=0.7)


@dataclass(frozen=True)
class MakingTheSpread(QueueForm):
    """Both orders of a quoter, last in queues of b and a orders, are executed at the latest when the mid moves.

    The quoter's two orders are never cancelled; everybody else's are as in ``NextPriceMove``. That they are executed is
    read from the fills that name their owner, so time priority decides the figure. An execution that empties its queue
    counts, although the mid moves by it: only so does theory give the printed table (0.200 instead of 0.266 for places
    1 and 1 without it). Theory is one linear system over places and orders behind; at most 10 orders behind changes the
    chances by less than 2e-5. The guess behind the control variate is the same system at rounded rates.
    """

    source: ClassVar[str] = "Cont, Stoikov and Talreja (2010), Operations Research 58:549, table 5"
    followed: ClassVar[bool] = True
    worlds: int = 120
    books: int = 28

    @property
    def name(self) -> str:
        """What is validated."""
        return "Making the spread (Cont, Stoikov and Talreja)"

    def starts(self) -> tuple[Queues, ...]:
        """The printed places."""
        return tuple(Queues(Queue(bid, 0), Queue(ask, 0)) for bid, ask in PRINTED)

    def theory(self) -> tuple[float, ...]:
        """The exact chances at the printed places."""
        solved = _solved(SKY_PERFECT)
        return tuple(solved[start] for start in self.starts())

    def end(self, queues: Queues) -> float:
        """1 if both orders were executed."""
        return both_executed(queues)

    def worth(self, queues: Queues) -> float:
        """The chance at rounded rates; more orders behind than the system has count as its most."""
        bid, ask = (Queue(queue.place, min(queue.behind, _LONGEST)) for queue in queues)
        return _solved(_ROUNDED)[Queues(bid, ask)]

    def title(self, number: int) -> str:
        """The places and the printed value."""
        (bid, ask), printed = list(PRINTED.items())[number]
        return f"P(both executed), places {bid} and {ask} (printed {printed:.3f})"


@cache
def _solved(rates: QueueRates) -> dict[Queues, float]:
    most = max(max(places) for places in PRINTED)
    return chances(rates, (Queues(Queue(most, 0), Queue(most, 0)),), both_executed, longest=_LONGEST)
