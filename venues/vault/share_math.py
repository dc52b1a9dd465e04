"""What shares are worth: issue, redemption and fees in exact integers."""

from __future__ import annotations

from typing import Final

from shoal.sim.units import PPM, SECONDS_PER_YEAR, Asset

SHARE_DECIMALS: Final = 18
PRICE_UNIT: Final = 10**36
"""Share prices are in base units of the numeraire for one base unit of share, times this."""


def virtual_shares(numeraire: Asset) -> int:
    """Shares that nobody holds and that stand beside one virtual base unit of the numeraire.

    They make the first share cost one token, and a donation before the first deposit mostly a gift to nobody.

    Source: OpenZeppelin's ERC4626 with ``_decimalsOffset`` of 18 less the numeraire's decimals.

    >>> virtual_shares(Asset("USDC", 6))
    1000000000000
    """
    return int(10 ** max(0, SHARE_DECIMALS - numeraire.decimals))


def shares_for(value: int, *, supply: int, virtual: int, nav: int) -> int:
    """Shares for a deposit worth ``value``, rounded down; hand in ``value`` rounded down and ``nav`` rounded up.

    >>> shares_for(5, supply=0, virtual=10, nav=0), shares_for(5, supply=50, virtual=10, nav=11)
    (50, 25)
    """
    return value * (supply + virtual) // (nav + 1)


def part_down(amount: int, shares: int, *, supply: int, virtual: int) -> int:
    """The part of an amount that so many shares own, rounded down."""
    return amount * shares // (supply + virtual)


def part_up(amount: int, shares: int, *, supply: int, virtual: int) -> int:
    """The part of a debt that so many shares owe, rounded up."""
    return -(-amount * shares // (supply + virtual))


def share_price(nav: int, *, supply: int, virtual: int) -> int:
    """Base units of the numeraire for one base unit of share, times ``PRICE_UNIT``, rounded down."""
    return (nav + 1) * PRICE_UNIT // (supply + virtual)


def management_shares(supply: int, *, fee_ppm: int, elapsed_s: int) -> int:
    """New shares by which the recipient owns fee x time / year of all shares, rounded down; at most a year counts.

    With f = fee_ppm / 10**6 * elapsed_s / year: f / (1 - f) x supply.

    Source: Set's StreamingFeeModule, ``_calculateStreamingFeeInflation``.

    >>> management_shares(1_000_000, fee_ppm=20_000, elapsed_s=SECONDS_PER_YEAR)
    20408
    """
    share = fee_ppm * min(elapsed_s, SECONDS_PER_YEAR)
    return supply * share // (PPM * SECONDS_PER_YEAR - share)


def performance_shares(supply: int, *, virtual: int, nav: int, fee_ppm: int, high_water_mark: int) -> int:
    """New shares worth the fee on what the share price is above its mark, rounded down; 0 below it.

    ``nav`` rounded down; the mark is a ``share_price``.

    >>> mark = share_price(99, supply=90, virtual=10)
    >>> performance_shares(90, virtual=10, nav=199, fee_ppm=100_000, high_water_mark=mark)
    4
    """
    rise = share_price(nav, supply=supply, virtual=virtual) - high_water_mark
    if rise <= 0:
        return 0
    fee = rise * supply * fee_ppm // (PRICE_UNIT * PPM)
    return fee * (supply + virtual) // (nav + 1 - fee)
