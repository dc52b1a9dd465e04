import numpy as np
import pytest

from shoal.agents.vaults.targets.constant_weights import ConstantWeights
from shoal.agents.vaults.triggers.calendar import Calendar
from shoal.experiments.validation.rebalancing_world import Policy, Stage, play, walks
from shoal.experiments.validation.vault_book import Fills, book_of
from shoal.venues.vault.vault import Vault

DAY_NS = 86_400 * 10**9


def stage(fee_ppm: int = 0) -> Stage:
    policy = Policy(
        ("A", "B"),
        lambda assets: ConstantWeights({assets[0]: 0.5, assets[1]: 0.2}),
        lambda: Calendar(interval_ns=DAY_NS),
        (0.1, 0.0),
    )
    path_at = walks(("A", "B"), seed=3, volatilities=(0.8, 0.6))
    return play([policy], seed=3, steps=8, step_ns=DAY_NS, fee_ppm=fee_ppm, path_at=path_at)


def test_nothing_is_lost_between_prices_and_trades_without_fees() -> None:
    (book,) = stage().books
    assert book.leaving == pytest.approx(book.arriving, rel=1e-12)
    assert book.weights == pytest.approx(np.tile([0.5, 0.2], (7, 1)), abs=1e-9)
    assert book.deposit.tolist() == pytest.approx([100.0, 0.0, 900_000.0])
    grown = (book.held[:-1] * np.diff(book.prices, axis=0)).sum(axis=1)
    assert np.diff(book.arriving) == pytest.approx(grown, rel=1e-6, abs=1e-6)


def test_sales_purchases_and_fees_explain_the_cash() -> None:
    (book,) = stage(fee_ppm=2_000).books
    assert np.diff(book.cash) == pytest.approx((book.sold - book.bought - _sale_fees(book.fees, book.bought))[1:])
    assert book.arriving - book.leaving == pytest.approx(book.fees, rel=1e-6)


def _sale_fees(fees: np.ndarray, bought: np.ndarray) -> np.ndarray:
    """What is paid when buying holds its fee already."""
    found: np.ndarray = fees - bought * 0.002 / 1.002
    return found


def test_fills_that_the_ledger_does_not_confirm_are_refused() -> None:
    found = stage()
    vault = found.world.venues["vault-0"]
    assert isinstance(vault, Vault)
    fills = Fills.of(found.world, first_ns=int(found.path.times_ns[1]), step_ns=DAY_NS)
    book = found.books[0]
    deposit = {asset: asset.floor(tokens) for asset, tokens in zip(vault.assets, book.deposit, strict=False)}
    fewer = Fills(*(getattr(fills, name)[:-1] for name in fills.__slots__))
    with pytest.raises(ValueError, match=r"vault-0 holds .* by its fills and"):
        book_of(found.world, vault, prices=book.prices, deposit=deposit, fills=fewer)
    again = book_of(found.world, vault, prices=book.prices, deposit=deposit, fills=fills)
    assert np.array_equal(again.held, book.held)
