"""What the closed forms of racing queues share: races through real order books, and one figure for each start."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np

from shoal.experiments.validation.check import Estimate
from shoal.experiments.validation.closed_form import ClosedForm, Sample
from shoal.experiments.validation.queue_model import Queue, QueueRates, Queues
from shoal.experiments.validation.queue_traders import Score, play_races
from shoal.experiments.validation.statistics import Array, controlled_mean, mean, without_controls

# Cont, Stoikov and Talreja (2010), table 2, at one tick from the opposite best quote: the figures of Sky Perfect.
SKY_PERFECT: Final = QueueRates(limit=1.85, market=0.94, cancel=0.71)


@dataclass(frozen=True)
class QueueForm(ClosedForm):
    """Expected ends of races between the two best queues, one figure for each start.

    All orders are limit orders, market orders and cancellations of one lot that go through the exchange to the book;
    queues and the end of a race are read from the book's feed. The control variate is the luck of the draws: what each
    event drawn is worth more than the mean of those that could have been drawn, by a rough guess at the value of
    states. Its expectation is 0 given all that was known before the draw, whatever the book then does.

    Args:
        worlds: replications.
        quick_worlds: replications in quick mode.
        books: in one world.
        rounds: races from each start in each book.
    """

    worlds: int = 60
    quick_worlds: int = 20
    books: int = 1
    rounds: int = 1

    rates: ClassVar[QueueRates] = SKY_PERFECT
    followed: ClassVar[bool] = False
    patience: ClassVar[int] = 1_000_000

    @abstractmethod
    def starts(self) -> tuple[Queues, ...]:
        """From where races begin."""

    @abstractmethod
    def theory(self) -> tuple[float, ...]:
        """The expected end from each start."""

    @abstractmethod
    def end(self, queues: Queues) -> float:
        """What a race counts that ends so."""

    @abstractmethod
    def worth(self, queues: Queues) -> float:
        """A rough guess at the expected end."""

    @abstractmethod
    def title(self, number: int) -> str:
        """What is estimated at that start, and what is printed."""

    def replications(self, *, quick: bool) -> int:
        """How many worlds."""
        return self.quick_worlds if quick else self.worlds

    def replicate(self, seed: int) -> Sample:
        """For each start: the mean end, the mean luck, and how many races went through it."""
        starts = self.starts()
        scores, _ = play_races(
            seed,
            books=self.books,
            starts=starts,
            rounds=self.rounds,
            rates=self.rates,
            end=self.end,
            worth=self.worth,
            followed=self.followed,
            patience=self.patience,
            asked=frozenset(starts),
        )
        return tuple(figure for start in starts for figure in _means(scores[start]))

    def estimate(self, samples: Sequence[Sample]) -> tuple[Estimate, ...]:
        """One figure for each start."""
        table: Array = np.array(samples).reshape(len(samples), -1, 3)
        found = []
        for number, theory in enumerate(self.theory()):
            ends, luck, races = table[:, number].T
            engine = controlled_mean(ends, luck[:, np.newaxis])
            detail = f"{races.sum():,.0f} races{without_controls(mean(ends))}"
            found.append(Estimate(self.title(number), theory, *engine, detail=detail))
        return tuple(found)


def plain(bid: int, ask: int) -> Queues:
    """Queues in which no order is followed."""
    return Queues(Queue(0, bid), Queue(0, ask))


def _means(score: Score) -> tuple[float, float, float]:
    return score.ends / score.races, score.luck / score.races, float(score.races)
