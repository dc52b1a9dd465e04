"""Races of queues come out as theory says, and an engine or a theory that is a little wrong is found out.

They run here at a fraction of their size; the standard error of quick mode follows from the number of books.
"""

import math
from functools import cache

import numpy as np
import pytest

from shoal.experiments.validation.check import LARGEST_RELATIVE_ERROR, LARGEST_Z, Estimate
from shoal.experiments.validation.forms import making_the_spread, next_price_move
from shoal.experiments.validation.forms.making_the_spread import MakingTheSpread
from shoal.experiments.validation.forms.next_price_move import NextPriceMove
from shoal.experiments.validation.forms.queue_imbalance import CELLS, QueueImbalance, chance_of_rise
from shoal.experiments.validation.queue_form import QueueForm
from shoal.ext.book_kernel_twin import Book
from shoal.ext.book_sides_twin import Level, Order
from shoal.sim.calls import Outcome
from shoal.sim.errors import RunError
from shoal.sim.venue import Context
from shoal.venues.book import order_book
from shoal.venues.book.order_book import OrderBook

SEED = 7
WRONG = 1.02
SMALL: tuple[QueueForm, ...] = (NextPriceMove(books=3), MakingTheSpread(books=6), QueueImbalance(books=6))
LABELS = [type(form).__name__ for form in SMALL]


@cache
def estimates(form: QueueForm) -> tuple[Estimate, ...]:
    return form.run(SEED, quick=True)


def sharpened(form: QueueForm, estimate: Estimate) -> float:
    """The standard error, relative to theory, that as many books as in quick mode would give."""
    return estimate.standard_error * math.sqrt(form.books / type(form)().books) / estimate.theory


def quick_mode_accepts(form: QueueForm, estimate: Estimate) -> bool:
    return abs(estimate.z) < LARGEST_Z and sharpened(form, estimate) <= LARGEST_RELATIVE_ERROR


@pytest.mark.parametrize("form", SMALL, ids=LABELS)
def test_every_figure_holds(form: QueueForm) -> None:
    assert [(one.quantity, one.z) for one in estimates(form) if abs(one.z) >= LARGEST_Z] == []


@pytest.mark.parametrize("form", SMALL, ids=LABELS)
def test_quick_mode_sees_2_percent_in_every_single_figure(form: QueueForm) -> None:
    blunt = [one.quantity for one in estimates(form) if sharpened(form, one) * LARGEST_Z > WRONG - 1.0]
    assert blunt == []


@pytest.mark.parametrize("form", SMALL, ids=LABELS)
def test_the_control_variate_moves_no_figure(form: QueueForm) -> None:
    """Without it the figures are blunt and hold too."""
    samples = np.array([form.replicate(form.seed_of(SEED, number)) for number in range(20)]).reshape(20, -1, 3)
    ends = samples[:, :, 0]
    errors = ends.std(axis=0, ddof=1) / math.sqrt(20)
    assert np.abs((ends.mean(axis=0) - form.theory()) / errors).max() < LARGEST_Z
    luck = samples[:, :, 1]
    assert np.abs(luck.mean(axis=0) / (luck.std(axis=0, ddof=1) / math.sqrt(20))).max() < LARGEST_Z


def test_the_25_printed_cells() -> None:
    printed = [value for row in next_price_move.PRINTED for value in row]
    assert NextPriceMove().theory() == pytest.approx(printed, abs=1e-3)


def test_the_printed_places() -> None:
    assert MakingTheSpread().theory() == pytest.approx(list(making_the_spread.PRINTED.values()), abs=6e-4)


def test_the_integral_gives_the_known_figures_and_tends_to_the_diffusion_limit() -> None:
    assert QueueImbalance().theory() == pytest.approx([0.6977, 0.7906, 0.6233, 0.8729], abs=6e-5)
    assert chance_of_rise(60, 20) == pytest.approx(2.0 / math.pi * math.atan(3.0), abs=1e-4)
    assert chance_of_rise(3, 5) + chance_of_rise(5, 3) == pytest.approx(1.0, abs=1e-10)


@pytest.mark.parametrize(("bid", "ask"), CELLS)
def test_ending_a_long_race_at_the_diffusion_limit_hardly_matters(bid: int, ask: int) -> None:
    """The law of the queues after ``patience`` events, event by event."""
    form = QueueImbalance()
    size = form.patience + 8
    alive = np.zeros((size, size))
    alive[bid, ask], risen = 1.0, 0.0
    for _ in range(form.patience):
        after = np.zeros_like(alive)
        after[1:] += alive[:-1] / 4.0
        after[:-1] += alive[1:] / 4.0
        after[:, 1:] += alive[:, :-1] / 4.0
        after[:, :-1] += alive[:, 1:] / 4.0
        risen += float(after[1:, 0].sum())
        after[0], after[:, 0] = 0.0, 0.0
        alive = after
    longer, shorter = np.meshgrid(np.arange(size), np.arange(size), indexing="ij")
    value = risen + float((alive * 2.0 / math.pi * np.arctan2(longer, shorter)).sum())
    assert abs(value - chance_of_rise(bid, ask)) < 1e-6
    assert alive.sum() < 1.0 / 13.0


@pytest.mark.parametrize("form", SMALL, ids=LABELS)
def test_a_book_that_loses_one_market_order_to_buy_in_ten_is_found_out(
    form: QueueForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By deviation, or by a standard error that quick mode would not accept: the draws no longer explain the ends."""
    market, buys = OrderBook.market, iter(range(10**9))

    def lossy(book: OrderBook, context: Context, side: int, quantity: int, price: int | None = None) -> Outcome:
        lost = side > 0 and next(buys) % 10 == 0
        return Outcome() if lost else market(book, context, side, quantity, price)

    monkeypatch.setattr(OrderBook, "market", lossy)
    found = form.run(SEED, quick=True)
    assert sum(quick_mode_accepts(form, one) for one in found) <= len(found) // 4


def test_a_book_without_time_priority_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Orders that the traders want to cancel are gone."""

    def youngest(level: Level) -> Order:
        return next(reversed(level.orders.values()))

    monkeypatch.setattr(order_book, "Book", Book)
    monkeypatch.setattr(Level, "oldest", youngest)
    with pytest.raises(RunError, match="traders"):
        SMALL[1].run(SEED, quick=True)
