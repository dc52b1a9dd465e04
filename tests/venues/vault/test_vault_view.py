"""What a vault's feed shows."""

from types import MappingProxyType

import pytest
from tests.venues.vault.deployed import BTC, ETH, USDC, deploy, lend, swap

from shoal.venues.vault.vault_view import VaultView


def shown(deployed: object) -> VaultView:
    item = deployed.world.feeds["vault"].read("chain").item  # type: ignore[attr-defined]
    assert isinstance(item, VaultView)
    return item


def test_the_view_names_all_there_is() -> None:
    deployed = deploy(lent=True, custody_cap_ppm=500_000)
    deployed.perform("deposit", asset=ETH, amount=ETH.amount(10))
    deployed.perform("deposit", asset=USDC, amount=USDC.amount(5_000))
    deployed.perform("send_to_custody", asset=USDC, amount=USDC.amount(1_000))
    inner = (lend("supply_collateral", ETH.amount(4)), lend("borrow", USDC.amount(2_000)), swap(USDC, 10**6))
    deployed.perform("trade", inner=inner)
    view = shown(deployed)
    assert (view.name, view.numeraire) == ("vault", USDC)
    assert view.holdings[ETH] == ETH.amount(6)
    assert view.holdings[USDC] == USDC.amount(5_999)
    assert dict(view.custody) == {USDC: USDC.amount(1_000)}
    assert dict(view.collateral) == {ETH: ETH.amount(4)}
    assert view.debt == USDC.amount(2_000)
    assert view.net(ETH) == ETH.amount(10)
    assert view.net(USDC) == USDC.amount(4_999)
    assert view.net(BTC) == view.holdings[BTC]
    assert view.supply == deployed.vault.supply
    assert view.answers[ETH][0] == 2_000 * 10**8
    assert view.answers[ETH][1] == deployed.oracles[ETH].updated_s
    assert view.nav == pytest.approx(USDC.amount(25_000), rel=1e-6)
    assert view.share_price == pytest.approx(1.0, rel=1e-6)
    assert view.guards == deployed.vault.guards


def test_the_view_is_as_of_the_last_call() -> None:
    deployed = deploy()
    deployed.perform("deposit", asset=BTC, amount=10**8)
    deployed.report(BTC, 30_000.0)
    assert shown(deployed).nav == USDC.amount(20_000)
    deployed.perform("accrue")
    assert shown(deployed).nav == USDC.amount(30_000)


def test_nothing_in_the_view_can_be_written() -> None:
    deployed = deploy()
    view = deployed.vault.published(0)
    with pytest.raises(AttributeError):
        view.debt = 5  # type: ignore[misc]
    for name in ("holdings", "custody", "collateral", "answers"):
        assert type(getattr(view, name)) is MappingProxyType


def test_an_empty_vault_is_worth_nothing_and_its_first_share_one_token() -> None:
    view = deploy().vault.published(0)
    assert (view.nav, view.share_price, view.supply, view.last_trade_s) == (0, 1.0, 0, None)
